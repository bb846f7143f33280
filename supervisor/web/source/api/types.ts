// supervisor/web/source/api/types.ts
//
// The objects of the control API as far as the page uses them; docs/api/openapi.json says what they mean.

export type NodeType = "supervisor" | "pool" | "worker";
export type Verdict = "good" | "healing" | "failed";
export type Cause = "exited" | "failed" | "signalled" | "asked" | "unhealthy" | "not_started";

export interface Info {
  name: string;
  version: string;
  state_dir: string;
  pid: number;
  uptime_ms: number;
  phase: "starting" | "running" | "stopping";
}

export interface Node {
  path: string;
  name: string;
  type: NodeType;
  depth: number;
  state: string;
  ready: number;
  wanted: number;
  pid: number | null;
  age_ms: number | null;
  restarts: number;
  restarts_limit: number;
  restarts_window_ms: number;
  restart_type: string;
  strategy: string | null;
  cools_down: boolean;
  next: string;
  why: string;
  status: string;
  held: boolean;
  verdict: Verdict;
}

export interface End {
  time: string;
  cause: Cause;
  status?: number;
  signal?: number;
  lived_ms: number;
  action: string | null;
}

export interface History {
  path: string;
  total: number;
  ends: End[];
}

export interface Event {
  id: number;
  time: string;
  kind: string;
  path?: string;
  about?: string;
  pid?: number;
  life?: number;
  cause?: Cause;
  status?: number;
  signal?: number;
  lived_ms?: number;
  text?: string;
  by?: string;
  rule?: string;
}

export interface Why {
  node: Node;
  above: Node[];
  ends: End[];
  decisions: Event[];
  output: string[];
  outlook: string[];
}

export interface Queue {
  path: string;
  readable: boolean;
  whole: boolean;
  ready: number;
  locked: number;
  oldest_ms: number | null;
}

export type Role = "takes" | "adds" | "dead_letters";

export interface Flow {
  queues: Queue[];
  uses: { queue: string; node: string; role: Role }[];
  brokers: { broker: string; destination: string; node: string; role: Role }[];
  counters: { node: string; name: string; value: number }[];
}

export interface LogLine {
  path: string;
  text: string;
}

export interface Session {
  role: "read" | "operate" | "admin";
  write: boolean;
}

export interface Answer {
  outcome: "done" | "accepted";
  message: string;
  paths: string[];
}
