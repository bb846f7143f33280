// supervisor/web/source/model/words.ts
//
// Figures as people read them. Pure functions.

const units: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

// "3 d 4 h", "12 min", "4.2 s", "80 ms": the two largest units, the second only where it says something.
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1).replace(/\.0$/, "")} s`;
  const first = units.findIndex(([, size]) => ms >= size);
  const [name, size] = units[first] ?? ["s", 1_000];
  const whole = Math.floor(ms / size);
  const second = units[first + 1];
  const rest = second === undefined || whole >= 10 ? 0 : Math.floor((ms % size) / second[1]);
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${second?.[0]}`;
}

// 1,234 as it is; 12,300 and above as 12.3k; millions as M.
export function count(value: number): string {
  if (Math.abs(value) < 10_000) return Math.round(value).toLocaleString("en");
  const [scaled, unit] = Math.abs(value) < 1_000_000 ? [value / 1_000, "k"] : [value / 1_000_000, "M"];
  return `${Math.abs(scaled) < 100 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
}

// "12/s", "0.5/s", "3/min": never a rate that rounds to nothing.
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  const size = Math.abs(perSecond);
  if (size >= 10) return `${count(perSecond)}/s`;
  if (size >= 0.1) return `${perSecond.toFixed(1)}/s`;
  return size * 60 >= 0.1 ? `${(perSecond * 60).toFixed(1)}/min` : "under 0.1/min";
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

// Of today: the time; of another day: the day as well. In the reader's own time zone.
export function clock(time: Date, now: Date = new Date()): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  if (time.toDateString() === now.toDateString()) return hours;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${hours}`;
}

const signals: Record<number, string> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  4: "ILL",
  6: "ABRT",
  7: "BUS",
  8: "FPE",
  9: "KILL",
  10: "USR1",
  11: "SEGV",
  12: "USR2",
  13: "PIPE",
  14: "ALRM",
  15: "TERM",
  24: "XCPU",
  25: "XFSZ",
  31: "SYS",
};

// How a life ended, in a few words.
export function ending(end: { cause: string; status?: number; signal?: number }): string {
  const how =
    end.signal !== undefined
      ? `signal ${signals[end.signal] ?? end.signal}`
      : end.status !== undefined
        ? `status ${end.status}`
        : "";
  switch (end.cause) {
    case "exited":
      return "ended by itself";
    case "failed":
      return `failed with ${how}`;
    case "signalled":
      return `killed by ${how}`;
    case "asked":
      return "stopped when asked";
    case "unhealthy":
      return "killed as unhealthy";
    case "not_started":
      return "could not be started";
    default:
      return end.cause.replaceAll("_", " ");
  }
}
