// A thousand nodes: what is drawn, how often is asked, and how much of both.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./browser.mjs";
import { Host, eventually } from "./host.mjs";

const groups = 20;
const workers = 50;

function tree() {
  const names = Array.from({ length: groups }, (_, group) => `g${group}`);
  const list = (texts) => texts.map((text) => `"${text}"`).join(", ");
  let text = `[supervisor.root]\nchildren = [${list(names)}]\n`;
  for (const name of names) {
    const children = Array.from(
      { length: workers },
      (_, worker) => `${name}-w${worker}`,
    );
    text += `[supervisor.${name}]\nchildren = [${list(children)}]\n`;
    for (const child of children)
      text += `[worker.${child}]\ncommand = ["sleep", "1000"]\nrestart = "transient"\n`;
  }
  return text;
}

test("a thousand nodes are drawn as far as they are seen, and asked for as one", async (t) => {
  const host = await Host.start(tree());
  t.after(() => host.remove());
  const browser = await Browser.start();
  t.after(() => browser.end());
  const { page, misdeeds } = await browser.open(host.url);
  const requests = [];
  page.on("request", (request) =>
    requests.push(new URL(request.url()).pathname),
  );
  await page.locator('[id="row-root"]').waitFor();
  await page.getByText(String(groups * workers), { exact: true }).waitFor();
  assert.ok((await page.locator(".row").count()) < 60, "rows in the document");
  assert.ok(
    (await page.locator("*").count()) < 1_500,
    "elements in the document",
  );

  await page.getByRole("tree").focus();
  await page.keyboard.press("End");
  const last = `root/g${groups - 1}/g${groups - 1}-w${workers - 1}`;
  await page.locator(`[id="row-${last}"]`).waitFor();
  assert.equal(
    await page.locator(`[id="row-${last}"]`).getAttribute("aria-setsize"),
    String(workers),
  );
  assert.ok((await page.locator(".row").count()) < 60);

  await page.getByLabel("Find a node").fill("g7-w3");
  await eventually(
    "the list is short",
    async () => (await page.locator('[role="treeitem"]').count()) === 13,
  );

  // Five workers die at once: the page catches up with few requests, none of them for a node.
  await page.getByLabel("Find a node").fill("root/g3/");
  const { nodes } = await host.ask("/v1/status?pattern=root/g3");
  const victims = nodes.filter((node) => node.type === "worker").slice(0, 5);
  requests.length = 0;
  for (const { pid } of victims) process.kill(pid, "SIGKILL");
  const target = victims.at(-1);
  await eventually("the page shows what the last of them became", async () => {
    const { restarts, pid } = await host.node(target.path);
    const cells = page.locator(`[id="row-${target.path}"]`);
    return (
      restarts > 0 &&
      (await cells.locator(".pid").textContent()) === String(pid ?? "")
    );
  });
  assert.deepEqual(
    [...new Set(requests)].filter(
      (path) => !["/v1/status", "/v1/flow", "/v1/events"].includes(path),
    ),
    [],
  );
  assert.ok(requests.length < 40, `${requests.length} requests`);
  assert.deepEqual(misdeeds, []);
});
