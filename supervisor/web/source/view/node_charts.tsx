// supervisor/web/source/view/node_charts.tsx: restarts, queue depth and rate of one node, since the page was opened.
import type { Node } from "../api/types";
import { flow, flowHistory, now, restartHistory } from "../model/live";
import { shortNames } from "../model/flow";
import { count, rate } from "../model/words";
import { Chart, type Line } from "./chart";

const queues_max = 4; // lines in one picture

export function NodeCharts(props: { node: Node }) {
  const { path } = props.node;
  const uses = flow.value?.uses.filter((use) => use.node === path || path.startsWith(`${use.node}/`)) ?? [];
  const queues = [...new Set(uses.filter((use) => use.role !== "dead_letters").map((use) => use.queue))].slice(
    0,
    queues_max,
  );
  const names = shortNames(queues);
  const depth = queues.flatMap((queue): Line[] => {
    const series = flowHistory.depth.get(queue);
    return series === undefined ? [] : [{ name: names.get(queue) ?? queue, ...series }];
  });
  const rates = flowHistory.rates.get(path);
  const changes = restartHistory.get(path);
  // The last change holds until now.
  const at = Math.floor(now.value / 1_000);
  const restarts = changes && { times: [...changes.times, at], values: [...changes.values, changes.last() ?? 0] };
  return (
    <section class="card charts" aria-labelledby="charts-title">
      <h2 id="charts-title">
        Figures <span class="faint">since this page was opened</span>
      </h2>
      {restarts === undefined ? null : (
        <Chart
          title={props.node.type === "worker" ? "Restarts" : "Restarts within the window"}
          lines={[{ name: "restarts", ...restarts }]}
          words={count}
          steps={true}
        />
      )}
      {depth.length === 0 ? null : <Chart title="Queue depth" lines={depth} words={count} />}
      {rates === undefined ? null : <Chart title="Rate" lines={[{ name: "messages", ...rates }]} words={rate} />}
    </section>
  );
}
