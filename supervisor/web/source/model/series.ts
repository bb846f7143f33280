// supervisor/web/source/model/series.ts
//
// What was seen of a figure since the page was opened: the supervisor keeps no past of it.
//
// Bounds     `points_max` points a series; the oldest leave first.

export const points_max = 720;

export class Series {
  readonly times: number[] = []; // seconds since the epoch
  readonly values: number[] = [];

  add(time: number, value: number): void {
    // Two readings of one moment are one: the younger.
    if (this.times.at(-1) === time) {
      this.values[this.values.length - 1] = value;
      return;
    }
    this.times.push(time);
    this.values.push(value);
    if (this.times.length > points_max) {
      this.times.shift();
      this.values.shift();
    }
  }

  last(): number | undefined {
    return this.values.at(-1);
  }

  // Change a second over the last `span` seconds; null without two points in it.
  slope(span: number): number | null {
    const end = this.times.at(-1);
    if (end === undefined) return null;
    const from = this.times.findIndex((time) => time >= end - span);
    const [t0, v0, v1] = [this.times[from], this.values[from], this.values.at(-1)];
    if (t0 === undefined || v0 === undefined || v1 === undefined || t0 === end) return null;
    return (v1 - v0) / (end - t0);
  }

  // The same for a counter, which begins anew at 0 with each life of who counts: then what it shows is what it did since.
  increase(span: number): number | null {
    const end = this.times.at(-1);
    if (end === undefined) return null;
    const from = this.times.findIndex((time) => time >= end - span);
    const begin = this.times[from];
    if (begin === undefined || begin === end) return null;
    let sum = 0;
    for (let at = from + 1; at < this.values.length; ++at) sum += step(this.values[at - 1] ?? 0, this.values[at] ?? 0);
    return sum / (end - begin);
  }

  // A counter as a rate, from point to point.
  rates(): { times: number[]; values: number[] } {
    const times = this.times.slice(1);
    const values = times.map((time, at) => {
      const span = time - (this.times[at] ?? time);
      return span <= 0 ? 0 : step(this.values[at] ?? 0, this.values[at + 1] ?? 0) / span;
    });
    return { times, values };
  }
}

const step = (before: number, after: number) => (after < before ? after : after - before);
