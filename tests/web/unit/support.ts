// tests/web/unit/support.ts: nodes as the API gives them, with what a test does not care about filled in.
import type { Flow, Node } from "../../../supervisor/web/source/api/types";

export function node(path: string, more: Partial<Node> = {}): Node {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    path,
    name,
    type: "worker",
    depth: path.split("/").length - 1,
    state: "running",
    ready: 1,
    wanted: 1,
    pid: 1,
    age_ms: 1_000,
    restarts: 0,
    restarts_limit: 0,
    restarts_window_ms: 0,
    restart_type: "permanent",
    strategy: null,
    cools_down: false,
    next: "",
    why: "",
    status: "",
    held: false,
    verdict: "good",
    ...more,
  };
}

export const queue = (path: string, ready: number, more = {}) => ({
  path,
  readable: true,
  whole: true,
  ready,
  locked: 0,
  oldest_ms: null,
  ...more,
});

export const flow = (more: Partial<Flow>): Flow => ({
  queues: [],
  uses: [],
  brokers: [],
  counters: [],
  ...more,
});
