import { hydrated, keptForOffline, type Device } from "../support/device.ts";
import { expect, test } from "../support/test.ts";

const WORKER = "/sw.js";
const SHELL = "/offline";

/** What only a page that the worker answers for can be sure of: it opens without a network. */
async function opensWithoutNetwork(till: Device): Promise<void> {
  await keptForOffline(till.page);
  await till.goOffline();
  await till.page.reload();
  await hydrated(till.page);
}

test.describe("us_05 kept at the first visit", () => {
  test("us_05 a page that was on its way when the worker took up its work is answered by it", async ({ till }) => {
    const other = await till.context.newPage();
    till.line.holdRequests((_, path) => path === WORKER);
    await till.open("", other);
    await till.open("");
    await till.expectLive();
    const next = till.address("till");
    till.line.holdRequests((_, path) => path === WORKER || path === next);
    const coming = till.page.goto(next);
    await expect.poll(() => till.line.log.some(({ path }) => path === next)).toBe(true);
    till.line.holdRequests((_, path) => path === next);
    await expect.poll(() => other.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toBe("activated");
    till.line.heal();
    await coming;
    await hydrated(till.page);
    const [navigation] = await till.page.evaluate(() => performance.getEntriesByType("navigation").map((entry) => entry.toJSON() as { workerStart: number }));
    expect(navigation?.workerStart, "it was fetched past the worker").toBe(0);

    await opensWithoutNetwork(till);
  });

  test("us_05 a worker that could not fetch all of the app at first is tried again, without a reload", async ({ till }) => {
    till.line.holdRequests((_, path) => path === SHELL);
    await till.open("till");
    await till.expectLive();
    await expect.poll(() => till.line.log.some(({ path }) => path === SHELL)).toBe(true);
    await till.goOffline();
    till.goOnline();
    await till.expectLive();

    await opensWithoutNetwork(till);
  });
});
