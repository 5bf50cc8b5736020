import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { figure, figureValue, Till } from "../support/screens.ts";

test.describe("us_04 sell with no network", { tag: "@data" }, () => {
  test("us_04 a sale completes, is saved here, and the chip counts it", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    // The machine itself knows that it has no network; where it believes to have one, the chip says "Can't reach".
    await till.context.setOffline(true);
    await till.goOffline();
    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await expect(till.chip).toHaveText(/^\s*Not connected · 1 saved here\s*$/);
    await expect(till.chip).toHaveAttribute("data-state", "not-connected");
  });

  test("us_04 a line that goes silent without closing is no obstacle either", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    till.line.stall();
    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", /saved-here|sending/);
  });

  test("us_04 no dialog, nothing red, no control switched off", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    await screen.add(BREAD.sku);
    const page = till.page;
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(page.locator("[data-tone=refused], [data-state=storage]")).toHaveCount(0);
    await expect(page.locator("main :is(button, input, select):is(:disabled, [aria-disabled=true])")).toHaveCount(0);
    await screen.cash.click();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(screen.receipt).toBeVisible();
  });

  test("us_04 k_9 on hand shows the lowered number with the pending mark", async ({ till }) => {
    const page = await till.open(`products/${BREAD.sku}`);
    const before = await figureValue(page, "On hand");
    await till.open("till");
    await till.expectLive();
    await till.goOffline();
    await new Till(till).sell(BREAD.sku);
    // Inside the app: there is no network to load a page by.
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Products" }).click();
    await page.getByRole("link", { name: BREAD.name }).click();
    await expect.poll(() => figureValue(page, "On hand")).toBe(before - 1);
    await expect(figure(page, "On hand").locator("[data-sync=saved-here]")).toBeVisible();
  });
});
