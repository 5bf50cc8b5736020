import { expect, test } from "../support/test.ts";
import { BREAD, COFFEE } from "../support/demo.ts";
import { figureValue, tabTo, Till } from "../support/screens.ts";

test.describe("us_03 sell", { tag: "@data" }, () => {
  test("us_03 two items for cash, by keyboard alone", async ({ daybook, till }) => {
    const page = await till.open(`products/${BREAD.sku}`);
    const before = await figureValue(page, "On hand");
    const screen = await Till.open(till);
    await till.expectLive();
    const start = await daybook.digest();

    // A pointer that does nothing: whoever uses one here by mistake fails.
    await page.evaluate(() => {
      for (const kind of ["pointerdown", "mousedown"]) {
        window.addEventListener(kind, (event) => event.isTrusted && event.stopImmediatePropagation(), true);
      }
    });
    for (const sku of [BREAD.sku, COFFEE.sku]) {
      const lines = await screen.lines.count();
      await tabTo(page, screen.search);
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type(sku);
      const result = page.locator(".till-results").getByRole("button").filter({ hasText: sku });
      await expect(result).toBeVisible();
      await tabTo(page, result);
      await page.keyboard.press("Enter");
      await expect(screen.lines).toHaveCount(lines + 1);
    }
    await tabTo(page, screen.cash);
    await page.keyboard.press("Enter");
    await expect(screen.receipt).toBeVisible();
    const number = await screen.number();
    expect(number).toMatch(/^[A-Z]\d+-\d{4,}$/);
    await expect(screen.nextSale).toBeFocused();
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/);

    await till.open(`products/${BREAD.sku}`);
    expect(await figureValue(page, "On hand")).toBe(before - 1);

    const sold = (await daybook.events(start.position)).filter((event) => event.type === "SaleRecorded");
    expect(sold).toHaveLength(1);
    await till.open("book");
    // What the sale took out of stock stands there too, each product by itself: one sentence has both.
    const sentence = page.locator(".entry", { hasText: number }).filter({ hasText: BREAD.name }).filter({ hasText: COFFEE.name });
    await expect(sentence).toHaveCount(1);
  });
});
