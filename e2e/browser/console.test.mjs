// The console's journeys, in order, as one person makes them: each goes on where
// the one before ended. Run by `npm run e2e` in web/.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startProduct } from "./product.mjs";

/** @type {Awaited<ReturnType<typeof startProduct>>} */
let product;
/** @type {import("playwright-core").Page} */
let page;
let runURL = "";
// What the browser complained of: a console must be silent.
const complaints = [];

before(async () => {
  product = await startProduct();
  page = product.context.pages()[0] ?? (await product.context.newPage());
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused login and an answer of 401 are part of the first journey; a region
    // with faults, one that was never checked and one that is in use have theirs.
    if (message.type() === "error" && !/status of (401|404|409|422)/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("dialog", (dialog) => dialog.accept());
});

after(() => product?.close());

const button = (name) => page.getByRole("button", { name, exact: true });
const fact = (name) => page.locator("dl", { has: page.getByText(name, { exact: true }) }).first();
const section = (name) => page.getByRole("region", { name, exact: true });
const row = (table, text) =>
  page.getByRole("table", { name: table }).getByRole("row").filter({ hasText: text }).first();
const tile = (name) => page.getByLabel("Key figures").locator("div").filter({ hasText: name }).locator("dd").first();

/** The number that a tile shows. */
const figure = async (name) => Number((await tile(name).innerText()).replace(/[^\d.]/g, ""));

/** Waits until a condition on the page's content holds. */
async function until(what, holds, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`never came true: ${what}\n${await page.locator("main").innerText()}`);
    await page.waitForTimeout(100);
  }
}

async function logIn() {
  await page.getByLabel("Name", { exact: true }).fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(product.password);
  await button("Log in").click();
}

/** Waits for the report of a run that ended so. */
async function ended(outcome) {
  await until(
    `the outcome is ${outcome}`,
    async () => (await fact("Outcome").count()) > 0 && (await fact("Outcome").innerText()).includes(outcome),
  );
  await section("Accounting").getByText("Every sample that the tasks sent is in this report.").waitFor();
}

/** Starts a run by the form: a rate over both regions. */
async function startRun({ rate, duration, tasks = 1 }) {
  await page.goto(`${product.url}/new?url=${encodeURIComponent(`${product.target}/`)}`);
  await page.getByText("Rate (open)").click();
  await page.getByLabel("Requests a second").fill(String(rate));
  await page.getByLabel("Ramp-up").fill("0s");
  await page.getByLabel("Duration").fill(duration);
  await button("Region").click();
  for (const field of await page.getByLabel("Tasks", { exact: true }).all()) await field.fill(String(tasks));
  const all = 2 * tasks;
  await page.getByText(`up to ${rate}/s from ${all} tasks`).waitFor();
  await button("Run").click();
  await page.waitForURL(/\/runs\/r[0-9a-z]+/);
}

test("a stranger is asked to log in, told of a wrong password, and led back to where they wanted to go", async () => {
  await page.goto(`${product.url}/runs`);
  await page.waitForURL(/\/login/);
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await button("Log in").click();
  await page.getByRole("alert").filter({ hasText: "Name or password is wrong." }).waitFor();
  await logIn();
  await page.waitForURL(/\/runs$/);
  await page.getByText("Nothing ran yet").waitFor();
});

test("the first page teaches: paste a URL, see the plan, press Run", async () => {
  await page.goto(product.url);
  await page.getByRole("heading", { name: "Load test something" }).waitFor();
  await page.getByLabel("URL").fill(product.target);
  await button("Continue").click();
  await page.getByText("up to 10 users from 1 task for 1m").waitFor();
  assert.equal(await page.getByLabel("Planned users over time").locator("canvas").count(), 1);
  await startRun({ rate: 100, duration: "4s", tasks: 2 });
  runURL = page.url();
});

