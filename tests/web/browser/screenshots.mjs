// tests/web/browser/screenshots.mjs: the pictures in docs/screenshots, of showcase.toml. Run by scripts/web screenshots.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "./browser.mjs";
import { Host, eventually } from "./host.mjs";

const [, , out] = process.argv;
const here = new URL(".", import.meta.url).pathname;
const broker = process.env.BROKER ?? "amqp://127.0.0.1:17600";
const dirq = process.env.SIMPLEVISOR_DIRQ;
const feed = `#!/bin/sh
echo connected to broker-b
n=0
while :; do
  n=$((n + 1))
  printf '{"header":{"order":"%s"},"body":"order %s"}' $n $n | "${dirq}" add --quiet orders
  [ $((n % 10)) = 0 ] && echo "$n orders received"
  sleep 0.1
done
`;
const handle = `#!/bin/sh
read -r order
[ "$order" != "order 13" ] || exit 65
sleep 0.4
printf '{"header":{},"body":"done %s"}' "$order" | "$SIMPLEVISOR_DIRQ" add --quiet results
`;
const pictures = [
  ["tree-light", "#/", { colorScheme: "light" }, ".row >> nth=12"],
  ["tree-dark", "#/", { colorScheme: "dark" }, ".row >> nth=12"],
  [
    "node-light",
    "#/node/root/receivers/receive-c",
    { colorScheme: "light", viewport: { width: 1200, height: 860 } },
    ".timeline",
  ],
  [
    "node-dark",
    "#/node/root/processing/consumers",
    { colorScheme: "dark", viewport: { width: 1200, height: 860 } },
    ".charts canvas",
  ],
  ["flow-light", "#/flow", { colorScheme: "light" }, ".drawing"],
  ["flow-dark", "#/flow", { colorScheme: "dark" }, ".drawing"],
  [
    "phone-tree",
    "#/",
    { colorScheme: "light", viewport: { width: 360, height: 740 } },
    ".row >> nth=6",
  ],
  [
    "phone-node",
    "#/node/root/receivers/receive-c",
    { colorScheme: "dark", viewport: { width: 360, height: 740 } },
    ".timeline",
  ],
];

const tree = readFileSync(join(here, "showcase.toml"), "utf8")
  .replaceAll("@BROKER@", broker)
  .replaceAll("@DIRQ@", dirq);
const host = await Host.start(tree, {
  name: "orders-host",
  files: { feed, handle },
});
const browser = await Browser.start();
try {
  mkdirSync(out, { recursive: true });
  await eventually(
    "the tree is up",
    async () => (await host.node("root")).state === "running",
  );
  const hold = {
    pattern: "root/senders/archive",
    reason: "disk is replaced",
    for_ms: 7_200_000,
  };
  await host.ask("/v1/stop", { method: "POST", body: JSON.stringify(hold) });
  // One page for all, since the figures are of what it has seen itself; they need a while, and receive-c its failures.
  const { page } = await browser.open(host.url);
  await eventually(
    "it has failed six times",
    async () => (await host.node("root/receivers/receive-c")).restarts >= 6,
  );
  for (const [name, hash, { viewport, colorScheme }, fact] of pictures) {
    await page.setViewportSize(viewport ?? { width: 1200, height: 760 });
    await page.emulateMedia({ colorScheme });
    await page.goto(host.url + hash);
    await page.locator(fact).first().waitFor();
    await page.evaluate(
      () => new Promise((resolve) => setTimeout(resolve, 1_500)),
    );
    writeFileSync(join(out, `${name}.png`), await page.screenshot());
  }
} finally {
  await browser.end();
  await host.remove();
}
