// supervisor/web/source/model/tree.ts
//
// Which rows of the tree are seen, and where the keys of a tree lead. Nodes come as the API gives them: each followed by what is
// below it. Pure functions; a thousand nodes take well under a millisecond.
import type { Node, Verdict } from "../api/types";

export interface Row {
  node: Node;
  level: number; // 1 for the first seen, as ARIA counts
  setSize: number;
  posInSet: number;
  expandable: boolean;
  expanded: boolean;
  worst: Verdict; // of it and all below it
}

export interface Wanted {
  collapsed: ReadonlySet<string>;
  text: string; // part of a path; "" for all
  troubled: boolean; // only what is not good, and what is above it
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

const severity: Record<Verdict, number> = { good: 0, healing: 1, failed: 2 };

// The worst verdict of each node and all below it.
export function worstOf(nodes: readonly Node[]): Map<string, Verdict> {
  const worst = new Map<string, Verdict>();
  // From the last to the first: what is below a node comes before it.
  for (let at = nodes.length - 1; at >= 0; --at) {
    const node = nodes[at]!;
    const own = worst.get(node.path) ?? "good";
    const verdict = severity[node.verdict] > severity[own] ? node.verdict : own;
    worst.set(node.path, verdict);
    const above = parentOf(node.path);
    if (above !== "" && severity[verdict] > severity[worst.get(above) ?? "good"]) worst.set(above, verdict);
  }
  return worst;
}

// What matches, and everything above it. null: all do.
function matching(nodes: readonly Node[], wanted: Wanted): Set<string> | null {
  const text = wanted.text.trim().toLowerCase();
  if (text === "" && !wanted.troubled) return null;
  const kept = new Set<string>();
  for (const node of nodes) {
    if (text !== "" && !node.path.toLowerCase().includes(text)) continue;
    if (wanted.troubled && node.verdict === "good" && !node.held) continue;
    for (let path = node.path; path !== "" && !kept.has(path); path = parentOf(path)) kept.add(path);
  }
  return kept;
}

export function visibleRows(nodes: readonly Node[], wanted: Wanted): Row[] {
  const kept = matching(nodes, wanted);
  const siblings = new Map<string, Row[]>();
  const parents = new Set(nodes.map((node) => parentOf(node.path)));
  const worst = worstOf(nodes);
  const rows: Row[] = [];
  let hiddenBelow = "";
  for (const node of nodes) {
    if (hiddenBelow !== "" && node.path.startsWith(hiddenBelow)) continue;
    hiddenBelow = "";
    if (kept !== null && !kept.has(node.path)) continue;
    const expandable = parents.has(node.path);
    // Who looks for something sees where it is, whatever was closed before.
    const expanded = expandable && (kept !== null || !wanted.collapsed.has(node.path));
    const row: Row = {
      node,
      level: node.depth + 1,
      setSize: 0,
      posInSet: 0,
      expandable,
      expanded,
      worst: worst.get(node.path) ?? "good",
    };
    const group = siblings.get(parentOf(node.path)) ?? [];
    group.push(row);
    siblings.set(parentOf(node.path), group);
    rows.push(row);
    if (expandable && !expanded) hiddenBelow = `${node.path}/`;
  }
  for (const group of siblings.values()) {
    group.forEach((row, place) => {
      row.posInSet = place + 1;
      row.setSize = group.length;
    });
  }
  return rows;
}

export type Step = { to: string } | { expand: string } | { collapse: string } | { open: string } | null;

// What a key does when `current` has the focus, as in the ARIA authoring practices; null: nothing of ours.
export function stepFor(key: string, rows: readonly Row[], current: string, pageRows: number): Step {
  const at = rows.findIndex((row) => row.node.path === current);
  const row = rows[at];
  const go = (index: number): Step => {
    const target = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    return target === undefined ? null : { to: target.node.path };
  };
  switch (key) {
    case "ArrowDown":
      return go(at + 1);
    case "ArrowUp":
      return go(at - 1);
    case "Home":
      return go(0);
    case "End":
      return go(rows.length - 1);
    case "PageDown":
      return go(at + pageRows);
    case "PageUp":
      return go(at - pageRows);
    case "ArrowRight":
      if (row === undefined || !row.expandable) return null;
      return row.expanded ? go(at + 1) : { expand: row.node.path };
    case "ArrowLeft": {
      if (row === undefined) return null;
      if (row.expanded) return { collapse: row.node.path };
      const above = parentOf(row.node.path);
      return rows.some((other) => other.node.path === above) ? { to: above } : null;
    }
    case "Enter":
    case " ":
      return row === undefined ? null : { open: row.node.path };
    default:
      return null;
  }
}

// The next row, from the one after `current` on and round, whose name begins with `prefix`.
export function typeAhead(prefix: string, rows: readonly Row[], current: string): string | null {
  const at = rows.findIndex((row) => row.node.path === current);
  const begin = prefix.toLowerCase();
  for (let step = begin.length > 1 ? 0 : 1; step <= rows.length; ++step) {
    const row = rows[(Math.max(at, 0) + step) % rows.length];
    if (row?.node.name.toLowerCase().startsWith(begin)) return row.node.path;
  }
  return null;
}

// The rows to draw of a list that is scrolled: [first, end), a few more than fit.
export function window(scrollTop: number, height: number, rowHeight: number, length: number): [number, number] {
  const spare = 8;
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
  return [Math.min(first, length), Math.min(length, Math.ceil((scrollTop + height) / rowHeight) + spare)];
}

// Of all workers: how many are as they should be, and how many are not.
export function summary(nodes: readonly Node[]): { good: number; healing: number; failed: number; held: number } {
  const sum = { good: 0, healing: 0, failed: 0, held: 0 };
  for (const node of nodes) {
    if (node.type !== "worker") continue;
    if (node.held) ++sum.held;
    else ++sum[node.verdict];
  }
  return sum;
}
