// supervisor/web/source/view/node.tsx
//
// One node: how it is, why, what comes next, how its lives went, what it prints and how fast it works. Asked anew when the
// tree has news of it, and every ten seconds.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Failure, get } from "../api/client";
import type { History, Node, Why } from "../api/types";
import { events, nodes, session } from "../model/live";
import { duration, plural } from "../model/words";
import { Budget, budgetInWords } from "./budget";
import { type Wish, ask } from "./dialogs";
import { EventList } from "./events";
import { ConditionIcon, conditionOf } from "./icons";
import { Logs } from "./logs";
import { NodeCharts } from "./node_charts";
import { hrefOf } from "./route";
import { EndList, Timeline } from "./timeline";
import { ageOf } from "./tree";

const every_ms = 10_000;

function Crumbs(props: { path: string }) {
  const parts = props.path.split("/");
  return (
    <nav class="crumbs" aria-label="Where it is">
      <a href="#/">Tree</a>
      {parts.slice(0, -1).map((part, place) => (
        <a key={place} href={hrefOf(parts.slice(0, place + 1).join("/"))}>
          {part}
        </a>
      ))}
    </nav>
  );
}

function wishesFor(node: Node): Wish[] {
  if (node.held) return ["release"];
  const runs = node.pid !== null || node.ready > 0 || node.wanted > 0;
  return runs ? ["restart", "hold", "stop", "signal"] : ["start"];
}

const names: Record<Wish, string> = {
  start: "Start",
  release: "Release",
  stop: "Stop",
  hold: "Hold…",
  restart: "Restart",
  signal: "Signal…",
};

function Actions(props: { node: Node }) {
  if (!session.value.write || session.value.role === "read") return null;
  return (
    <div class="actions" role="group" aria-label="Actions">
      {wishesFor(props.node).map((wish) => (
        <button key={wish} type="button" class="button" onClick={() => ask(wish, props.node)}>
          {names[wish]}
        </button>
      ))}
    </div>
  );
}

function Facts(props: { node: Node }) {
  const { node } = props;
  const age = ageOf(node);
  const facts: [string, preact.ComponentChildren][] = [];
  if (age !== null) facts.push([node.type === "worker" && node.pid !== null ? "Running for" : "So for", duration(age)]);
  if (node.pid !== null) facts.push(["Pid", node.pid]);
  if (node.type === "worker") {
    facts.push(["Restarts", node.restarts]);
  } else {
    facts.push(["Ready", `${node.ready} of ${plural(node.wanted, "worker")}`]);
    facts.push(["Strategy", node.strategy?.replaceAll("_", " ") ?? ""]);
    facts.push(["Restarts left", <Budget node={node} />]);
    facts.push(["When used up", node.cools_down ? "waits and tries again" : "gives up"]);
  }
  facts.push([
    "Restarted",
    { permanent: "always", transient: "if it fails", temporary: "never" }[node.restart_type] ?? node.restart_type,
  ]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function WhyCard(props: { why: Why }) {
  const { node, above, outlook, decisions } = props.why;
  const target = above.at(-1);
  return (
    <section class="card why" aria-labelledby="why-title">
      <h2 id="why-title">Why it is so</h2>
      {node.why === "" ? null : <p class="lead">{node.why}</p>}
      {node.next === "" ? null : <p class="lead">Next: {node.next}</p>}
      {node.status === "" ? null : <p class="says">“{node.status}”</p>}
      {target === undefined ? null : (
        <p class="faint">
          Under <a href={hrefOf(target.path)}>{target.path}</a>: {budgetInWords(target)}.
        </p>
      )}
      <h3>If it goes on failing</h3>
      <ol class="outlook">
        {outlook.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <h3>What was decided</h3>
      {decisions.length === 0 ? (
        <p class="faint">Nothing that is remembered.</p>
      ) : (
        <EventList events={decisions.slice().reverse()} paths={false} />
      )}
    </section>
  );
}

function Children(props: { node: Node }) {
  const children = nodes.value.filter(
    (node) => node.depth === props.node.depth + 1 && node.path.startsWith(`${props.node.path}/`),
  );
  if (children.length === 0) return null;
  const shown_max = 100;
  return (
    <section class="card" aria-labelledby="children-title">
      <h2 id="children-title">Below it</h2>
      <ul class="children">
        {children.slice(0, shown_max).map((node) => (
          <li key={node.path}>
            <ConditionIcon condition={conditionOf(node)} />
            <a href={hrefOf(node.path)}>{node.name}</a>
            <span class="faint">{node.held ? "held" : node.state}</span>
          </li>
        ))}
      </ul>
      {children.length > shown_max ? <p class="faint">and {children.length - shown_max} more, in the tree</p> : null}
    </section>
  );
}

export function NodeView(props: { path: string }) {
  const why = useSignal<Why | null>(null);
  const history = useSignal<History | null>(null);
  const complaint = useSignal("");
  const news = events.value.find((event) => event.path === props.path || event.about === props.path)?.id ?? 0;

  useEffect(() => {
    let over = false;
    const look = async () => {
      if (document.hidden) return;
      try {
        const query = { pattern: props.path };
        const [one, other] = await Promise.all([get<Why>("/v1/why", query), get<History>("/v1/history", query)]);
        if (over) return;
        why.value = one;
        history.value = other;
        complaint.value = "";
      } catch (error) {
        if (!over) complaint.value = error instanceof Failure ? error.message : String(error);
      }
    };
    // What comes in a burst is asked for once.
    const soon = setTimeout(look, why.value === null ? 0 : 300);
    const timer = setInterval(look, every_ms);
    return () => {
      over = true;
      clearTimeout(soon);
      clearInterval(timer);
    };
  }, [props.path, news]);

  const node = nodes.value.find((one) => one.path === props.path) ?? why.value?.node;
  if (node === undefined) {
    return (
      <>
        <Crumbs path={props.path} />
        <p class="empty">{complaint.value === "" ? "Looking for it…" : complaint.value}</p>
      </>
    );
  }
  const condition = conditionOf(node);
  return (
    <>
      <Crumbs path={props.path} />
      <div class="node-head">
        <div>
          <h1>
            <ConditionIcon condition={condition} />
            {node.name}
            <span class={`badge ${condition}`}>{node.held ? "held" : node.state}</span>
          </h1>
          <p class="faint">
            {node.type} <code>{node.path}</code>
          </p>
        </div>
        <Actions node={node} />
      </div>
      <Facts node={node} />
      {complaint.value === "" ? null : <p class="error">{complaint.value}</p>}
      <div class="node-grid">
        {why.value === null ? null : <WhyCard why={why.value} />}
        <div class="stack">
          {node.type === "worker" && history.value !== null ? (
            <section class="card" aria-labelledby="history-title">
              <h2 id="history-title">
                History <span class="faint">{plural(history.value.total, "end")} in all</span>
              </h2>
              <Timeline history={history.value} age_ms={node.pid === null ? null : ageOf(node)} />
              {history.value.ends.length === 0 ? null : (
                <details>
                  <summary>The last {plural(history.value.ends.length, "end")}</summary>
                  <EndList ends={history.value.ends} />
                </details>
              )}
            </section>
          ) : null}
          <NodeCharts node={node} />
          <Children node={node} />
        </div>
      </div>
      {why.value === null ? null : <Logs node={node} output={why.value.output} />}
    </>
  );
}
