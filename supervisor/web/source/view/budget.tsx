// supervisor/web/source/view/budget.tsx: how many restarts a supervisor has left within its window.
import type { Node } from "../api/types";
import { duration, plural } from "../model/words";

export function budgetInWords(node: Node): string {
  const left = Math.max(0, node.restarts_limit - node.restarts);
  return `${plural(left, "restart")} left of ${node.restarts_limit} within ${duration(node.restarts_window_ms)}`;
}

export function Budget(props: { node: Node }) {
  const { restarts, restarts_limit, type } = props.node;
  if (type === "worker") return null;
  const left = Math.max(0, restarts_limit - restarts);
  const share = restarts_limit === 0 ? 0 : left / restarts_limit;
  const level = share > 0.5 || restarts === 0 ? "plenty" : share > 0.2 ? "some" : "little";
  return (
    <span class={`budget ${level}`} title={budgetInWords(props.node)}>
      <svg viewBox="0 0 40 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <rect width="40" height="4" rx="2" class="all" />
        <rect width={40 * share} height="4" rx="2" class="left" />
      </svg>
      <span>
        {left}
        <span class="faint">/{restarts_limit}</span>
      </span>
    </span>
  );
}
