import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FlowHistory,
  figuresIn,
  pictureOf,
  shortNames,
} from "../../../supervisor/web/source/model/flow";
import {
  boxes_max,
  layoutOf,
  pathOf,
  structureOf,
} from "../../../supervisor/web/source/model/layout";
import {
  Series,
  points_max,
} from "../../../supervisor/web/source/model/series";
import { flow, node, queue } from "./support";

const nodes = [
  node("root", { type: "supervisor" }),
  node("root/receive"),
  node("root/work", { type: "pool" }),
  node("root/work/1", {
    status: "working: in hand 1, done 10, failed 0, 2.0/s",
  }),
  node("root/work/2", {
    status: "working: in hand 1, done 20, failed 0, 3.0/s",
  }),
];
const uses = [
  { queue: "/s/in", node: "root/receive", role: "adds" as const },
  { queue: "/s/in", node: "root/work", role: "takes" as const },
  { queue: "/s/in.dead", node: "root/work", role: "dead_letters" as const },
];
const brokers = [
  {
    broker: "amqp://b:5672",
    destination: "/queue/orders",
    node: "root/receive",
    role: "takes" as const,
  },
];
const at = (ready: number, oldest_ms: number | null = null) =>
  flow({
    queues: [queue("/s/in", ready, { oldest_ms }), queue("/s/in.dead", 3)],
    uses,
    brokers,
  });

test("a worker's own words tell its figures", () => {
  const { rate, counters } = figuresIn(
    "working: in hand 2, done 7, failed 0, 12.5/s",
  );
  assert.equal(rate, 12.5);
  assert.deepEqual(
    [...counters],
    [
      ["in hand", 2],
      ["done", 7],
      ["failed", 0],
    ],
  );
  assert.deepEqual(figuresIn("waiting for 127.0.0.1:5672"), {
    rate: null,
    counters: new Map(),
  });
});

test("queues, brokers and workers are linked as the configuration links them", () => {
  const picture = pictureOf(at(5), nodes, new FlowHistory());
  assert.deepEqual(
    picture.places.map((place) => [place.label, place.kind]),
    [
      ["in", "queue"],
      ["in.dead", "dead"],
      ["/queue/orders", "broker"],
    ],
  );
  assert.deepEqual(
    picture.movers.map(({ node: { path }, from, to, dead }) => [
      path,
      from,
      to,
      dead,
    ]),
    [
      ["root/receive", ["amqp://b:5672 /queue/orders"], ["/s/in"], []],
      ["root/work", ["/s/in"], [], ["/s/in.dead"]],
    ],
  );
});

test("the rate of a pool is that of all its instances, by what they counted", () => {
  const history = new FlowHistory();
  history.add(at(5), nodes, 100);
  assert.equal(
    history.rate("root/work"),
    5,
    "as they say themselves, before there is a difference",
  );
  const later = nodes.map((one) =>
    one.path === "root/work/1"
      ? { ...one, status: "working: in hand 1, done 60, failed 0, 2.0/s" }
      : one,
  );
  history.add(at(5), later, 110);
  assert.equal(history.rate("root/work"), 5);
  assert.equal(history.rate("root/work/2"), 0);
});

test("a status file counts for a whole pool", () => {
  const history = new FlowHistory();
  const counted = (value: number) => ({
    ...at(5),
    counters: [{ node: "root/work", name: "sent", value }],
  });
  history.add(counted(100), nodes, 100);
  history.add(counted(400), nodes, 130);
  assert.equal(history.rate("root/work"), 10);
});

test("the queue that grows is the bottleneck, and who takes from it is slow", () => {
  const history = new FlowHistory();
  history.add(at(10), nodes, 0);
  history.add(at(70), nodes, 60);
  const picture = pictureOf(at(70), nodes, history);
  assert.deepEqual(
    picture.places.map((place) => place.jam),
    ["grows fastest", "", ""],
  );
  assert.deepEqual(
    picture.movers.map((mover) => mover.slow),
    [false, true],
  );
});

test("a queue that stands still is the bottleneck once its elements have waited long", () => {
  const history = new FlowHistory();
  assert.equal(pictureOf(at(4, 30_000), nodes, history).places[0]?.jam, "");
  assert.equal(
    pictureOf(at(4, 90_000), nodes, history).places[0]?.jam,
    "waits longest",
  );
  assert.equal(pictureOf(at(0), nodes, history).places[0]?.jam, "");
});

test("a user that is not in the tree any more is left out", () => {
  assert.deepEqual(pictureOf(at(1), [], new FlowHistory()).movers, []);
});

test("names are as short as they can be told apart", () => {
  const names = shortNames(["/srv/a/in", "/srv/b/in", "/srv/b/out"]);
  assert.deepEqual([...names.values()], ["a/in", "b/in", "out"]);
});

test("a series is bounded, and a counter that began anew is not a fall", () => {
  const series = new Series();
  for (let n = 0; n < points_max + 50; ++n) series.add(n, n);
  assert.equal(series.times.length, points_max);
  assert.equal(series.slope(60), 1);
  const counter = new Series();
  counter.add(0, 100);
  counter.add(10, 130);
  counter.add(20, 10);
  assert.equal(counter.increase(60), 2);
  assert.equal(counter.increase(5), null);
});

test("the layout has a place for everything, flows one way, and depends on the structure alone", () => {
  const history = new FlowHistory();
  const picture = pictureOf(at(5), nodes, history);
  const layout = layoutOf(picture, false);
  assert.ok(layout);
  const x = (path: string) => layout.movers.get(path)?.x ?? 0;
  assert.ok(x("root/receive") < (layout.places.get("/s/in")?.x ?? 0));
  assert.ok((layout.places.get("/s/in")?.x ?? 0) < x("root/work"));
  assert.equal(layout.lines.length, 4);
  for (const line of layout.lines)
    assert.match(pathOf(line.points), /^M[\d.]+,[\d.]+( [QL][\d., ]+)+$/);
  assert.equal(
    structureOf(picture),
    structureOf(pictureOf(at(99), nodes, history)),
  );
});

test("too many boxes are not drawn at all", () => {
  const queues = Array.from({ length: boxes_max + 1 }, (_, n) =>
    queue(`/q/${n}`, 0),
  );
  assert.equal(
    layoutOf(pictureOf(flow({ queues }), nodes, new FlowHistory()), false),
    null,
  );
});
