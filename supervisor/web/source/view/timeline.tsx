// supervisor/web/source/view/timeline.tsx
//
// The history of a worker as a picture: its lives as bars, coloured by how they ended, on a line of time; below it how often
// it ended. For those who do not see it, the list of ends below says the same.
import { useSignal } from "@preact/signals";
import type { End, History } from "../api/types";
import { now } from "../model/live";
import { type Life, barsOf, endsPerPart, isWished, livesOf, spanOf, ticksOf } from "../model/timeline";
import { clock, duration, ending } from "../model/words";

const spans: [string, number][] = [
  ["Hour", 3_600_000],
  ["Day", 86_400_000],
  ["Week", 604_800_000],
  ["All", Number.POSITIVE_INFINITY],
];
const width = 1_000;
const parts = 60;

function toneOf(life: Life): string {
  if (life.end === null) return "living";
  return isWished(life.end.cause) ? "wished" : "unwished";
}

function tell(life: Life, today: Date): string {
  const lived = `lived ${duration(life.to - life.from)}, since ${clock(new Date(life.from), today)}`;
  return life.end === null ? `Running: ${lived}` : `${clock(new Date(life.to), today)}: ${ending(life.end)}, ${lived}`;
}

export function Timeline(props: { history: History; age_ms: number | null }) {
  const chosen = useSignal(3);
  const span_max = spans[chosen.value]?.[1] ?? Number.POSITIVE_INFINITY;
  const at = now.value;
  const lives = livesOf(props.history.ends, props.age_ms, at);
  const span = spanOf(lives, at, span_max);
  const bars = barsOf(lives, span);
  const counts = endsPerPart(lives, span, parts);
  const most = Math.max(1, ...counts.unwished.map((value, part) => value + (counts.wished[part] ?? 0)));
  const today = new Date(at);
  const label = `${bars.length} lives between ${clock(new Date(span.from), today)} and ${clock(new Date(span.to), today)}`;
  const share = (time: number) => ((time - span.from) / (span.to - span.from)) * width;
  const ticks = ticksOf(span, 6).filter((tick) => share(tick) < width * 0.96);
  const length = span.to - span.from;
  const tickWords = (tick: number) => {
    if (length > 86_400_000) return clock(new Date(tick), new Date(0)).slice(5, 16);
    return clock(new Date(tick), new Date(tick)).slice(0, length > 600_000 ? 5 : 8);
  };
  return (
    <div class="timeline">
      <div class="segments" role="group" aria-label="Time shown">
        {spans.map(([name], place) => (
          <button key={name} type="button" aria-pressed={place === chosen.value} onClick={() => (chosen.value = place)}>
            {name}
          </button>
        ))}
      </div>
      <svg viewBox={`0 0 ${width} 30`} preserveAspectRatio="none" class="lives" role="img" aria-label={label}>
        {bars.map((bar) => (
          <rect
            key={bar.life.to}
            x={bar.x * width}
            y="2"
            width={Math.max(2, bar.width * width - 1.5)}
            height="26"
            class={toneOf(bar.life)}
          >
            <title>{tell(bar.life, today)}</title>
          </rect>
        ))}
      </svg>
      <svg
        viewBox={`0 0 ${width} 40`}
        preserveAspectRatio="none"
        class="ends"
        role="img"
        aria-label={`at most ${most} ends at a time`}
      >
        {counts.unwished.map((value, part) => {
          const wished = counts.wished[part] ?? 0;
          const [x, w] = [(part * width) / parts + 1, width / parts - 2];
          return (
            <g key={part}>
              <rect x={x} y={40 - (38 * value) / most} width={w} height={(38 * value) / most} class="unwished" />
              <rect
                x={x}
                y={40 - (38 * (value + wished)) / most}
                width={w}
                height={(38 * wished) / most}
                class="wished"
              />
            </g>
          );
        })}
        <path d={`M0 39.5H${width}`} class="axis" vector-effect="non-scaling-stroke" />
      </svg>
      <div class="ticks faint" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ left: `${share(tick) / 10}%` }}>
            {tickWords(tick)}
          </span>
        ))}
      </div>
      <ul class="legend faint">
        <li class="living">running</li>
        <li class="unwished">ended by itself, badly</li>
        <li class="wished">stopped when asked, or done</li>
      </ul>
    </div>
  );
}

export function EndList(props: { ends: readonly End[] }) {
  const today = new Date(now.peek());
  return (
    <ol class="end-list">
      {props.ends.map((end, place) => (
        <li key={`${end.time} ${place}`}>
          <time dateTime={end.time}>{clock(new Date(end.time), today)}</time>
          <span class={isWished(end.cause) ? "" : "bad"}>{ending(end)}</span>
          <span class="faint">
            lived {duration(end.lived_ms)}
            {end.action === null ? "" : `, then ${end.action.replaceAll("_", " ")}`}
          </span>
        </li>
      ))}
    </ol>
  );
}
