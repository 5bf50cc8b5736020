import { BREAD } from "../support/demo.ts";
import { hydrated } from "../support/device.ts";
import { fillIn } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import type { Page } from "@playwright/test";

/** The words of the main part, as the server wrote them and as they stand once the page is alive. */
async function writtenAndAlive(page: Page, address: string): Promise<[string, string]> {
  const words = () => page.locator("main").evaluate((main) => (main as HTMLElement).innerText);
  // The scripts are held back, so what is read first is the server's alone.
  let release: () => void = () => {};
  const held = new Promise<void>((go) => (release = go));
  await page.route(/\.(js|wasm)$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(address, { waitUntil: "commit" });
  await expect(page.locator("main h1")).toBeVisible();
  // All of the document is there; its scripts are not.
  await page.waitForFunction(() => document.readyState !== "loading");
  const written = await words();
  release();
  await hydrated(page);
  return [written, await words()];
}

test.describe("us_30 a reader's language", { tag: "@data" }, () => {
  test("us_30 in German sums of euros read 1.234,50 €, on the server and in the browser alike", async ({ daybook, device }) => {
    await daybook.command("product.add", { sku: "BED-1", name: "Bed", description: "", category: "beds", price: 123450 });
    const reader = await device({ locale: "de-DE", serviceWorkers: "block" });
    const [written, alive] = await writtenAndAlive(reader.page, reader.address("products/BED-1"));
    expect(written).toContain("1.234,50\u00a0€");
    expect(alive).toBe(written);
    await reader.expectLive();
    await expect(reader.page.getByRole("main")).toContainText("1.234,50 €");
  });

  test("us_30 a sum is typed as its reader writes it", async ({ daybook, device }) => {
    const reader = await device({ locale: "de-DE" });
    const page = await reader.open("products/new");
    await reader.expectLive();
    await fillIn(page, { SKU: "BED-2", Name: "Cot", Price: "1.234,50" });
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();
    await expect.poll(() => daybook.get<{ price: number }>("/products/BED-2").then((product) => product.price, () => 0)).toBe(123450);
  });

  test("us_30 a shop that counts in yen shows no decimals, to a reader of Japanese and offline too", async ({ daybook, device }) => {
    await daybook.createShop("kyoto", "--currency", "JPY");
    const shop = `${daybook.origin}/api/v1/shops/kyoto`;
    const add = { type: "product.add", data: { sku: "TEA-1", name: "Sencha", description: "", category: "tea", price: 1234 } };
    const added = await fetch(`${shop}/commands`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(add) });
    expect(added.status).toBe(200);
    const reader = await device({ locale: "ja-JP" });
    const page = await reader.open("/s/kyoto/products/TEA-1");
    await reader.expectLive();
    await expect(page.getByRole("main")).toContainText(/[¥￥]1,234(?![.\d])/);
    await reader.goOffline();
    const change = page.getByRole("form", { name: "Details" });
    await change.getByLabel("Price").fill("1500");
    await change.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByRole("main")).toContainText(/[¥￥]1,500(?![.\d])/);
  });

  test("us_30 who reads no language that is written here reads English, and the document says so", async ({ daybook, device }) => {
    const reader = await device({ locale: "is-IS" });
    await reader.page.goto(`${daybook.origin}/s/demo/products/${BREAD.sku}`);
    await expect(reader.page.locator("html")).toHaveAttribute("data-locale", "en");
    await expect(reader.page.getByRole("main")).toContainText("€4.20");
  });
});
