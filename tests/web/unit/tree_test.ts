import assert from "node:assert/strict";
import { test } from "node:test";
import {
  stepFor,
  summary,
  typeAhead,
  visibleRows,
  window,
  worstOf,
} from "../../../supervisor/web/source/model/tree";
import { node } from "./support";

const nodes = [
  node("root", { type: "supervisor" }),
  node("root/a", { type: "supervisor" }),
  node("root/a/x"),
  node("root/a/y", { verdict: "failed" }),
  node("root/ab"),
  node("root/pool", { type: "pool" }),
  node("root/pool/1", { held: true }),
];
const all = { collapsed: new Set<string>(), text: "", troubled: false };
const paths = (more: Partial<typeof all>) =>
  visibleRows(nodes, { ...all, ...more }).map((row) => row.node.path);

test("all rows are seen, with their level and place", () => {
  const rows = visibleRows(nodes, all);
  assert.deepEqual(
    rows.map((row) => [row.level, row.posInSet, row.setSize]),
    [
      [1, 1, 1],
      [2, 1, 3],
      [3, 1, 2],
      [3, 2, 2],
      [2, 2, 3],
      [2, 3, 3],
      [3, 1, 1],
    ],
  );
  assert.deepEqual(
    rows.filter((row) => row.expandable).map((row) => row.node.path),
    ["root", "root/a", "root/pool"],
  );
});

test("what is closed hides what is below it, and nothing whose name begins alike", () => {
  assert.deepEqual(paths({ collapsed: new Set(["root/a"]) }), [
    "root",
    "root/a",
    "root/ab",
    "root/pool",
    "root/pool/1",
  ]);
});

test("who looks for something sees it with what is above it, closed or not", () => {
  assert.deepEqual(paths({ text: "A/Y", collapsed: new Set(["root"]) }), [
    "root",
    "root/a",
    "root/a/y",
  ]);
  assert.deepEqual(paths({ text: "nothing of the kind" }), []);
});

test("what needs attention is what is not good, or held", () => {
  assert.deepEqual(paths({ troubled: true }), [
    "root",
    "root/a",
    "root/a/y",
    "root/pool",
    "root/pool/1",
  ]);
});

test("the worst state is that of everything above it too", () => {
  const worst = worstOf(nodes);
  assert.equal(worst.get("root"), "failed");
  assert.equal(worst.get("root/a"), "failed");
  assert.equal(worst.get("root/pool"), "good");
});

test("keys go where a tree's keys go", () => {
  const rows = visibleRows(nodes, {
    ...all,
    collapsed: new Set(["root/pool"]),
  });
  const step = (key: string, from: string) => stepFor(key, rows, from, 2);
  assert.deepEqual(step("ArrowDown", "root"), { to: "root/a" });
  assert.deepEqual(step("ArrowDown", "root/pool"), { to: "root/pool" });
  assert.deepEqual(step("ArrowUp", "root"), { to: "root" });
  assert.deepEqual(step("Home", "root/ab"), { to: "root" });
  assert.deepEqual(step("End", "root"), { to: "root/pool" });
  assert.deepEqual(step("PageDown", "root/a"), { to: "root/a/y" });
  assert.deepEqual(step("ArrowRight", "root/pool"), { expand: "root/pool" });
  assert.deepEqual(step("ArrowRight", "root/a"), { to: "root/a/x" });
  assert.equal(step("ArrowRight", "root/ab"), null);
  assert.deepEqual(step("ArrowLeft", "root/a"), { collapse: "root/a" });
  assert.deepEqual(step("ArrowLeft", "root/a/y"), { to: "root/a" });
  assert.deepEqual(step("Enter", "root/a/y"), { open: "root/a/y" });
  assert.equal(step("Tab", "root"), null);
  assert.equal(stepFor("Enter", rows, "gone", 2), null);
});

test("letters lead to the next name that begins with them, and round", () => {
  const rows = visibleRows(nodes, all);
  assert.equal(typeAhead("a", rows, "root"), "root/a");
  assert.equal(typeAhead("a", rows, "root/a"), "root/ab");
  assert.equal(typeAhead("a", rows, "root/ab"), "root/a");
  assert.equal(typeAhead("ab", rows, "root/a"), "root/ab");
  assert.equal(typeAhead("q", rows, "root"), null);
});

test("a list of a thousand rows draws a few", () => {
  assert.deepEqual(window(0, 720, 36, 1_000), [0, 28]);
  const [first, end] = window(18_000, 720, 36, 1_000);
  assert.ok(first > 480 && end < 540 && end - first < 40);
  assert.deepEqual(window(99_999, 720, 36, 10), [10, 10]);
});

test("the summary counts workers, held ones apart", () => {
  assert.deepEqual(summary(nodes), { good: 2, healing: 0, failed: 1, held: 1 });
});
