// supervisor/web/source/view/toasts.tsx
//
// What came of a wish. Told to screen readers too; good news leaves by itself, bad news is closed by whoever read it.
import { signal } from "@preact/signals";

interface Toast {
  id: number;
  kind: "working" | "done" | "failed";
  text: string;
}

const shown = signal<readonly Toast[]>([]);
const shown_max = 4;
const done_ms = 6_000;
let next = 1;

export function toast(kind: Toast["kind"], text: string): number {
  const id = next++;
  shown.value = [...shown.value, { id, kind, text }].slice(-shown_max);
  if (kind === "done") setTimeout(() => closeToast(id), done_ms);
  return id;
}

export function closeToast(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

export function ToastHost() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map((one) => (
        <div key={one.id} class={`toast ${one.kind}`}>
          <span>{one.text}</span>
          {one.kind === "working" ? null : (
            <button type="button" class="button quiet" aria-label="Close the notice" onClick={() => closeToast(one.id)}>
              ×
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
