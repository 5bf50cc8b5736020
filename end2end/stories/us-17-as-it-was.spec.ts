import { BREAD } from "../support/demo.ts";
import { hydrated, keptForOffline } from "../support/device.ts";
import { asNumber, figureValue } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

interface Product {
  on_hand: number;
  allocated: number;
  available: number;
}

const PRODUCT = `products/${BREAD.sku}`;

test.describe("us_17 the shop as it was", { tag: "@data" }, () => {
  test("us_17 c_9 the band names the entry, the numbers are those of then, and nothing can be written", async ({ daybook, till }) => {
    const then = { ...(await daybook.get<Product>(`/${PRODUCT}`)), position: (await daybook.digest()).position };
    await daybook.command("stock.receive", { batchref: "LATER", sku: BREAD.sku, qty: 7 });
    const page = await till.open(`${PRODUCT}?as_of=${then.position}`);
    const band = page.getByTestId("as-of");
    await expect(band).toContainText(`as it was at entry #${then.position}`);
    expect(await figureValue(page, "On hand")).toBe(then.on_hand);
    expect(await figureValue(page, "Available")).toBe(then.available);
    await expect(page.getByRole("main")).not.toContainText("LATER");
    const count = page.getByRole("button", { name: "Write down the count" });
    await expect(count).toBeDisabled();
    await expect(page.locator("fieldset.not-now").first()).toHaveAccessibleDescription(/Nothing can be changed here/);

    await band.getByText("Compare with now").click();
    const cells = band.locator("[data-compared='On hand'] td");
    await expect(cells).toHaveText([String(then.on_hand), String(then.on_hand + 7), "+7"]);

    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Stock", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Stock");
    await expect(band).toContainText(`#${then.position}`);
    await page.goBack();
    await band.getByRole("link", { name: "Back to now" }).click();
    await expect(band).toHaveCount(0);
    await expect.poll(() => figureValue(page, "On hand")).toBe(then.on_hand + 7);
    await expect(count).toBeEnabled();
  });

  test("us_17 r_21 one entry back and forth, an entry or a time typed in, and the way there from an entry", async ({ daybook, till }) => {
    const { position } = await daybook.digest();
    const page = await till.open(`book/${position}`);
    await page.getByRole("link", { name: "See the shop as it was here" }).click();
    const band = page.getByTestId("as-of");
    await expect(band).toContainText(`#${position}`);
    await band.getByRole("link", { name: "The entry before" }).click();
    await expect(band).toContainText(`entry #${position - 1}`);
    await band.getByRole("link", { name: "The entry after" }).click();
    await expect(band).toContainText(`entry #${position}`);
    await band.getByLabel("Entry number or time").fill("12");
    await band.getByRole("button", { name: "Go" }).click();
    await expect(band).toContainText("entry #12,");
    await hydrated(page);
    await band.getByLabel("Entry number or time").fill("2001-01-01");
    await band.getByRole("button", { name: "Go" }).click();
    await expect(page.getByRole("main")).toContainText(/The book starts on .*\(entry #1\)/);
    await page.getByRole("link", { name: "Go to #1" }).click();
    await expect(band).toContainText("entry #1,");
  });

  test("us_17 without JavaScript it is the same page", async ({ daybook, device }) => {
    const then = { ...(await daybook.get<Product>(`/${PRODUCT}`)), position: (await daybook.digest()).position };
    await daybook.command("stock.receive", { batchref: "LATER", sku: BREAD.sku, qty: 7 });
    const reader = await device({ javaScriptEnabled: false });
    const page = reader.page;
    await page.goto(reader.address(`${PRODUCT}?as_of=${then.position}`));
    await expect(page.getByTestId("as-of")).toContainText(`#${then.position}`);
    expect(await figureValue(page, "On hand")).toBe(then.on_hand);
    await expect(page.getByRole("button", { name: "Write down the count" })).toBeDisabled();
    await page.getByText("Compare with now").click();
    expect(asNumber(await page.locator("[data-compared='On hand'] td").last().textContent())).toBe(7);
    await page.getByRole("link", { name: "Back to now" }).click();
    expect(await figureValue(page, "On hand")).toBe(then.on_hand + 7);
  });

  test("us_17 offline it works for entries that the device holds, and says what is missing before them", async ({ daybook, till }) => {
    const page = await till.open("");
    await till.expectLive();
    await keptForOffline(page);
    const then = { ...(await daybook.get<Product>(`/${PRODUCT}`)), position: (await daybook.digest()).position };
    await daybook.command("stock.receive", { batchref: "ONE", sku: BREAD.sku, qty: 1 });
    await daybook.command("stock.receive", { batchref: "TWO", sku: BREAD.sku, qty: 2 });
    await till.open("device");
    await expect(page.getByTestId("ours-position")).toHaveText(`#${then.position + 2}`);
    await till.goOffline();
    await till.open(`${PRODUCT}?as_of=${then.position + 1}`);
    const band = page.getByTestId("as-of");
    await expect(band).toContainText(`#${then.position + 1}`);
    expect(await figureValue(page, "On hand")).toBe(then.on_hand + 1);
    await till.open(`${PRODUCT}?as_of=1`);
    await expect(page.getByRole("main")).toContainText(/This device holds entries from #\d+ on/);
    till.goOnline();
    await expect(band).toContainText("entry #1,", { timeout: 20_000 });
  });
});
