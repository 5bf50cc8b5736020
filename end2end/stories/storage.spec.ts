import type { Page } from "@playwright/test";
import type { Device } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

async function quota(page: Page, bytes: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes });
}

/** Deletes everything that the browser keeps for this origin, as its owner or its housekeeping may. */
async function clearSiteData(till: Device): Promise<void> {
  const session = await till.context.newCDPSession(till.page);
  const origin = new URL(till.page.url()).origin;
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
}

test.describe("storage", () => {
  test("f10 when there is no room, the screen says so, calls nothing saved that is not, and loses nothing that was", async ({ till, daybook }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    const saved = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    till.goOnline();
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed", { timeout: 40_000 });

    // Another device, whose browser gives it no room from the start: Chromium remembers for a while what was free.
    await till.page.goto("/healthz");
    await clearSiteData(till);
    await quota(till.page, 1);
    await till.open("till");
    await screen.add(BREAD.sku);
    await screen.cash.click();
    await expect(till.chip).toHaveAttribute("data-state", "storage", { timeout: 20_000 });
    await expect(till.chip).toContainText("can't keep changes");
    await expect(till.page.locator("[data-sync=saved-here]")).toHaveCount(0);

    const book = async () => (await daybook.events()).filter((event) => event.type === "SaleRecorded").map((event) => event.data["sale_id"]);
    expect((await book()).filter((sale) => sale === saved)).toHaveLength(1);
  });

  test("f11 a device whose storage was cleared starts anew, under another name, and repeats no receipt number", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    const before = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    await clearSiteData(till);
    await till.open("till");
    await till.expectLive();
    const after = await screen.sell(BREAD.sku);
    expect(after.split("-")[0], "the device's code").not.toBe(before.split("-")[0]);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
  });

  test("f11 site data cleared in the middle of work: the next sale is saved or said not to be", async ({ till, daybook }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await clearSiteData(till);
    await screen.add(BREAD.sku);
    await screen.cash.click();
    await expect(screen.receipt.or(till.page.locator("[data-state=storage]")).first()).toBeVisible();
    if ((await screen.receipt.count()) > 0) {
      const number = await screen.number();
      await expect(screen.receipt).toHaveAttribute("data-sync", /confirmed|needs-attention/, { timeout: 20_000 });
      const book = (await daybook.events()).filter((event) => event.type === "SaleRecorded" && event.data["sale_id"] === number);
      expect(book).toHaveLength((await screen.receipt.getAttribute("data-sync")) === "confirmed" ? 1 : 0);
    }
  });
});
