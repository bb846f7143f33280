// supervisor/web/source/view/dialogs.tsx
//
// Asks before anything is done: what it will be done to, and for a hold why and how long. A modal <dialog>: the browser keeps
// the focus in it, closes it with Escape, and gives the focus back.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Failure, post } from "../api/client";
import type { Answer, Node } from "../api/types";
import { nodes, refresh } from "../model/live";
import { plural } from "../model/words";
import { closeToast, toast } from "./toasts";

export type Wish = "start" | "release" | "stop" | "hold" | "restart" | "signal";

const asked = signal<{ wish: Wish; node: Node } | null>(null);

export function ask(wish: Wish, node: Node): void {
  asked.value = { wish, node };
}

const words: Record<Wish, { verb: string; doing: string; done: string; means: string }> = {
  start: {
    verb: "Start",
    doing: "Starting",
    done: "Started",
    means: "It is started, with everything below it that should run.",
  },
  release: { verb: "Release", doing: "Releasing", done: "Released", means: "The hold ends and it is started." },
  stop: {
    verb: "Stop",
    doing: "Stopping",
    done: "Stopped",
    means: "It is stopped in order and stays so until somebody starts it.",
  },
  hold: {
    verb: "Hold",
    doing: "Holding",
    done: "Held",
    means: "It is stopped in order and stays so until the time is over or somebody releases it.",
  },
  restart: {
    verb: "Restart",
    doing: "Restarting",
    done: "Restarted",
    means: "It is stopped in order and started again. This does not use up its budget.",
  },
  signal: {
    verb: "Send a signal to",
    doing: "Sending a signal to",
    done: "Sent the signal to",
    means: "Every process below it gets the signal. What it makes of it is its own affair.",
  },
};

const holdTimes: [string, number][] = [
  ["until it is released", 0],
  ["for 10 minutes", 600_000],
  ["for an hour", 3_600_000],
  ["for 2 hours", 7_200_000],
  ["for 8 hours", 28_800_000],
  ["for a day", 86_400_000],
];
const signals = ["HUP", "USR1", "USR2", "TERM", "INT", "QUIT", "STOP", "CONT", "KILL"];

async function carryOut(wish: Wish, node: Node, form: FormData): Promise<void> {
  const { doing, done } = words[wish];
  const order: Record<string, string | number> = { pattern: node.path };
  const reason = String(form.get("reason") ?? "").trim();
  const for_ms = Number(form.get("for_ms") ?? 0);
  if (wish === "hold" && reason !== "") order.reason = reason;
  if (wish === "hold" && for_ms > 0) order.for_ms = for_ms;
  if (wish === "signal") order.signal = String(form.get("signal"));
  const route = { start: "start", release: "start", stop: "stop", hold: "stop", restart: "restart", signal: "signal" }[
    wish
  ];
  const working = toast("working", `${doing} ${node.path}…`);
  try {
    const answer = await post<Answer>(`/v1/${route}`, order);
    toast("done", answer.message === "" ? `${done} ${node.path}.` : answer.message);
  } catch (error) {
    toast("failed", `${node.path}: ${error instanceof Failure ? error.message : String(error)}`);
  }
  closeToast(working);
  refresh();
}

function below(node: Node): string {
  if (node.type === "worker") return "";
  const workers = nodes.value.filter(
    (other) => other.type === "worker" && other.path.startsWith(`${node.path}/`),
  ).length;
  return workers === 0 ? "" : ` and ${plural(workers, "worker")} below it`;
}

function Fields(props: { wish: Wish }) {
  if (props.wish === "signal") {
    return (
      <label class="field">
        Signal
        <select name="signal">
          {signals.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    );
  }
  if (props.wish !== "hold") return null;
  return (
    <>
      <label class="field">
        Reason
        <input name="reason" maxLength={200} placeholder="shown to everybody who looks at it" autocomplete="off" />
      </label>
      <label class="field">
        How long
        <select name="for_ms">
          {holdTimes.map(([name, ms]) => (
            <option key={ms} value={ms}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

export function DialogHost() {
  const dialog = useRef<HTMLDialogElement>(null);
  const what = asked.value;
  useEffect(() => {
    if (what !== null) dialog.current?.showModal();
  }, [what]);
  if (what === null) return null;
  const { wish, node } = what;
  const { verb, means } = words[wish];
  const dangerous = wish === "stop" || wish === "hold" || wish === "restart" || wish === "signal";
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void carryOut(wish, node, new FormData(event.currentTarget as HTMLFormElement));
    dialog.current?.close();
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="dialog-title"
      aria-describedby="dialog-text"
      onClose={() => (asked.value = null)}
    >
      <form method="dialog" onSubmit={submit}>
        <h2 id="dialog-title">
          {verb} {node.name}?
        </h2>
        <p id="dialog-text">
          <code>{node.path}</code>
          {below(node)}. {means}
        </p>
        <Fields wish={wish} />
        <div class="buttons">
          <button type="button" class="button" autofocus onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={`button primary ${dangerous ? "careful" : ""}`}>
            {wish === "signal" ? "Send" : verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
