// supervisor/web/source/model/layout.ts
//
// Where the boxes and lines of the flow go, by dagre: layers from left to right, as things flow.
//
// Bounds     `boxes_max` boxes; more would be neither readable nor quick.
import { Graph, layout } from "@dagrejs/dagre";
import type { Picture } from "./flow";

export const boxes_max = 160;
export const placeSize = { width: 168, height: 62 };
export const moverSize = { width: 150, height: 44 };

export interface Box {
  x: number; // of its middle
  y: number;
}
export interface Line {
  key: string;
  from: string;
  to: string;
  dead: boolean;
  points: { x: number; y: number }[];
}
export interface Layout {
  width: number;
  height: number;
  places: Map<string, Box>;
  movers: Map<string, Box>;
  lines: Line[];
}

// What the layout depends on: with the same, nothing needs to move.
export function structureOf(picture: Picture): string {
  const movers = picture.movers.map(({ node, from, to, dead }) => [node.path, from, to, dead]);
  return JSON.stringify([picture.places.map((place) => place.id), movers]);
}

export function layoutOf(picture: Picture, downwards: boolean): Layout | null {
  if (picture.places.length + picture.movers.length > boxes_max) return null;
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: downwards ? "TB" : "LR",
    nodesep: 22,
    ranksep: downwards ? 30 : 44,
    marginx: 12,
    marginy: 12,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const [placeId, moverId] = [(id: string) => `place ${id}`, (path: string) => `mover ${path}`];
  for (const place of picture.places) graph.setNode(placeId(place.id), { ...placeSize });
  for (const { node, from, to, dead } of picture.movers) {
    graph.setNode(moverId(node.path), { ...moverSize });
    for (const place of from) graph.setEdge(placeId(place), moverId(node.path), {}, "takes");
    for (const place of to) graph.setEdge(moverId(node.path), placeId(place), {}, "adds");
    for (const place of dead) graph.setEdge(moverId(node.path), placeId(place), {}, "dead");
  }
  layout(graph);
  const box = (id: string): Box => {
    const { x, y } = graph.node(id) as Box;
    return { x, y };
  };
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    places: new Map(picture.places.map((place) => [place.id, box(placeId(place.id))])),
    movers: new Map(picture.movers.map((mover) => [mover.node.path, box(moverId(mover.node.path))])),
    lines: graph.edges().map((edge) => ({
      key: `${edge.v} ${edge.w} ${edge.name}`,
      from: edge.v,
      to: edge.w,
      dead: edge.name === "dead",
      points: (graph.edge(edge) as { points: { x: number; y: number }[] }).points,
    })),
  };
}

// A smooth line through the points: their middles are joined by curves with the points as handles.
export function pathOf(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  let path = `M${first.x},${first.y}`;
  for (let at = 0; at + 1 < rest.length; ++at) {
    const [handle, next] = [rest[at]!, rest[at + 1]!];
    const end = at + 2 === rest.length ? next : { x: (handle.x + next.x) / 2, y: (handle.y + next.y) / 2 };
    path += ` Q${handle.x},${handle.y} ${end.x},${end.y}`;
  }
  return rest.length === 1 ? `${path} L${last.x},${last.y}` : path;
}
