// supervisor/web/source/api/client.ts
//
// Asks the control API, always at the address this page came from.
//
// Token      sent as a bearer token once somebody gave one. Kept in sessionStorage: gone with the tab, and not in a cookie, so
//            that no other site can make the browser send it.
// Errors     every one is a Failure: what the API said (status, code, message), or status 0 when it could not be reached.
// Bounds     an answer has `answer_ms` to arrive; wishes have `wish_ms`, since stopping a tree may take as long as its graces.
import { EventStreamParser, type StreamEvent } from "./event_stream";

const tokenKey = "simplevisor-token";
const answer_ms = 15_000;
const wish_ms = 120_000;

export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly token: string | null = null, // that was sent
  ) {
    super(message);
  }
  get isUnauthorised(): boolean {
    return this.status === 401;
  }
}

export function giveToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}
export function forgetToken(): void {
  sessionStorage.removeItem(tokenKey);
}
export function currentToken(): string | null {
  return sessionStorage.getItem(tokenKey);
}

function headers(more: Record<string, string> = {}): Headers {
  const token = currentToken();
  return new Headers(token === null ? more : { ...more, Authorization: `Bearer ${token}` });
}

function tokenIn(sent: Headers): string | null {
  return sent.get("Authorization")?.slice("Bearer ".length) ?? null;
}

async function failureOf(response: Response, sent: Headers): Promise<Failure> {
  const text = await response.text();
  let code = "http";
  let message = `${response.status} ${response.statusText}`;
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const error = (body.error ?? body) as Record<string, unknown>;
    code = String(error.code ?? code);
    message = String(error.message ?? error.detail ?? error.title ?? message);
  } catch {
    // Not from the API but from something in between: its status line has to do.
  }
  return new Failure(response.status, code, message, tokenIn(sent));
}

function unreachable(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const late = error instanceof DOMException && error.name === "TimeoutError";
  return new Failure(
    0,
    "unreachable",
    late ? "the supervisor did not answer in time" : "the supervisor cannot be reached",
  );
}

async function ask<T>(path: string, init: RequestInit & { headers: Headers }, limit_ms: number): Promise<T> {
  try {
    const response = await fetch(path, {
      ...init,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(limit_ms),
    });
    if (!response.ok) throw await failureOf(response, init.headers);
    return (await response.json()) as T;
  } catch (error) {
    throw unreachable(error);
  }
}

export function get<T>(path: string, query: Record<string, string | number> = {}): Promise<T> {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  // The API reads %20, not "+", as a space.
  const target = search === "" ? path : `${path}?${search.replaceAll("+", "%20")}`;
  return ask<T>(target, { headers: headers() }, answer_ms);
}

export function post<T>(path: string, body: object): Promise<T> {
  const init = { method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body) };
  return ask<T>(path, init, wish_ms);
}

// Server-sent events, read with fetch() because EventSource cannot send a token. Returns when the stream ends, throws a
// Failure when it cannot be had or breaks.
export async function follow(path: string, on: (event: StreamEvent) => void, signal: AbortSignal): Promise<void> {
  try {
    const init = {
      headers: headers({ Accept: "text/event-stream" }),
      cache: "no-store",
      credentials: "omit",
      signal,
    } as const;
    const response = await fetch(path, init);
    if (!response.ok || response.body === null) throw await failureOf(response, init.headers);
    const parser = new EventStreamParser(on);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.push(value);
    }
  } catch (error) {
    if (signal.aborted) return;
    throw unreachable(error);
  }
}
