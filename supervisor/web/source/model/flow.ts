// supervisor/web/source/model/flow.ts
//
// What moves through the tree: directory queues and brokers, the workers between them, how fast they go, and where it jams.
//
// Rates      counters of a worker's status file where it writes one; else what it says of itself in its status ("12.0/s",
//            "received 10, sent 9"). What no worker counts is not guessed.
// Jam        the queue that more is put into than is taken out of, the fastest growing one; when none grows, the one whose
//            oldest element has waited longest, if that is over `waiting_long` and nobody takes from it, or not fast enough.
import type { Flow, Node, Queue, Role } from "../api/types";
import { Series } from "./series";

const over = 60; // seconds a rate is taken over
const growing = 0.05; // elements a second: below it a queue is said to stand still
const waiting_long = 60_000;

export interface Place {
  id: string;
  kind: "queue" | "dead" | "broker";
  label: string;
  detail: string; // the whole path, or the broker's address
  queue: Queue | null;
  slope: number | null; // elements a second
  jam: string; // why it is the bottleneck; "" when it is not
}

export interface Mover {
  node: Node;
  from: string[]; // ids of places
  to: string[];
  dead: string[];
  rate: number | null; // messages a second
  slow: boolean; // it takes from the bottleneck
}

export interface Picture {
  places: Place[];
  movers: Mover[];
}

// Figures of a worker out of its own words: "running: pending 3, received 10, sent 9", "idle: ..., done 7, 12.0/s".
export function figuresIn(status: string): { rate: number | null; counters: Map<string, number> } {
  const rate = /(?:^|[\s,])(\d+(?:\.\d+)?)\/s\b/.exec(status);
  const counters = new Map<string, number>();
  for (const [, name, value] of status.matchAll(/\b([a-z][a-z ]{0,20}?) (\d{1,15})(?=,|$)/g))
    counters.set(name ?? "", Number(value));
  return { rate: rate === null ? null : Number(rate[1]), counters };
}

// Each worker's messages that went through, in the order of how well the name says so.
const throughput = ["sent", "done", "written", "posted", "received", "taken"];

export class FlowHistory {
  readonly depth = new Map<string, Series>();
  readonly rates = new Map<string, Series>(); // of those who use a queue or a broker, and of the instances of pools that do
  private readonly counters = new Map<string, Series>(); // by `node counter`

  add(flow: Flow, nodes: readonly Node[], now: number): void {
    for (const queue of flow.queues) if (queue.readable) seriesIn(this.depth, queue.path).add(now, queue.ready);
    for (const { node, name, value } of flow.counters)
      if (throughput.includes(name)) seriesIn(this.counters, `${node} ${name}`).add(now, value);
    const reporting = new Set(flow.counters.map((counter) => counter.node));
    const users = new Set([...flow.uses, ...flow.brokers].map((use) => use.node));
    const sums = new Map<string, number>();
    for (const node of nodes) {
      if (node.type !== "worker") continue;
      const pool = node.path.slice(0, node.path.lastIndexOf("/"));
      const user = users.has(node.path) ? node.path : users.has(pool) ? pool : null;
      if (user === null) continue;
      const rate = reporting.has(node.path) ? this.counted(node.path) : this.told(node, now);
      if (rate === null) continue;
      sums.set(user, (sums.get(user) ?? 0) + rate);
      if (user === pool) seriesIn(this.rates, node.path).add(now, rate);
    }
    for (const user of users) {
      // The status file of a pool is one for all its instances.
      const rate = reporting.has(user) ? this.counted(user) : (sums.get(user) ?? null);
      if (rate !== null) seriesIn(this.rates, user).add(now, rate);
    }
  }

  // Messages a second now; null: nobody knows.
  rate(path: string): number | null {
    return this.rates.get(path)?.last() ?? null;
  }

  private told(node: Node, now: number): number | null {
    const figures = figuresIn(node.status);
    const name = throughput.find((known) => figures.counters.has(known));
    if (name === undefined) return node.state === "running" ? figures.rate : null;
    seriesIn(this.counters, `${node.path} ${name}`).add(now, figures.counters.get(name) ?? 0);
    return this.counted(node.path) ?? figures.rate;
  }

  private counted(path: string): number | null {
    for (const name of throughput) {
      const rate = this.counters.get(`${path} ${name}`)?.increase(over);
      if (rate !== null && rate !== undefined) return rate;
    }
    return null;
  }
}

function seriesIn(map: Map<string, Series>, key: string): Series {
  const found = map.get(key) ?? new Series();
  map.set(key, found);
  return found;
}

// The shortest end of each path that tells it from the others.
export function shortNames(paths: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const path of paths) {
    const parts = path.split("/").filter((part) => part !== "");
    let name = path;
    for (let take = 1; take <= parts.length; ++take) {
      const end = parts.slice(-take).join("/");
      if (paths.every((other) => other === path || !`/${other}`.endsWith(`/${end}`))) {
        name = end;
        break;
      }
    }
    names.set(path, name);
  }
  return names;
}

export function pictureOf(flow: Flow, nodes: readonly Node[], history: FlowHistory): Picture {
  const places = new Map<string, Place>();
  const names = shortNames(flow.queues.map((queue) => queue.path));
  const taken = new Set(flow.uses.filter((use) => use.role === "takes").map((use) => use.queue));
  for (const queue of flow.queues) {
    const dead = flow.uses.every((use) => use.queue !== queue.path || use.role === "dead_letters");
    places.set(queue.path, {
      id: queue.path,
      kind: dead ? "dead" : "queue",
      label: names.get(queue.path) ?? queue.path,
      detail: queue.path,
      queue,
      slope: history.depth.get(queue.path)?.slope(over) ?? null,
      jam: "",
    });
  }
  const movers = new Map<string, Mover>();
  const rows = new Map(nodes.map((node) => [node.path, node]));
  const link = (path: string, place: string, role: Role) => {
    const node = rows.get(path);
    if (node === undefined || !places.has(place)) return;
    const mover = movers.get(path) ?? { node, from: [], to: [], dead: [], rate: history.rate(path), slow: false };
    mover[role === "takes" ? "from" : role === "adds" ? "to" : "dead"].push(place);
    movers.set(path, mover);
  };
  for (const use of flow.uses) link(use.node, use.queue, use.role);
  for (const end of flow.brokers) {
    const id = `${end.broker} ${end.destination}`;
    const label = end.destination === "" ? end.broker : end.destination;
    if (!places.has(id))
      places.set(id, { id, kind: "broker", label, detail: end.broker, queue: null, slope: null, jam: "" });
    link(end.node, id, end.role);
  }
  markBottleneck(places, movers, taken);
  return { places: [...places.values()], movers: [...movers.values()] };
}

function markBottleneck(places: Map<string, Place>, movers: Map<string, Mover>, taken: ReadonlySet<string>): void {
  const queues = [...places.values()].filter((place) => taken.has(place.id) && (place.queue?.ready ?? 0) > 0);
  const most = (value: (place: Place) => number) =>
    queues.reduce<Place | null>((best, place) => (best === null || value(place) > value(best) ? place : best), null);
  const fastest = most((place) => place.slope ?? 0);
  const oldest = most((place) => place.queue?.oldest_ms ?? 0);
  if (fastest !== null && (fastest.slope ?? 0) > growing) fastest.jam = "grows fastest";
  else if (oldest !== null && (oldest.queue?.oldest_ms ?? 0) > waiting_long) oldest.jam = "waits longest";
  for (const mover of movers.values()) mover.slow = mover.from.some((place) => places.get(place)?.jam !== "");
}
