// supervisor/web/source/view/tree.tsx
//
// The tree, as an ARIA tree. The focus stays on the tree itself and `aria-activedescendant` names the current row, so that
// rows which are scrolled away can leave the document: only those that are seen are drawn.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Node } from "../api/types";
import { nodes, nodesAt, now } from "../model/live";
import { type Row, stepFor, typeAhead, visibleRows, window as windowOf } from "../model/tree";
import { duration } from "../model/words";
import { Budget, budgetInWords } from "./budget";
import { Chevron, ConditionIcon, conditionOf } from "./icons";
import { hrefOf } from "./route";
import { collapsed, current, filter, troubled } from "./tree_state";

const typeAhead_ms = 700;
const narrow = matchMedia("(max-width: 640px)");

export function ageOf(node: Node): number | null {
  return node.age_ms === null ? null : node.age_ms + Math.max(0, now.value - nodesAt.value);
}

function noteOf(node: Node): string {
  return [node.next, node.why, node.status].filter((part) => part !== "").join(" · ");
}

function labelOf(row: Row): string {
  const { node } = row;
  const ready = node.type === "worker" ? "" : `, ${node.ready} of ${node.wanted} ready, ${budgetInWords(node)}`;
  const note = noteOf(node);
  const below =
    row.worst === node.verdict
      ? ""
      : `, ${row.worst === "failed" ? "something below it failed" : "something below it recovers"}`;
  return `${node.name}, ${node.type}, ${node.held ? "held" : node.state}${below}${ready}${note === "" ? "" : `, ${note}`}`;
}

function TreeRow(props: { row: Row; top: number; onOpen: () => void }) {
  const { row } = props;
  const { node } = row;
  const age = ageOf(node);
  return (
    <div
      id={`row-${node.path}`}
      role="treeitem"
      class={`row ${node.path === current.value ? "current" : ""}`}
      style={{ transform: `translateY(${props.top}px)` }}
      aria-level={row.level}
      aria-setsize={row.setSize}
      aria-posinset={row.posInSet}
      aria-expanded={row.expandable ? row.expanded : undefined}
      aria-selected={node.path === current.value}
      aria-label={labelOf(row)}
      onClick={() => (current.value = node.path)}
      onDblClick={props.onOpen}
    >
      <span class="name" style={{ paddingInlineStart: `calc(var(--indent) * ${row.level - 1})` }}>
        <span
          class="twist"
          onClick={(event) => {
            if (!row.expandable) return;
            event.stopPropagation();
            current.value = node.path;
            toggle(node.path, !row.expanded);
          }}
        >
          {row.expandable ? <Chevron open={row.expanded} /> : null}
        </span>
        <ConditionIcon condition={conditionOf(node, row.worst)} />
        <a href={hrefOf(node.path)} tabIndex={-1} class="label">
          {node.name}
        </a>
        {node.type === "worker" ? null : <span class="kind">{node.strategy?.replaceAll("_", " ") ?? node.type}</span>}
      </span>
      <span class={`state ${conditionOf(node)}`}>{node.held ? "held" : node.state}</span>
      <span class="number ready">{node.type === "worker" ? "" : `${node.ready}/${node.wanted}`}</span>
      <span class="cell-budget">
        <Budget node={node} />
      </span>
      <span class="number restarts">{node.type === "worker" ? node.restarts : ""}</span>
      <span class="number pid">{node.pid ?? ""}</span>
      <span class="number age">{age === null ? "" : duration(age)}</span>
      <span class="note" title={noteOf(node)}>
        {noteOf(node)}
      </span>
    </div>
  );
}

function toggle(path: string, open: boolean): void {
  const next = new Set(collapsed.value);
  if (open) next.delete(path);
  else next.add(path);
  collapsed.value = next;
}

function Filter() {
  return (
    <div class="toolbar" role="search">
      <input
        type="search"
        class="search"
        placeholder="Find a node"
        aria-label="Find a node"
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={troubled.value}
          onChange={(event) => (troubled.value = event.currentTarget.checked)}
        />
        Only what needs attention
      </label>
    </div>
  );
}

export function TreeView() {
  const list = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ top: 0, height: 600 });
  const rowHeight = useSignal(narrow.matches ? 58 : 36);
  const typed = useRef({ text: "", at: 0 });
  const rows = useComputed(() =>
    visibleRows(nodes.value, { collapsed: collapsed.value, text: filter.value, troubled: troubled.value }),
  );

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = () => {
      rowHeight.value = narrow.matches ? 58 : 36;
      scroll.value = { top: element.scrollTop, height: element.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    narrow.addEventListener("change", measure);
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
      narrow.removeEventListener("change", measure);
    };
  }, []);

  // A row that is no longer there hands the focus to the first.
  useEffect(() => {
    if (!rows.value.some((row) => row.node.path === current.value)) current.value = rows.value[0]?.node.path ?? "";
  }, [rows.value]);

  const reveal = (path: string) => {
    const element = list.current;
    const at = rows.value.findIndex((row) => row.node.path === path);
    if (element === null || at < 0) return;
    const top = at * rowHeight.value;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight.value > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight.value - element.clientHeight;
    scroll.value = { top: element.scrollTop, height: element.clientHeight };
  };
  useLayoutEffect(() => reveal(current.value), []);

  const move = (path: string) => {
    current.value = path;
    reveal(path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(scroll.value.height / rowHeight.value) - 1);
    const step = stepFor(event.key, rows.value, current.value, page);
    if (step !== null) {
      if ("to" in step) move(step.to);
      else if ("expand" in step) toggle(step.expand, true);
      else if ("collapse" in step) toggle(step.collapse, false);
      else location.hash = hrefOf(step.open);
    } else if (event.key.length === 1) {
      const fresh = event.timeStamp - typed.current.at > typeAhead_ms;
      typed.current = { text: fresh ? event.key : typed.current.text + event.key, at: event.timeStamp };
      const found = typeAhead(typed.current.text, rows.value, current.value);
      if (found === null) return;
      move(found);
    } else {
      return;
    }
    event.preventDefault();
  };

  const [first, end] = windowOf(scroll.value.top, scroll.value.height, rowHeight.value, rows.value.length);
  const shown = rows.value.slice(first, end);
  const active = shown.some((row) => row.node.path === current.value) ? `row-${current.value}` : undefined;
  return (
    <>
      <h1 class="sr-only">Tree</h1>
      <Filter />
      <div class="tree-table card">
        <div class="row head" aria-hidden="true">
          <span class="name">Node</span>
          <span>State</span>
          <span class="number">Ready</span>
          <span>Restarts left</span>
          <span class="number">Restarts</span>
          <span class="number">Pid</span>
          <span class="number">For</span>
          <span>What it says</span>
        </div>
        <div
          ref={list}
          class="rows"
          role="tree"
          aria-label="Nodes"
          tabIndex={0}
          aria-activedescendant={active}
          onKeyDown={onKeyDown}
        >
          <div role="none" style={{ height: `${rows.value.length * rowHeight.value}px` }}>
            {shown.map((row, place) => (
              <TreeRow
                key={row.node.path}
                row={row}
                top={(first + place) * rowHeight.value}
                onOpen={() => (location.hash = hrefOf(row.node.path))}
              />
            ))}
          </div>
        </div>
        {rows.value.length === 0 ? (
          <p class="empty">{filter.value === "" ? "Everything is well." : "No node has this in its path."}</p>
        ) : null}
      </div>
    </>
  );
}
