// supervisor/web/source/model/timeline.ts
//
// A worker's lives as bars on a line of time, and how often it ended in each part of it.
import type { Cause, End } from "../api/types";

export interface Life {
  from: number; // milliseconds since the epoch
  to: number;
  end: End | null; // null: it lives
}

// The oldest first. `age_ms` of a process that lives; null when there is none.
export function livesOf(ends: readonly End[], age_ms: number | null, now: number): Life[] {
  const lives = ends
    .map((end): Life => {
      const to = Date.parse(end.time);
      return { from: to - end.lived_ms, to, end };
    })
    .filter((life) => Number.isFinite(life.to))
    .reverse();
  if (age_ms !== null) lives.push({ from: now - age_ms, to: now, end: null });
  return lives;
}

export interface Span {
  from: number;
  to: number;
}

// What the line shows: all that is known, but at most `span_max` of it, and a minute at least.
export function spanOf(lives: readonly Life[], now: number, span_max: number): Span {
  const oldest = lives.reduce((least, life) => Math.min(least, life.from), now);
  const from = Math.min(Math.max(oldest, now - span_max), now - 60_000);
  return { from, to: now };
}

export interface Bar {
  x: number; // 0 to 1
  width: number;
  life: Life;
}

export function barsOf(lives: readonly Life[], span: Span): Bar[] {
  const length = span.to - span.from;
  return lives
    .filter((life) => life.to >= span.from && life.from <= span.to)
    .map((life) => {
      const x = Math.max(0, (life.from - span.from) / length);
      return { x, width: Math.max(0, Math.min(1, (life.to - span.from) / length) - x), life };
    });
}

// Points of time that people would choose, about `count` of them: every 10 s, 5 min, 6 h, day...
export function ticksOf(span: Span, count: number): number[] {
  const steps = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000,
  ];
  const length = (span.to - span.from) / 1_000;
  const step = (steps.find((seconds) => length / seconds <= count) ?? 2_592_000) * 1_000;
  const offset = new Date(span.to).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil((span.from - offset) / step) * step + offset; tick <= span.to; tick += step)
    ticks.push(tick);
  return ticks;
}

// How many lives ended in each of `parts` equal parts of the span, those that ended as wished apart.
export function endsPerPart(
  lives: readonly Life[],
  span: Span,
  parts: number,
): { wished: number[]; unwished: number[] } {
  const wished = new Array<number>(parts).fill(0);
  const unwished = new Array<number>(parts).fill(0);
  for (const { to, end } of lives) {
    if (end === null || to < span.from || to > span.to) continue;
    const part = Math.min(parts - 1, Math.floor(((to - span.from) / (span.to - span.from)) * parts));
    const into = isWished(end.cause) ? wished : unwished;
    into[part] = (into[part] ?? 0) + 1;
  }
  return { wished, unwished };
}

export function isWished(cause: Cause): boolean {
  return cause === "asked" || cause === "exited";
}
