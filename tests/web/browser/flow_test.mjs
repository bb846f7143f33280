// The flow: a queue that nobody works off is the bottleneck, and is none any more when it is empty.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Browser } from "./browser.mjs";
import { Host, eventually } from "./host.mjs";

const tree = `
[supervisor.root]
children = ["work"]
[pool.work]
kind = "consumer"
size = 2
cwd = "@DIR@"
with = { queue = "orders", handler = ["@DIR@/handler"], poll = "100ms" }
`;

test("a queue that grows is marked, with those who take from it", async (t) => {
  // The handler waits until the test lets it go, then handles everything at once.
  const handler =
    "#!/bin/sh\nread -r body\nwhile [ ! -e @DIR@/go ]; do sleep 0.05; done\n";
  const host = await Host.start(tree, { files: { handler } });
  t.after(() => host.remove());
  const browser = await Browser.start();
  t.after(() => browser.end());
  const add = () => {
    const { status, stderr } = spawnSync(
      process.env.SIMPLEVISOR_DIRQ,
      ["add", "--quiet", join(host.dir, "orders")],
      { input: '{"header":{},"body":"x"}' },
    );
    assert.equal(status, 0, String(stderr));
  };
  add();
  const { page, misdeeds } = await browser.open(`${host.url}#/flow`);
  await page.locator(".place", { hasText: "orders" }).first().waitFor();
  assert.equal(await page.locator(".mover").count(), 1);
  await page.locator(".mover", { hasText: "work" }).getByText("2/2").waitFor();
  assert.equal(
    await page.locator(".place.dead").count(),
    1,
    "where it puts what it cannot handle",
  );

  await eventually("the queue is the bottleneck", async () => {
    add();
    return (await page.locator(".place.jam").count()) === 1;
  });
  await page.getByRole("row", { name: /orders bottleneck/ }).waitFor();
  assert.equal(await page.locator(".mover.slow").count(), 1);
  await page.locator(".mover a").click();
  await page.getByRole("heading", { name: /work/ }).waitFor();
  await page.locator(".charts").getByText("Queue depth").waitFor();
  await page.locator(".charts canvas").first().waitFor();

  writeFileSync(join(host.dir, "go"), "");
  await page.goto(`${host.url}#/flow`);
  await page.getByText("Nothing jams.").waitFor();
  await page
    .locator(".place", { hasText: "orders" })
    .first()
    .getByText("0 ready")
    .waitFor();
  assert.deepEqual(misdeeds, []);
});
