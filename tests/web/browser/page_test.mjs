// The page as an administrator uses it: a real supervisor, a real tree, a real browser.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Host, eventually, token } from "./host.mjs";

const tree = `
[supervisor.root]
strategy = "one_for_one"
intensity = 20
period = "60s"
children = ["group", "talker"]
[supervisor.group]
strategy = "one_for_all"
intensity = 7
period = "30s"
children = ["one", "two"]
[worker.one]
command = ["sleep", "1000"]
backoff = { initial = "0s" }
[worker.two]
command = ["sleep", "1000"]
[worker.talker]
command = ["sh", "-c", "echo '<b>hello</b> from the talker'; exec sleep 1000"]
`;

let browser;
let host;
let opened;
before(
  async () =>
    ([browser, host] = await Promise.all([Browser.start(), Host.start(tree)])),
);
after(async () => {
  await browser?.end();
  await host?.remove();
});
beforeEach(() => (opened = []));
afterEach(async () => {
  for (const { page } of opened) await page.close();
  assert.deepEqual(
    opened.flatMap(({ misdeeds }) => misdeeds),
    [],
  );
});

async function open(hash = "#/", look = {}) {
  const one = await browser.open(host.url + hash, look);
  opened.push(one);
  return one.page;
}
const row = (page, path) => page.locator(`[id="row-${path}"]`);
const pidOf = async (page, path) =>
  Number(await row(page, path).locator(".pid").textContent());

test("the tree shows every node with its state and its budget", async () => {
  const page = await open();
  for (const path of [
    "root",
    "root/group",
    "root/group/one",
    "root/group/two",
    "root/talker",
  ])
    await row(page, path).waitFor();
  assert.equal(
    await row(page, "root/group").locator(".state").textContent(),
    "running",
  );
  assert.equal(
    await row(page, "root/group").locator(".budget").innerText(),
    "7/7",
  );
  assert.equal(
    await pidOf(page, "root/talker"),
    (await host.node("root/talker")).pid,
  );
  assert.match(await page.title(), /^Tree · web-test$/);
});

test("a worker that is killed shows its new pid and its restart, without a reload", async () => {
  const page = await open();
  await row(page, "root/group/one").waitFor();
  await page.evaluate(() => (window.loadedOnce = true));
  const before = await host.node("root/group/one");
  const restarts = Number(
    await row(page, "root/group/one").locator(".restarts").textContent(),
  );
  process.kill(before.pid, "SIGKILL");
  await eventually("the page shows another pid", async () => {
    const pid = await pidOf(page, "root/group/one");
    return pid !== 0 && pid !== before.pid;
  });
  await eventually(
    "the page shows the pid that it has",
    async () =>
      (await pidOf(page, "root/group/one")) ===
      (await host.node("root/group/one")).pid,
  );
  assert.equal(
    Number(
      await row(page, "root/group/one").locator(".restarts").textContent(),
    ),
    restarts + 1,
  );
  assert.equal(
    await row(page, "root/group").locator(".budget").innerText(),
    "6/7",
  );
  assert.equal(await page.evaluate(() => window.loadedOnce), true);
});

test("a node's page says why, shows its lives, and what it printed as it printed it", async () => {
  const page = await open("#/node/root/talker");
  await page.getByRole("heading", { name: /talker/ }).waitFor();
  await page
    .getByText("if it fails: root restarts root/talker", { exact: false })
    .waitFor();
  await page.locator("pre").getByText("<b>hello</b> from the talker").waitFor();
  const hung = await host.node("root/talker");
  process.kill(hung.pid, "SIGKILL");
  await page.locator(".lives rect.unwished").waitFor({ state: "attached" });
  await page.getByText("The last 1 end").click();
  await page.locator(".end-list").getByText("killed by signal KILL").waitFor();
});

test("a worker is restarted through the page, after it was asked", async () => {
  const page = await open("#/node/root/group/two");
  const before = (await host.node("root/group/two")).pid;
  await page.getByRole("button", { name: "Restart" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("root/group/two").waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement?.textContent),
    "Cancel",
    "the harmless button has the focus",
  );
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(
    (await host.node("root/group/two")).pid,
    before,
    "nothing happens without the yes",
  );
  await page.getByRole("button", { name: "Restart" }).click();
  await dialog.getByRole("button", { name: "Restart" }).click();
  await page.locator(".toast.done").waitFor();
  const { pid } = await host.node("root/group/two");
  assert.notEqual(pid, before);
  await page.locator(".facts").getByText(String(pid)).waitFor();
});

