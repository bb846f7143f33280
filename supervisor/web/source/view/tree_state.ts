// supervisor/web/source/view/tree_state.ts: what stays as it was when one comes back to the tree.
import { signal } from "@preact/signals";

export const collapsed = signal<ReadonlySet<string>>(new Set());
export const filter = signal("");
export const troubled = signal(false);
export const current = signal(""); // the path of the row that has the focus
