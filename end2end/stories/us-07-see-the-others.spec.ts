import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { expectSameBooks, keptForOffline } from "../support/device.ts";
import { figureValue, Till } from "../support/screens.ts";

test.describe("us_07 see the others", { tag: "@data" }, () => {
  test("us_07 another till's sale shows on Today and on the product's page within 2 s", async ({ daybook, till, device }) => {
    const office = await device();
    const counter = await device();
    const today = await office.open("");
    const product = await counter.open(`products/${BREAD.sku}`);
    await office.expectLive();
    await counter.expectLive();
    const onHand = await figureValue(product, "On hand");

    const screen = await Till.open(till);
    await till.expectLive();
    const number = await screen.sell(BREAD.sku);
    const entry = today.locator(".entry", { hasText: number });
    await expect(entry).toBeVisible({ timeout: 2_000 });
    await expect.poll(() => figureValue(product, "On hand"), { timeout: 2_000 }).toBe(onHand - 1);
    await expectSameBooks(daybook, till, office, counter);
  });

  test("us_07 a page that is opened again shows what the server knows, and never an older book of this device", async ({ daybook, till }) => {
    const page = await till.open(`products/${BREAD.sku}`);
    await till.expectLive();
    await keptForOffline(page);
    const before = await figureValue(page, "On hand");
    await page.goto("about:blank");
    await daybook.command("stock.receive", { batchref: "MEANWHILE", sku: BREAD.sku, qty: 7 });
    // The device comes back without a feed: its own copy stays where it was.
    await page.route("**/feed?*", (route) => route.abort());
    await till.open(`products/${BREAD.sku}`);
    await expect(till.chip).toHaveAttribute("data-state", /not-connected|unreachable/, { timeout: 10_000 });
    await expect(page.locator("html"), "the server's own document").toHaveAttribute("data-boot", "hydrate");
    expect(await figureValue(page, "On hand")).toBe(before + 7);
    await page.unroute("**/feed?*");
    await till.expectLive();
    await expectSameBooks(daybook, till);
  });

  test("us_07 a list that somebody is in neither scrolls nor changes; what is new waits behind a button", async ({ till, device }) => {
    const office = await device();
    const page = await office.open("");
    await office.expectLive();
    const entries = page.locator(".entries .entry");
    const before = await entries.allTextContents();
    const held = entries.nth(3).getByRole("link").last();
    await held.focus();
    const scrolled = await page.evaluate(() => window.scrollY);

    const screen = await Till.open(till);
    await till.expectLive();
    const number = await screen.sell(BREAD.sku);
    const waiting = page.getByRole("button", { name: "1 new entry" });
    await expect(waiting).toBeVisible({ timeout: 2_000 });
    expect(await entries.allTextContents()).toEqual(before);
    expect(await page.evaluate(() => window.scrollY)).toBe(scrolled);
    await expect(held).toBeFocused();

    await waiting.click();
    await expect(entries.first()).toContainText(number);
  });

  test("us_07 what came from elsewhere is marked new, until the page is opened again", async ({ till, device }) => {
    const office = await device();
    const page = await office.open("");
    await office.expectLive();
    const number = await (await Till.open(till)).sell(BREAD.sku);
    const entry = page.locator(".entry", { hasText: number });
    await expect(entry).toHaveAttribute("data-fresh", /.*/);
    await expect(entry.getByText("new", { exact: true })).toBeVisible();
    await office.open("");
    await expect(entry).toBeVisible();
    await expect(entry.getByText("new", { exact: true })).toHaveCount(0);
  });
});
