import type { Page } from "@playwright/test";
import { BREAD, ORDER } from "../support/demo.ts";
import { asNumber, figureValue, Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

/** The parts as a person reads them, and the number that they must come to. */
async function equation(page: Page): Promise<{ sum: number; headline: number; pending: number }> {
  await page.waitForLoadState("domcontentloaded");
  const read = async (part: string) => (await page.locator(`.equation [data-part=${part}] td`).allTextContents()).map(asNumber);
  const [confirmed, pending, [headline]] = [await read("confirmed"), await read("pending"), await read("number")];
  const sum = (numbers: number[]) => numbers.reduce((all, number) => all + Math.round(number * 100), 0) / 100;
  return { sum: sum([...confirmed, ...pending]), headline: headline ?? NaN, pending: pending.length };
}

test.describe("us_18 why this number", () => {
  for (const term of ["On hand", "Allocated", "Available", "Arriving"]) {
    test(`us_18 the parts of ${term.toLowerCase()} add up to what the product says, and recounting finds the same`, async ({ page, library }) => {
      await page.goto(`${library.origin}/s/demo/products/${BREAD.sku}`);
      const shown = await figureValue(page, term);
      await page.getByRole("link", { name: `Why is ${term} what it is?` }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Why ${term} of ${BREAD.name}?`);
      const { sum, headline } = await equation(page);
      expect(headline).toBe(shown);
      expect(sum).toBe(shown);
      await page.getByRole("link", { name: "Recount from the first entry" }).click();
      await expect(page.getByTestId("recount")).toContainText(/Recounted \d+ entr(y|ies): same number\./);
    });
  }

  test("us_18 each row opens its entry", async ({ page, library }) => {
    await page.goto(`${library.origin}/s/demo/why/on-hand-${BREAD.sku}`);
    const link = page.locator("tbody tr[data-position] td a").first();
    const name = (await link.textContent()) ?? "";
    await link.click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Entry ${name.trim()}`);
    await expect(page.getByRole("main")).toContainText(BREAD.name);
  });

  test("us_18 an order's total and a day's takings are explained too", async ({ page, library }) => {
    await page.goto(`${library.origin}/s/demo/orders/${ORDER}`);
    await page.getByRole("link", { name: "Why is the total what it is?" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(ORDER);
    let { sum, headline } = await equation(page);
    expect(sum).toBe(headline);
    await page.goto(`${library.origin}/s/demo`);
    const takings = await figureValue(page, "Takings today");
    await page.getByRole("link", { name: "Why is takings what it is?" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Takings");
    ({ sum, headline } = await equation(page));
    expect([sum, headline]).toEqual([takings, takings]);
  });

  test("us_18 what is only saved here stands apart, and joins the parts once it is confirmed", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    const number = await screen.sell(BREAD.sku);
    const page = till.page;
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Products" }).click();
    await page.getByRole("main").getByRole("link", { name: BREAD.name }).click();
    await page.getByRole("link", { name: "Why is Available what it is?" }).click();
    const pending = page.locator(".equation [data-part=pending]");
    await expect(pending).toHaveCount(1);
    await expect(pending).toContainText(number);
    const before = await equation(page);
    expect(before.sum).toBe(before.headline);
    till.goOnline();
    await expect(pending).toHaveCount(0, { timeout: 20_000 });
    const after = await equation(page);
    expect([after.sum, after.headline]).toEqual([before.headline, before.headline]);
    await expect(page.getByTestId("agreed")).toContainText(/This device and the server agree at entry #\d+/, { timeout: 20_000 });
  });
});
