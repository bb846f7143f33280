// A listener that only lets read: no action is offered, and none would be done.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./browser.mjs";
import { Host, token } from "./host.mjs";

test("a listener that only lets read offers no action", async (t) => {
  const host = await Host.start(
    '[worker.only]\ncommand = ["sleep", "1000"]\n',
    { write: false },
  );
  t.after(() => host.remove());
  const browser = await Browser.start();
  t.after(() => browser.end());
  const { page, misdeeds } = await browser.open(`${host.url}#/node/root/only`);
  await page.locator(".facts").waitFor();
  await page.getByText("read-only").waitFor();
  assert.equal(await page.getByRole("group", { name: "Actions" }).count(), 0);
  const refused = await fetch(new URL("/v1/restart", host.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ pattern: "root/only" }),
  });
  assert.equal(refused.status, 403);
  assert.deepEqual(misdeeds, []);
});
