import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EventStreamParser,
  type StreamEvent,
} from "../../../supervisor/web/source/api/event_stream";

function parse(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const parser = new EventStreamParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const stream =
  ':\n\nid: 7\ndata: {"a":1}\n\nevent: cut_off\ndata: one\ndata: two\n\n';
const expected = [
  { id: "7", kind: "message", data: '{"a":1}' },
  { id: "7", kind: "cut_off", data: "one\ntwo" },
];

test("events arrive whole, wherever the stream is cut", () => {
  for (let at = 0; at <= stream.length; ++at)
    assert.deepEqual(parse(stream.slice(0, at), stream.slice(at)), expected);
  assert.deepEqual(parse(...stream), expected);
});

test("lines end with CR LF or CR as well, also when the two come apart", () => {
  assert.deepEqual(parse(stream.replaceAll("\n", "\r\n")), expected);
  assert.deepEqual(parse(...stream.replaceAll("\n", "\r\n")), expected);
});

test("comments and events without data are nothing", () => {
  assert.deepEqual(parse(": beat\n\n", "id: 3\n\n", "event: x\n\n"), []);
});

test("what never ends is an error, not memory", () => {
  const parser = new EventStreamParser(() => undefined);
  assert.throws(() => {
    for (let n = 0; n < 100; ++n) parser.push(`data: ${"x".repeat(20_000)}\n`);
  });
});
