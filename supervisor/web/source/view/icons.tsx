// supervisor/web/source/view/icons.tsx
//
// States as shapes as well as colours, so that nobody needs to tell red from green. Decoration: the words stand beside them.
import type { ComponentChildren } from "preact";
import type { Node, Verdict } from "../api/types";

export type Condition = "good" | "healing" | "failed" | "held" | "off";

// `verdict`: of the node, or the worst of all below it.
export function conditionOf(node: Node, verdict: Verdict = node.verdict): Condition {
  if (node.held) return "held";
  if (verdict !== "good") return verdict;
  return node.wanted === 0 && node.ready === 0 ? "off" : "good";
}

function Svg(props: { class?: string; children: ComponentChildren }) {
  return (
    <svg class={`icon ${props.class ?? ""}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {props.children}
    </svg>
  );
}

export function ConditionIcon(props: { condition: Condition }) {
  const shape = {
    good: (
      <>
        <circle cx="8" cy="8" r="6.5" class="fill" />
        <path d="M5.2 8.2l2 2 3.6-4" class="mark" />
      </>
    ),
    healing: (
      <>
        <circle cx="8" cy="8" r="5.5" class="ring" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" class="fill" />
      </>
    ),
    failed: (
      <>
        <path d="M8 1.2l7 13H1z" class="fill" />
        <path d="M8 6v4M8 12v.2" class="mark" />
      </>
    ),
    held: (
      <>
        <rect x="1.5" y="1.5" width="13" height="13" rx="3" class="fill" />
        <path d="M6.2 5v6M9.8 5v6" class="mark" />
      </>
    ),
    off: <circle cx="8" cy="8" r="5.5" class="ring" />,
  }[props.condition];
  return <Svg class={`condition ${props.condition}`}>{shape}</Svg>;
}

export function Chevron(props: { open: boolean }) {
  return (
    <Svg class={props.open ? "chevron open" : "chevron"}>
      <path d="M6 4l4 4-4 4" class="line" />
    </Svg>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" class="ground" />
      <path d="M16 10v10M8 21v-3a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3v3" class="lines" />
      <circle cx="16" cy="8" r="3" />
      <circle cx="8" cy="23.5" r="3" />
      <circle cx="16" cy="23.5" r="3" class="other" />
      <circle cx="24" cy="23.5" r="3" />
    </svg>
  );
}
