// supervisor/web/source/view/route.ts
//
// Which view is shown, in the address behind the #: links, the back button and bookmarks work, and the server needs to know
// one address only.
import { signal } from "@preact/signals";

export type Route = { view: "tree" } | { view: "flow" } | { view: "events" } | { view: "node"; path: string };

export function routeOf(hash: string): Route {
  const [, view, ...rest] = hash.replace(/^#/, "").split("/");
  if (view === "flow" || view === "events") return { view };
  if (view === "node" && rest.length > 0) {
    try {
      return { view, path: rest.map(decodeURIComponent).join("/") };
    } catch {
      return { view: "tree" };
    }
  }
  return { view: "tree" };
}

export function hrefOf(path: string): string {
  return `#/node/${path.split("/").map(encodeURIComponent).join("/")}`;
}

export const route = signal<Route>(routeOf(location.hash));
addEventListener("hashchange", () => (route.value = routeOf(location.hash)));
