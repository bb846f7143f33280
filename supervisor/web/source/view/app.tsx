// supervisor/web/source/view/app.tsx
//
// The frame: who we are, how we are, where to go, and the view itself.
import { useEffect, useRef } from "preact/hooks";
import { summary } from "../model/tree";
import { duration } from "../model/words";
import { begunAt, following, info, nodes, now, session, tokenWanted, trouble } from "../model/live";
import { DialogHost } from "./dialogs";
import { EventsView } from "./events";
import { FlowView } from "./flow";
import { ConditionIcon, Logo } from "./icons";
import { NodeView } from "./node";
import { type Route, route } from "./route";
import { TokenView } from "./token";
import { ToastHost } from "./toasts";
import { TreeView } from "./tree";

function titleOf(where: Route): string {
  if (where.view === "node") return where.path;
  return { tree: "Tree", flow: "Flow", events: "Events" }[where.view];
}

function Tab(props: { href: string; views: string[]; name: string }) {
  const here = props.views.includes(route.value.view);
  return (
    <a href={props.href} class="tab" aria-current={here ? "page" : undefined}>
      {props.name}
    </a>
  );
}

function Connection() {
  const [kind, text] =
    trouble.value !== "" ? ["lost", "Not connected"] : following.value ? ["live", "Live"] : ["waiting", "Connecting"];
  return (
    <span class={`connection ${kind}`} role="status" title={trouble.value}>
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

function Summary() {
  const sum = summary(nodes.value);
  const parts = [
    ["failed", sum.failed, "failed"],
    ["healing", sum.healing, "recovering"],
    ["held", sum.held, "held"],
    ["good", sum.good, "well"],
  ] as const;
  return (
    <ul class="summary" aria-label="Workers">
      {parts.map(([condition, number, word]) =>
        number === 0 && condition !== "good" ? null : (
          <li key={condition}>
            <ConditionIcon condition={condition} />
            <b>{number}</b> {word}
          </li>
        ),
      )}
    </ul>
  );
}

function Header() {
  const who = info.value;
  return (
    <header class="header">
      <div class="brand">
        <Logo />
        <div>
          <div class="host">{who?.name ?? "simplevisor"}</div>
          <div class="faint">
            {who === null ? "" : `simplevisor ${who.version}, up ${duration(now.value - begunAt.value)}, ${who.phase}`}
          </div>
        </div>
      </div>
      <nav class="tabs" aria-label="Views">
        <Tab href="#/" views={["tree", "node"]} name="Tree" />
        <Tab href="#/flow" views={["flow"]} name="Flow" />
        <Tab href="#/events" views={["events"]} name="Events" />
      </nav>
      <div class="condition-bar">
        {!session.value.write && nodes.value.length > 0 ? <span class="tag">read-only</span> : null}
        <Connection />
      </div>
    </header>
  );
}

function View() {
  const where = route.value;
  if (nodes.value.length === 0)
    return <p class="empty">{trouble.value === "" ? "Asking the supervisor…" : trouble.value}</p>;
  switch (where.view) {
    case "tree":
      return <TreeView />;
    case "flow":
      return <FlowView />;
    case "events":
      return <EventsView />;
    case "node":
      return <NodeView key={where.path} path={where.path} />;
  }
}

export function App() {
  const main = useRef<HTMLElement>(null);
  const where = route.value;
  const first = useRef(true);
  const title = `${titleOf(where)} · ${info.value?.name ?? "simplevisor"}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    // Who goes elsewhere begins to read there; who comes to the page begins at its top.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [where]);
  if (tokenWanted.value !== "") return <TokenView />;
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to content
      </a>
      <Header />
      {trouble.value !== "" && nodes.value.length > 0 ? (
        <p class="banner" role="alert">
          What you see may be old: {trouble.value}.
        </p>
      ) : null}
      <main id="main" ref={main} tabIndex={-1} class={`view ${where.view}-view`}>
        {where.view === "tree" ? <Summary /> : null}
        <View />
      </main>
      <DialogHost />
      <ToastHost />
    </div>
  );
}