test("the run's page is live, and becomes the report in place", async () => {
  await until("requests are counted while it runs", async () => (await figure("Requests")) > 0);
  await ended("completed");
  assert.match(await fact("Verdict").innerText(), /passed/);
  assert.equal(page.url(), runURL);
  assert.equal(await figure("Requests"), 400);
  assert.equal(await tile("Tasks reported").innerText(), "4/4");
  const steps = await page.getByRole("list", { name: "State chain" }).innerText();
  for (const status of ["queued", "provisioning", "ready", "running", "finishing", "ended"])
    assert.ok(steps.includes(status), status);
  assert.match(
    await section("Accounting").innerText(),
    /Every sample that the tasks sent is in this report\.[\s\S]*400 = 400/,
  );
  assert.match(await section("Criteria").innerText(), /p95 < 500ms[\s\S]*failures < 1%/);
  assert.equal(await page.locator(".uplot canvas").count(), 4);
  for (const region of ["eu", "us"]) assert.match(await row("Regions", region).innerText(), /200/);
  assert.match(await section("Status codes").innerText(), /200\s+400/);
});

test("the report can be taken away: JSON and Parquet", async () => {
  const take = async (item) => {
    await button("Downloads").click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: item }).click(),
    ]);
    return readFile(await download.path());
  };
  const report = JSON.parse(await take("Report (JSON)"));
  assert.equal(report.total.requests, 400);
  assert.equal(report.accounting.samples_sent, report.accounting.samples_received);
  const series = await take("Series per second (Parquet)");
  assert.equal(series.subarray(0, 4).toString(), "PAR1");
});

test("a task's log stands beside the report, and can be searched", async () => {
  const log = page.getByRole("dialog", { name: /^Log of / });
  await page
    .getByRole("button", { name: /^Log of / })
    .first()
    .click();
  await log.getByText("reached the server").waitFor();
  await log.getByRole("status").filter({ hasText: "the task has ended" }).waitFor();
  await log.getByLabel("Search the log").fill("REACHED");
  await log.getByRole("status").filter({ hasText: "1 of " }).waitFor();
  assert.equal(await log.locator("mark").innerText(), "reached");
  await log.getByLabel("Wrap lines").check();
  await button("Close the log").click();
  await log.waitFor({ state: "hidden" });
});

test("rows narrow the charts, and the address holds what is shown", async () => {
  await row("Regions", "eu").click();
  await page.waitForURL(/region=eu/);
  const chip = () => page.getByRole("button", { name: "Show all regions" });
  await chip().waitFor();
  await page.reload();
  await chip().waitFor();
  // Half of the run's 100 requests a second are eu's.
  const rate = page.getByRole("figure", { name: "Rate" });
  const achieved = async () => Number((await rate.locator("b").first().innerText()).replace(/[^\d.]/g, ""));
  await until("the chart shows eu's half", async () => Math.abs((await achieved()) - 50) <= 5);
  await chip().click();
  await until("the address is plain again", async () => page.url() === runURL);
});

test("a run is steered while it goes on: load, pause, resume, drain", async () => {
  await startRun({ rate: 40, duration: "10m" });
  await until("it runs", async () => (await figure("Requests")) > 0);
  const log = page.getByRole("region", { name: "Events" });
  await button("Change load").click();
  await page.getByLabel("Requests a second of the whole run").fill("120");
  await button("Change now").click();
  await log.getByText(/load changed to 120/).waitFor();
  await button("Pause").click();
  await button("Resume").waitFor();
  await button("Resume").click();
  await log.getByText(/resume/).waitFor();
  await button("Stop").click();
  await page.getByRole("menuitem", { name: /Drain/ }).click();
  await ended("cancelled");
  await section("Cause")
    .getByText(/stopped by admin/)
    .waitFor();
  assert.ok((await figure("Requests")) > 0, "what was measured is kept");
});

