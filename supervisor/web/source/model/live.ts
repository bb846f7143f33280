// supervisor/web/source/model/live.ts
//
// What the page knows, kept up to date: the one place that asks for the tree, the events and the flow. Views read the signals.
//
// Requests   one stream of events, and one request for the tree at a time: when an event came, and every few seconds (the
//            larger the tree, the more of them), but never sooner than four times what the last one took. Nothing is
//            asked for a node by itself, and nothing while nobody sees the page.
// Errors     `trouble` says why there is nothing new; it is tried again, later and later. 401 asks for the token instead.
// Bounds     `events_max` events; figures as series.ts says.
import { signal } from "@preact/signals";
import { Failure, currentToken, follow, forgetToken, get } from "../api/client";
import type { StreamEvent } from "../api/event_stream";
import type { Event, Flow, Info, Node, Session } from "../api/types";
import { FlowHistory } from "./flow";
import { Series } from "./series";

export const info = signal<Info | null>(null);
export const begunAt = signal(0); // when the supervisor began, in milliseconds of Date.now()
export const nodes = signal<readonly Node[]>([]);
export const nodesAt = signal(0); // when they were so, in milliseconds of Date.now()
export const events = signal<readonly Event[]>([]); // the youngest first
export const flow = signal<Flow | null>(null);
export const flowMissing = signal(""); // why there is no flow
export const session = signal<Session>({ role: "read", write: false });
export const tokenWanted = signal<"" | "none" | "wrong">("");
export const trouble = signal("");
export const following = signal(false);
export const now = signal(Date.now()); // each second, while somebody looks

export const flowHistory = new FlowHistory();
export const restartHistory = new Map<string, Series>(); // by path; a point for each change

const events_max = 500;
const events_first = 200; // of those there are already
// Of a large tree seldom: what is news comes as an event anyway.
const tree_every_ms = (count: number) => 5_000 + 10 * count;
const tree_pause_ms = (count: number) => 200 + count;
const flow_every_ms = 5_000;
const retry_min_ms = 500;
const retry_max_ms = 15_000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function seen(): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}

function complain(error: unknown): void {
  if (!(error instanceof Failure)) throw error;
  if (error.isUnauthorised) {
    // Asked before the present token was given: it says nothing about this one.
    if (error.token !== currentToken()) return;
    if (tokenWanted.value === "") tokenWanted.value = error.token === null ? "none" : "wrong";
    forgetToken();
  } else {
    trouble.value = error.message;
  }
}

// Waits as long as there is no token to try with.
function permitted(): Promise<void> {
  if (tokenWanted.value === "") return Promise.resolve();
  return new Promise((resolve) => {
    const stop = tokenWanted.subscribe((wanted) => {
      if (wanted !== "") return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

// ---- the tree ----------------------------------------------------------------------------------------------------

let wake: (() => void) | null = null;
let stale = true;

// There may be something new: the tree is asked for as soon as its turn comes.
export function refresh(): void {
  stale = true;
  wake?.();
}

async function keepTree(): Promise<never> {
  let pause = retry_min_ms;
  for (;;) {
    await seen();
    await permitted();
    const begin = performance.now();
    try {
      stale = false;
      const answer = await get<{ nodes: Node[] }>("/v1/status");
      if (info.value === null) [info.value, session.value] = await Promise.all([get<Info>("/v1/info"), sessionOf()]);
      begunAt.value ||= Date.now() - info.value.uptime_ms;
      nodes.value = answer.nodes;
      nodesAt.value = Date.now();
      noteRestarts(answer.nodes);
      trouble.value = "";
      pause = retry_min_ms;
    } catch (error) {
      complain(error);
      await sleep(pause);
      pause = Math.min(pause * 2, retry_max_ms);
      continue;
    }
    await sleep(Math.max(tree_pause_ms(nodes.peek().length), 4 * (performance.now() - begin)));
    if (!stale) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, tree_every_ms(nodes.peek().length));
      });
      wake = null;
    }
  }
}

function noteRestarts(rows: readonly Node[]): void {
  for (const { path, restarts } of rows) {
    const series = restartHistory.get(path) ?? new Series();
    if (series.last() !== restarts) series.add(Math.floor(Date.now() / 1_000), restarts);
    restartHistory.set(path, series);
  }
}

// A listener that knows no sessions only lets read.
async function sessionOf(): Promise<Session> {
  try {
    return await get<Session>("/v1/session");
  } catch (error) {
    if (error instanceof Failure && error.status === 404) return { role: "read", write: false };
    throw error;
  }
}

// ---- events ------------------------------------------------------------------------------------------------------

let lastEvent = 0;

function take(message: StreamEvent): void {
  // We were too slow. What is in between is lost to us, and the next connection begins with what is left.
  if (message.kind === "cut_off") {
    lastEvent = Math.max(0, (JSON.parse(message.data) as { next: number }).next - 1);
    return;
  }
  const event = JSON.parse(message.data) as Event;
  lastEvent = event.id;
  fresh.push(event);
  if (fresh.length === 1) queueMicrotask(publish);
}

let fresh: Event[] = [];
function publish(): void {
  const come = fresh.splice(0).reverse();
  events.value = [...come, ...events.value].slice(0, events_max);
  refresh();
}

async function keepEvents(): Promise<never> {
  let pause = retry_min_ms;
  for (;;) {
    await seen();
    await permitted();
    const leave = new AbortController();
    const hide = () => document.hidden && leave.abort();
    document.addEventListener("visibilitychange", hide);
    const begin = performance.now();
    try {
      following.value = true;
      await follow(
        `/v1/events?follow=true&${lastEvent === 0 ? `last=${events_first}` : `after=${lastEvent}`}`,
        take,
        leave.signal,
      );
    } catch (error) {
      if (error instanceof Failure && error.isUnauthorised) complain(error);
    }
    following.value = false;
    document.removeEventListener("visibilitychange", hide);
    if (performance.now() - begin > retry_max_ms) pause = retry_min_ms;
    await sleep(pause);
    pause = Math.min(pause * 2, retry_max_ms);
  }
}

// ---- queues ------------------------------------------------------------------------------------------------------

async function keepFlow(): Promise<void> {
  for (;;) {
    await seen();
    await permitted();
    const begin = performance.now();
    try {
      const answer = await get<Flow>("/v1/flow");
      flowHistory.add(answer, nodes.peek(), Math.round(Date.now() / 1_000));
      flow.value = answer;
      flowMissing.value = "";
    } catch (error) {
      flowMissing.value = error instanceof Failure ? error.message : String(error);
      // A supervisor of another version will not learn it.
      if (error instanceof Failure && error.status === 404) return;
    }
    await sleep(Math.max(flow_every_ms, 4 * (performance.now() - begin)));
  }
}

export function keepUpToDate(): void {
  void keepTree();
  void keepEvents();
  void keepFlow();
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1_000);
}
