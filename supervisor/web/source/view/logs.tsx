// supervisor/web/source/view/logs.tsx
//
// The last lines that a node and those below it printed, and those that come: one stream, only while somebody looks. A
// supervisor that serves no logs still has the few lines that `why` brings.
//
// Bounds     `lines_max` lines are kept; what comes in one moment is drawn at once.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Failure, follow } from "../api/client";
import type { LogLine, Node } from "../api/types";

const lines_max = 500;
const lines_of_worker = 200;
const lines_of_each = 20; // of the workers below a supervisor
const retry_ms = 3_000;

// Calls `on` with all lines there are, until `signal` says enough. false: there is nothing to follow here.
async function read(
  node: Node,
  on: (lines: readonly LogLine[], note: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  let lines: LogLine[] = [];
  let note = "";
  let waiting = false;
  const publish = () => {
    waiting = false;
    if (!signal.aborted) on(lines, note);
  };
  const take = (kind: string, data: string) => {
    if (kind === "message") lines = [...lines.slice(1 - lines_max), JSON.parse(data) as LogLine];
    if (kind === "note") note = (JSON.parse(data) as { text: string }).text;
    if (!waiting) requestAnimationFrame(publish);
    waiting = true;
  };
  const query = new URLSearchParams({
    pattern: node.path,
    lines: String(node.type === "worker" ? lines_of_worker : lines_of_each),
    follow: "true",
  });
  try {
    await follow(`/v1/logs?${query}`, (event) => take(event.kind, event.data), signal);
  } catch (error) {
    if (error instanceof Failure && error.status === 404) return false;
    on(lines, error instanceof Failure ? error.message : String(error));
  }
  return true;
}

export function Logs(props: { node: Node; output: readonly string[] }) {
  const { path } = props.node;
  const lines = useSignal<readonly LogLine[] | null>(null);
  const note = useSignal("");
  const follows = useSignal(true);
  const hidden = useSignal(document.hidden);
  const box = useRef<HTMLPreElement>(null);

  useEffect(() => {
    const look = () => (hidden.value = document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  useEffect(() => {
    if (!follows.value || hidden.value) return;
    const leave = new AbortController();
    void (async () => {
      const show = (all: readonly LogLine[], text: string) => {
        lines.value = all;
        note.value = text;
      };
      while (!leave.signal.aborted && (await read(props.node, show, leave.signal)))
        await new Promise((resolve) => setTimeout(resolve, retry_ms));
    })();
    return () => leave.abort();
  }, [path, follows.value, hidden.value]);

  const shown = lines.value ?? props.output.map((text): LogLine => ({ path, text }));
  useLayoutEffect(() => {
    if (follows.value && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);

  return (
    <section class="card logs" aria-labelledby="logs-title">
      <div class="card-head">
        <h2 id="logs-title">Output</h2>
        {lines.value === null ? null : (
          <label class="check">
            <input
              type="checkbox"
              checked={follows.value}
              onChange={(event) => (follows.value = event.currentTarget.checked)}
            />
            Follow
          </label>
        )}
      </div>
      {note.value === "" ? null : <p class="faint">{note.value}</p>}
      {shown.length === 0 ? (
        <p class="empty">It has printed nothing.</p>
      ) : (
        <pre ref={box} tabIndex={0} aria-label="Last lines of output">
          {shown.map((line, place) => (
            <span key={place} class="line">
              {line.path === path ? null : <span class="faint">{line.path.slice(path.length + 1)} </span>}
              {line.text}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </section>
  );
}