test("text shows its problems at their lines, and runs when they are mended", async () => {
  await page.goto(`${product.url}/new?tab=yaml`);
  const text = page.getByLabel("Scenario as YAML");
  await text.fill(`name: broken\nrequests:\n  - url: ${product.target}/\nload:\n  userz: 2\n  duration: soon\n`);
  const problems = page.getByRole("list", { name: "Problems" });
  await problems.getByText("line 5").waitFor();
  await problems.getByText("line 6").waitFor();
  assert.ok(await button("Run").isDisabled());
  await text.fill(
    `name: mended\nrequests:\n  - url: ${product.target}/\nload:\n  users: 2\n  duration: 30s\nregions:\n  - name: us\n`,
  );
  await page.getByText("up to 2 users from 1 task for 30s").waitFor();
  await button("Save").click();
  await page.waitForURL(/\/scenarios\/mended/);
  await page.getByText("It never ran.").waitFor();
});

test("lists show outcome, verdict and figures, and can be searched", async () => {
  await page.goto(`${product.url}/runs`);
  const first = row("Runs", "400");
  await first.getByText("completed").waitFor();
  assert.match(await first.innerText(), /passed[\s\S]*400[\s\S]*0 %/);
  await page.getByText("Not completed", { exact: true }).click();
  await until(
    "only the stopped run is left",
    async () => (await page.getByRole("table", { name: "Runs" }).locator("tbody tr").count()) === 1,
  );
  await page.goto(`${product.url}/scenarios`);
  await row("Scenarios", "mended").getByText("never ran").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("nothing like this");
  await page.getByText("Nothing matches").waitFor();
});

test("hands may stay on the keys", async () => {
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.waitForURL(/\/runs/);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });
  await page.keyboard.press("n");
  await page.waitForURL(/\/new/);
  await page.getByLabel("URL").waitFor();
  // The URL's field has the focus: there "g s" is text.
  await page.keyboard.press("Escape");
});

