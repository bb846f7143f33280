// supervisor/web/source/api/event_stream.ts
//
// Server-sent events out of pieces of text as they arrive, by the rules of the HTML standard as far as the API uses them: id,
// event, data, comments; lines end with LF, CR LF or CR.
//
// Bounds     an event of more than `bytes_max` is an error: nothing the API sends comes near it.

export interface StreamEvent {
  id: string;
  kind: string; // "message" unless the event says otherwise
  data: string;
}

const bytes_max = 1 << 20;

export class EventStreamParser {
  private rest = "";
  private id = "";
  private kind = "";
  private data: string[] = [];
  private size = 0;

  constructor(private readonly on: (event: StreamEvent) => void) {}

  push(text: string): void {
    // A CR at the very end may be half of a CR LF: it waits for what follows.
    const all = this.rest + text;
    const whole = all.endsWith("\r") ? all.slice(0, -1) : all;
    const lines = whole.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + all.slice(whole.length);
    for (const line of lines) this.take(line);
    if (this.rest.length + this.size > bytes_max) throw new Error("an event is too large");
  }

  private take(line: string): void {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.id = value;
    if (field === "event") this.kind = value;
    if (field === "data") {
      this.data.push(value);
      this.size += value.length;
    }
  }

  private dispatch(): void {
    const event = { id: this.id, kind: this.kind === "" ? "message" : this.kind, data: this.data.join("\n") };
    const any = this.data.length > 0;
    this.kind = "";
    this.data = [];
    this.size = 0;
    if (any) this.on(event);
  }
}
