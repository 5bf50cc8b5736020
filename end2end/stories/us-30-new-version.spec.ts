import { hydrated, keptForOffline, type Device } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

/** The server has another release from now on, and the browser has heard of it. */
async function nextRelease(till: Device): Promise<void> {
  till.line.rewrite("/sw.js", (script) => script.replace(/const RELEASE = "[0-9a-f]*"/, 'const RELEASE = "the-next-one"'));
  await till.page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
}

/** All of it has been fetched: it is among those that are kept from its first file on. */
async function isWhole(till: Device): Promise<void> {
  const waits = async () => (await navigator.serviceWorker.ready).waiting?.state;
  await expect.poll(() => till.page.evaluate(waits)).toBe("installed");
}

const keptReleases = (till: Device) => till.page.evaluate(() => caches.keys());

test.describe("us_30 a new version", () => {
  test("us_30 it is offered while the hand is empty, not taken, and the outbox survives it", async ({ till, daybook }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await keptForOffline(till.page);
    await till.page.evaluate(() => void (document.documentElement.dataset["mark"] = "this very document"));

    await screen.add(BREAD.sku);
    await nextRelease(till);
    const notice = till.page.getByTestId("update-ready");
    await expect.poll(() => keptReleases(till)).toHaveLength(2);
    await isWhole(till);
    await expect(notice, "there is something in the basket").toHaveCount(0);

    till.line.holdAnswers();
    await screen.cash.click();
    await expect(screen.receipt).toHaveAttribute("data-sync", /saved-here|sending/);
    const number = await screen.number();
    await expect(notice).toBeVisible();
    await expect(till.page.locator("html"), "nothing was loaded anew").toHaveAttribute("data-mark", "this very document");

    till.line.heal();
    await Promise.all([till.page.waitForEvent("load"), notice.getByRole("button", { name: "Use it now" }).click()]);
    await hydrated(till.page);
    await expect.poll(() => till.page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toBe("activated");
    await expect(notice).toHaveCount(0);
    await expect(async () => {
      const sold = (await daybook.events()).filter((event) => event.type === "SaleRecorded" && event.data["sale_id"] === number);
      expect(sold).toHaveLength(1);
    }).toPass({ timeout: 20_000 });
  });

  test("f30 us_30 a release that is taken back leaves nothing of itself but the outbox", async ({ till, daybook }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await keptForOffline(till.page);
    // Everything gets through but what is sent: the sale is here, and only here, when the release goes.
    till.line.holdRequests((method) => method === "POST");
    const number = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", /saved-here|sending/);
    await daybook.down();
    await daybook.up("--no-offline-start");
    await till.page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    await expect.poll(() => keptReleases(till)).toEqual([]);
    const workers = async () => (await navigator.serviceWorker.getRegistrations()).length;
    await expect.poll(() => till.page.evaluate(workers)).toBe(0);
    await till.page.reload();
    await hydrated(till.page);
    expect(await till.page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
    const sold = async () => (await daybook.events()).filter((event) => event.type === "SaleRecorded" && event.data["sale_id"] === number).length;
    expect(await sold(), "it was not sent before").toBe(0);
    await till.open("device");
    await expect(till.page.locator("[data-command]")).toHaveCount(1);

    till.goOnline();
    await expect(till.page.getByText("Nothing waits here.")).toBeVisible({ timeout: 20_000 });
    expect(await sold()).toBe(1);
  });
});