test("a region is added, proved by a run of one task, and removed", async () => {
  await page.goto(`${product.url}/scenarios`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.waitForURL(/\/regions$/);
  await row("Regions", "eu").getByText("not checked").waitFor();
  await page.getByRole("link", { name: "Add region" }).click();
  await page.getByLabel("Name", { exact: true }).fill("two words");
  await page.getByLabel("Location").fill("north");
  await page.getByLabel("At once").fill("3");
  await button("Save").click();
  // Every fault stands at its field, and in the list above.
  const faults = page.getByRole("alert");
  await faults.getByText(/name: "two words" is no region's name/).waitFor();
  await faults.getByText(/labels.location: "north" is no place/).waitFor();
  assert.equal(await page.getByLabel("Location").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Name", { exact: true }).fill("lab");
  await page.getByLabel("Location").fill("50.1,8.7");
  await button("Save and check").click();
  await page.waitForURL(/\/regions\/lab$/);
  const check = section("Check");
  await check.getByText(/task started in/).waitFor();
  await check.getByText(/the task reached the server .*clock differs by/).waitFor();
  await check.getByText(/made 200 requests/).waitFor();
  await check.getByText("left nothing behind").waitFor();
  await check.getByText("proved").waitFor();
  await section("Capacity").getByText("3 free").waitFor();
  await page.getByRole("link", { name: "Regions", exact: true }).first().click();
  await row("Regions", "lab").getByText("proved").waitFor();
  await row("Regions", "lab").getByText("50.1,8.7").waitFor();
  await row("Regions", "lab").click();
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Server's URL for its tasks").fill("ftp://nowhere");
  await button("Save").click();
  await faults.getByText(/server: "ftp:\/\/nowhere" is not where tasks can reach the server/).waitFor();
  await page.getByLabel("Server's URL for its tasks").fill("");
  await page.getByLabel("At once").fill("4");
  await button("Save").click();
  await section("Capacity").getByText("4 free").waitFor();
  await section("Check").getByText("Not checked since its last change", { exact: false }).waitFor();
  await button("Remove").click();
  const dialog = page.getByRole("dialog", { name: "Remove the region lab?" });
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await page.waitForURL(/\/regions$/);
  await row("Regions", "eu").waitFor();
  assert.equal(await row("Regions", "lab").count(), 0);
});

test("a region in use is removed by force only", async () => {
  await startRun({ rate: 10, duration: "10m" });
  await until("it runs", async () => (await figure("Requests")) > 0);
  const live = page.url();
  const id = live.split("/").at(-1);
  await page.goto(`${product.url}/regions/us`);
  await section("Capacity").getByText("no limit").waitFor();
  await button("Remove").click();
  const dialog = page.getByRole("dialog", { name: "Remove the region us?" });
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await dialog.getByRole("alert").getByText(id).waitFor();
  await dialog.getByRole("button", { name: "Remove by force" }).waitFor();
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await page.goto(live);
  await button("Stop").click();
  await page.getByRole("menuitem", { name: /Drain/ }).click();
  await ended("cancelled");
});

test("a script is dropped in, its entry chosen, and its checks and files are on the page", async () => {
  await page.goto(`${product.url}/new?tab=script`);
  const test = (name) => `import http from "k6/http";
import { check } from "k6";
export const options = { vus: 2, iterations: 10, thresholds: { checks: ["rate>0.9"] } };
export default function () {
  check(http.get("${product.target}/"), { "${name}": (r) => r.status === 200 });
}
export function handleSummary() { return { "left.txt": "done" }; }`;
  await page.locator('input[type="file"]').setInputFiles([
    { name: "first.js", mimeType: "text/javascript", buffer: Buffer.from(test("first")) },
    { name: "second.js", mimeType: "text/javascript", buffer: Buffer.from(test("second")) },
  ]);
  await page.getByLabel("File that is run").selectOption("second.js");
  const plan = section("Plan");
  await plan.getByText("second.js with k6").waitFor();
  await plan.getByText("shared-iterations, 2 users, 10 iterations").waitFor();
  await plan.getByText("checks rate>0.9").waitFor();
  if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}.new.png` });
  await button("Run").click();
  await page.waitForURL(/\/runs\/r[0-9a-z]+/);
  await ended("completed");
  await section("Checks").getByText("second").waitFor();
  assert.match(await section("Checks").innerText(), /10 of 10/);
  assert.match(await section("Criteria").innerText(), /script: checks rate>0.9/);
  assert.match(await section("Accounting").innerText(), /10, the same/);
  if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT, fullPage: true });
  await section("Files that the tasks left").getByText("files/left.txt").waitFor();
});

test("it fits a phone, follows the system's colours, and can be switched", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of [
    "/scenarios",
    "/runs",
    "/regions",
    "/regions/us",
    "/regions/new",
    "/new",
    new URL(runURL).pathname,
  ]) {
    await page.goto(product.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${path} is ${over} px wider than the phone`);
  }
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  assert.equal(await scheme(), "dark");
  await page.getByRole("button", { name: /Colours: as the system/ }).click();
  assert.equal(await scheme(), "light");
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await scheme(), "light");
});

test("a session that ended elsewhere leads to the login and back", async () => {
  await page.goto(`${product.url}/runs`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await product.context.clearCookies();
  await page.goto(runURL);
  await page.waitForURL(/\/login\?next=/);
  await logIn();
  await page.waitForURL(runURL);
  await page.getByRole("heading", { level: 1 }).waitFor();
  // Now without a new page: the next question is answered with 401.
  await product.context.clearCookies();
  await page.getByRole("link", { name: "Scenarios", exact: true }).click();
  await page.waitForURL(/\/login\?next=/);
  await logIn();
  await page.waitForURL(/\/scenarios/);
});

test("who logs out is out", async () => {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.waitForURL(/\/login/);
  await page.goto(runURL);
  await page.waitForURL(/\/login\?next=/);
});

test("the browser had nothing to complain of", () => assert.deepEqual(complaints, []));
