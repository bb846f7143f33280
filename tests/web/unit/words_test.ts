import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clock,
  count,
  duration,
  ending,
  rate,
} from "../../../supervisor/web/source/model/words";

test("durations have the two largest units that say something", () => {
  const cases: [number, string][] = [
    [-5, "0 ms"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [4_250, "4.2 s"],
    [9_999, "9.9 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [61_000, "1 min 1 s"],
    [725_000, "12 min"],
    [3_600_000, "1 h"],
    [5_400_000, "1 h 30 min"],
    [90_000_000, "1 d 1 h"],
    [864_000_000, "10 d"],
  ];
  for (const [ms, words] of cases)
    assert.equal(duration(ms), words, String(ms));
});

test("large numbers are short", () => {
  assert.equal(count(0), "0");
  assert.equal(count(9_999), "9,999");
  assert.equal(count(12_345), "12.3k");
  assert.equal(count(234_567), "235k");
  assert.equal(count(7_654_321), "7.7M");
});

test("a slow rate is not shown as none", () => {
  assert.equal(rate(0), "0/s");
  assert.equal(rate(250), "250/s");
  assert.equal(rate(2.34), "2.3/s");
  assert.equal(rate(0.05), "3.0/min");
  assert.equal(rate(0.0001), "under 0.1/min");
});

test("times of another day have the day", () => {
  const now = new Date(2026, 2, 4, 5, 6, 7);
  assert.equal(clock(now, now), "05:06:07");
  assert.equal(
    clock(new Date(2026, 1, 28, 23, 0, 0), now),
    "2026-02-28 23:00:00",
  );
});

test("every cause of an end has words, also one that is not known yet", () => {
  assert.equal(ending({ cause: "failed", status: 3 }), "failed with status 3");
  assert.equal(
    ending({ cause: "signalled", signal: 9 }),
    "killed by signal KILL",
  );
  assert.equal(
    ending({ cause: "signalled", signal: 40 }),
    "killed by signal 40",
  );
  assert.equal(ending({ cause: "taken_away" }), "taken away");
});