test("a hold has its reason and its end, shows everywhere, and is released", async () => {
  const page = await open("#/node/root/talker");
  await page.getByRole("button", { name: "Hold…" }).click();
  await page.getByLabel("Reason").fill("disk is replaced");
  await page.getByLabel("How long").selectOption("for 2 hours");
  await page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
  await page.locator("h1 .badge.held").waitFor();
  const node = await host.node("root/talker");
  assert.equal(node.held, true);
  assert.match(node.why, /disk is replaced/);
  await page.goto(`${host.url}#/`);
  await row(page, "root/talker").getByText("held", { exact: true }).waitFor();
  await row(page, "root/talker").locator("a").click();
  await page.getByRole("button", { name: "Release" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: "Release" })
    .click();
  await page.locator("h1 .badge.good").waitFor();
  assert.equal((await host.node("root/talker")).held, false);
});

test("everything can be done with the keyboard", async () => {
  const page = await open();
  await row(page, "root").waitFor();
  await page.bringToFront();
  await page.keyboard.press("Tab");
  assert.equal(
    await page.evaluate(() => document.activeElement?.textContent),
    "Skip to content",
  );
  const treeHasFocus = () =>
    page.evaluate(
      () => document.activeElement?.getAttribute("role") === "tree",
    );
  for (let n = 0; n < 12 && !(await treeHasFocus()); ++n)
    await page.keyboard.press("Tab");
  assert.ok(await treeHasFocus());
  const active = () =>
    page.evaluate(() =>
      document.activeElement?.getAttribute("aria-activedescendant"),
    );
  const presses = async (key, expected) => {
    await page.keyboard.press(key);
    await eventually(
      `${key} leads to ${expected}, not ${await active()}`,
      async () => (await active()) === `row-${expected}`,
    );
  };
  await presses("Home", "root");
  await presses("ArrowDown", "root/group");
  await presses("ArrowLeft", "root/group");
  await row(page, "root/group/one").waitFor({ state: "detached" });
  assert.equal(
    await row(page, "root/group").getAttribute("aria-expanded"),
    "false",
  );
  await presses("ArrowRight", "root/group");
  await presses("ArrowRight", "root/group/one");
  await presses("t", "root/group/two");
  await presses("ArrowLeft", "root/group");
  await presses("End", "root/talker");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /talker/ }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await page.getByRole("button", { name: "Restart" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  for (let n = 0; n < 8; ++n) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(
      () =>
        document.activeElement === document.body ||
        document.activeElement?.closest("dialog") !== null,
    );
    assert.ok(where, "the focus stays in the dialog");
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(
    await page.evaluate(() => document.activeElement?.textContent),
    "Restart",
    "the focus comes back",
  );
});

test("nothing is wider than a phone", async () => {
  const page = await open("#/", { viewport: { width: 360, height: 740 } });
  await row(page, "root/talker").waitFor();
  for (const [hash, fact] of [
    ["#/", ".rows"],
    ["#/node/root/group/one", ".timeline"],
    ["#/flow", ".empty"],
    ["#/events", ".events li"],
  ]) {
    await page.goto(host.url + hash);
    await page.locator(fact).first().waitFor();
    const [wide, seen] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      innerWidth,
    ]);
    assert.ok(wide <= seen, `${hash} is ${wide} wide`);
  }
});

test("the events are told, and those that come", async () => {
  const page = await open("#/events");
  await page
    .locator(".events")
    .getByText("supervisor started")
    .first()
    .waitFor();
  const before = await page.locator(".events li").count();
  await host.ask("/v1/signal", {
    method: "POST",
    body: JSON.stringify({ pattern: "root/talker", signal: "KILL" }),
  });
  await eventually(
    "there are more events",
    async () => (await page.locator(".events li").count()) > before,
  );
});

test("without the token there is nothing, with it there is everything", async () => {
  const { page, misdeeds } = await browser.open(host.url, { known: false });
  await page
    .getByRole("heading", { name: "This supervisor asks for a token" })
    .waitFor();
  assert.equal(await page.locator(".row").count(), 0);
  assert.ok(!(await page.content()).includes("talker"));
  await page.getByLabel("Token").fill("the-wrong-token-of-this-test");
  await page.keyboard.press("Enter");
  await page.getByText("did not accept this token").waitFor();
  await page.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  await row(page, "root/talker").waitFor();
  assert.equal(
    await page.evaluate(() => localStorage.length + document.cookie.length),
    0,
  );
  // Chromium itself reports each 401 on the console.
  assert.deepEqual(
    misdeeds.filter((one) => !/status of 401/.test(one)),
    [],
  );
  await page.close();
});

test("when the supervisor is gone the page says so, and finds it again", async () => {
  const { page, misdeeds } = await browser.open(host.url);
  await row(page, "root/talker").waitFor();
  await host.end();
  await page.getByRole("alert").getByText("What you see may be old").waitFor();
  await host.launch();
  const { pid } = await host.node("root/talker");
  await eventually(
    "the page has the new pid",
    async () => (await pidOf(page, "root/talker")) === pid,
  );
  await page.getByText("Live", { exact: true }).waitFor();
  assert.deepEqual(
    misdeeds.filter(
      (one) =>
        !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 503/.test(
          one,
        ),
    ),
    [],
  );
  await page.close();
});
