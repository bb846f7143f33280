import assert from "node:assert/strict";
import { test } from "node:test";
import type { End } from "../../../supervisor/web/source/api/types";
import {
  barsOf,
  endsPerPart,
  livesOf,
  spanOf,
  ticksOf,
} from "../../../supervisor/web/source/model/timeline";

const now = Date.parse("2026-03-04T12:00:00Z");
const hour = 3_600_000;
const end = (
  ago: number,
  lived_ms: number,
  cause: End["cause"] = "failed",
): End => ({
  time: new Date(now - ago).toISOString(),
  cause,
  lived_ms,
  action: null,
});

test("lives are in order, the one that lasts is the last", () => {
  const lives = livesOf(
    [end(hour, hour), end(3 * hour, hour / 2, "asked")],
    hour / 2,
    now,
  );
  assert.deepEqual(
    lives.map((life) => [now - life.from, now - life.to]),
    [
      [3.5 * hour, 3 * hour],
      [2 * hour, hour],
      [hour / 2, 0],
    ],
  );
  assert.equal(lives.at(-1)?.end, null);
});

test("a time that is none is left out", () => {
  assert.equal(
    livesOf([{ ...end(0, 1), time: "yesterday" }], null, now).length,
    0,
  );
});

test("the line shows all there is, but no more than is asked for, and a minute at least", () => {
  const lives = livesOf([end(hour, 9 * hour)], null, now);
  assert.equal(
    now - spanOf(lives, now, Number.POSITIVE_INFINITY).from,
    10 * hour,
  );
  assert.equal(now - spanOf(lives, now, 2 * hour).from, 2 * hour);
  assert.equal(now - spanOf([], now, hour).from, 60_000);
});

test("bars stay within the line, and those before it are gone", () => {
  const span = { from: now - 4 * hour, to: now };
  const bars = barsOf(
    livesOf([end(2 * hour, 3 * hour), end(6 * hour, hour)], null, now),
    span,
  );
  assert.deepEqual(
    bars.map(({ x, width }) => [x, width]),
    [[0, 0.5]],
  );
});

test("ends are counted where they were, wished and not", () => {
  const span = { from: now - 4 * hour, to: now };
  const counts = endsPerPart(
    livesOf([end(0, 1), end(hour, 1, "asked"), end(9 * hour, 1)], 5, now),
    span,
    4,
  );
  assert.deepEqual(counts, { wished: [0, 0, 0, 1], unwished: [0, 0, 0, 1] });
});

test("there are never more ticks than asked for, give or take one, and never none in an hour", () => {
  for (const length of [60_000, hour, 7 * hour, 30 * 24 * hour]) {
    const ticks = ticksOf({ from: now - length, to: now }, 6);
    assert.ok(
      ticks.length >= 1 && ticks.length <= 7,
      `${length}: ${ticks.length}`,
    );
    assert.ok(ticks.every((tick) => tick >= now - length && tick <= now));
  }
});
