// supervisor/web/source/view/events.tsx: what happened, the youngest first.
import { useComputed } from "@preact/signals";
import type { Event } from "../api/types";
import { events, now } from "../model/live";
import { clock, duration, ending } from "../model/words";
import { hrefOf } from "./route";

const bad = new Set(["unhealthy", "start_failed", "gave_up", "killed", "supervisor_start_failed", "cooling_down"]);
const healing = new Set(["restarting", "retrying"]);
const shown_max = 200;

function toneOf(event: Event): string {
  if (bad.has(event.kind)) return "failed";
  if (event.kind === "ended") return event.cause === "asked" || event.cause === "exited" ? "off" : "failed";
  if (healing.has(event.kind)) return "healing";
  return event.kind === "ready" ? "good" : "off";
}

// `known`: rules that were told in full already, of which only the name is said again.
function wordsOf(event: Event, known: Set<string>): string {
  const parts = [event.text ?? ""];
  if (event.kind === "ended" && event.cause !== undefined) {
    if (event.text === undefined) parts.push(ending({ ...event, cause: event.cause }));
    if (event.lived_ms !== undefined) parts.push(`lived ${duration(event.lived_ms)}`);
  }
  if (event.by !== undefined) parts.push(`by ${event.by}`);
  if (event.rule !== undefined) {
    parts.push(known.has(event.rule) ? (event.rule.split(":")[0] ?? "") : event.rule);
    known.add(event.rule);
  }
  return parts.filter((part) => part !== "").join(", ");
}

export function EventList(props: { events: readonly Event[]; paths: boolean }) {
  const today = new Date(now.peek());
  const known = new Set<string>();
  return (
    <ol class="events">
      {props.events.map((event) => (
        <li key={event.id}>
          <time dateTime={event.time} title={event.time}>
            {clock(new Date(event.time), today)}
          </time>
          <span class={`kind-of-event ${toneOf(event)}`}>{event.kind.replaceAll("_", " ")}</span>
          {props.paths ? (
            event.path === undefined ? (
              <span />
            ) : (
              <a href={hrefOf(event.about ?? event.path)}>{event.about ?? event.path}</a>
            )
          ) : null}
          <span class="faint">{wordsOf(event, known)}</span>
        </li>
      ))}
    </ol>
  );
}

export function EventsView() {
  const shown = useComputed(() => events.value.slice(0, shown_max));
  return (
    <>
      <h1>Events</h1>
      <section class="card" aria-label="Events">
        {shown.value.length === 0 ? (
          <p class="empty">Nothing has happened yet.</p>
        ) : (
          <EventList events={shown.value} paths={true} />
        )}
      </section>
    </>
  );
}
