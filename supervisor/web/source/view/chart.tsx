// supervisor/web/source/view/chart.tsx
//
// A line over time, drawn by uPlot; colours come from the style sheet, light or dark. Of what was seen since the page was opened.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { now } from "../model/live";
import { clock } from "../model/words";

export interface Line {
  name: string;
  times: readonly number[];
  values: readonly number[];
}

const chartHeight = 130;
const whole = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
  10_000_000,
];
const fine = [0.1, 0.2, 0.5, ...whole];
const dark = matchMedia("(prefers-color-scheme: dark)");

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// One axis of time for all; null where a line has nothing to say.
function aligned(lines: readonly Line[]): uPlot.AlignedData {
  const times = [...new Set(lines.flatMap((line) => [...line.times]))].sort((a, b) => a - b);
  const columns = lines.map((line) => {
    const known = new Map(line.times.map((time, at) => [time, line.values[at] ?? null]));
    return times.map((time) => known.get(time) ?? null);
  });
  return [times, ...columns] as uPlot.AlignedData;
}

function options(
  lines: readonly Line[],
  width: number,
  words: (value: number) => string,
  steps: boolean,
): uPlot.Options {
  const axis = {
    stroke: colour("--ink-faint"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px Inter Variable, system-ui, sans-serif",
  };
  return {
    width,
    height: chartHeight,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      {
        ...axis,
        space: 80,
        size: 28,
        values: (_, ticks) => ticks.map((tick) => clock(new Date(tick * 1_000), new Date(tick * 1_000))),
      },
      { ...axis, size: 52, incrs: steps ? whole : fine, values: (_, ticks) => ticks.map((tick) => words(tick)) },
    ],
    series: [
      {},
      ...lines.map((line, place) => ({
        label: line.name,
        stroke: colour(`--series-${(place % 4) + 1}`),
        width: 2,
        points: { show: line.times.length < 3 },
        spanGaps: true,
        ...(steps && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      })),
    ],
  };
}

export function Chart(props: {
  title: string;
  lines: readonly Line[];
  words: (value: number) => string;
  steps?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const names = props.lines.map((line) => line.name).join("\n");
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        options(props.lines, Math.max(200, element.clientWidth), props.words, props.steps === true),
        aligned(props.lines),
        element,
      );
    };
    draw();
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: Math.max(200, element.clientWidth), height: chartHeight }),
    );
    observer.observe(element);
    dark.addEventListener("change", draw);
    return () => {
      observer.disconnect();
      dark.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names]);
  useEffect(() => plot.current?.setData(aligned(props.lines)), [now.value]);
  const last = props.lines.map(
    (line) => `${line.name} ${line.values.length === 0 ? "unknown" : props.words(line.values.at(-1) ?? 0)}`,
  );
  return (
    <figure class="chart">
      <figcaption>
        <b>{props.title}</b>
        <span class="keys">
          {last.map((text, at) => (
            <span key={text} class={`key series-${(at % 4) + 1}`}>
              {text}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${props.title}: ${last.join(", ")}`} />
    </figure>
  );
}
