// supervisor/web/source/view/logs.tsx
//
// The last lines that a node and those below it printed, as they come. One request at a time, only while somebody looks; with
// nothing to ask (a supervisor that does not serve its logs), the few lines that `why` has.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Failure, get } from "../api/client";
import type { LogLine } from "../api/types";

const lines_max = 200;
const every_ms = 2_000;

export function Logs(props: { path: string; output: readonly string[] }) {
  const lines = useSignal<LogLine[] | null>(null);
  const complaint = useSignal("");
  const follows = useSignal(true);
  const box = useRef<HTMLPreElement>(null);

  useEffect(() => {
    let over = false;
    let timer = 0;
    const look = async () => {
      if (!document.hidden && (follows.value || lines.value === null)) {
        try {
          lines.value = (await get<{ lines: LogLine[] }>("/v1/logs", { node: props.path, lines: lines_max })).lines;
          complaint.value = "";
        } catch (error) {
          if (error instanceof Failure && error.status === 404) return;
          complaint.value = error instanceof Failure ? error.message : String(error);
        }
      }
      if (!over) timer = window.setTimeout(look, every_ms);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [props.path]);

  const shown = lines.value ?? props.output.map((text): LogLine => ({ node: props.path, text }));
  useLayoutEffect(() => {
    if (follows.value && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);

  const prefixed = shown.some((line) => line.node !== props.path);
  return (
    <section class="card logs" aria-labelledby="logs-title">
      <div class="card-head">
        <h2 id="logs-title">Output</h2>
        {lines.value === null ? null : (
          <label class="check">
            <input type="checkbox" checked={follows.value} onChange={(event) => (follows.value = event.currentTarget.checked)} />
            Follow
          </label>
        )}
      </div>
      {complaint.value === "" ? null : <p class="error">{complaint.value}</p>}
      {shown.length === 0 ? (
        <p class="empty">It has printed nothing.</p>
      ) : (
        <pre ref={box} tabIndex={0} aria-label="Last lines of output">
          {shown.map((line, place) => (
            <span key={place} class="line">
              {prefixed ? <span class="faint">{line.node.slice(props.path.length + 1)} </span> : null}
              {line.text}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </section>
  );
}
