import { BREAD } from "../support/demo.ts";
import { keptForOffline } from "../support/device.ts";
import { expect, test } from "../support/test.ts";

const HISTORY = `history/product-${BREAD.sku}`;

test.describe("us_16 history of one thing", { tag: "@data" }, () => {
  test("us_16 it lists was and now, person, device, both times and the entry number", async ({ daybook, till }) => {
    const before = await daybook.get<{ price: number }>(`/products/${BREAD.sku}`);
    const start = await daybook.digest();
    await daybook.command("product.change", { sku: BREAD.sku, price: before.price + 30 });
    const [changed] = await daybook.events(start.position);
    const page = await till.open(`products/${BREAD.sku}`);
    await page.getByRole("main").getByRole("link", { name: "History", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(`History of ${BREAD.name}`);
    const entry = page.locator(`.history .entry[data-position="${changed?.position}"]`);
    await expect(entry.locator("[data-field=Price] .was")).toContainText((before.price / 100).toFixed(2));
    await expect(entry.locator("[data-field=Price] .now")).toHaveText(`€${((before.price + 30) / 100).toFixed(2)}`);
    await expect(entry).toContainText("demo");
    // What a device said long before it was written down has both its times.
    await expect(page.locator(".history")).toContainText("in the book since");
    await entry.getByRole("link", { name: `#${changed?.position}` }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Entry #${changed?.position}`);
  });

  test("us_16 Stock only hides name and price changes, also where no script runs", async ({ daybook, device }) => {
    await daybook.command("product.change", { sku: BREAD.sku, price: 777, name: "Oaten loaf" });
    const reader = await device({ javaScriptEnabled: false });
    const page = reader.page;
    await page.goto(reader.address(HISTORY));
    await expect(page.locator("[data-field=Price]").first()).toContainText("7.77");
    await page.getByRole("link", { name: "Stock only" }).click();
    await expect(page.locator("[data-field='On hand']").first()).toBeVisible();
    await expect(page.locator("[data-field=Price], [data-field=Name]")).toHaveCount(0);
    await page.getByRole("link", { name: "Comments only" }).click();
    await expect(page.getByRole("main")).toContainText("Nothing of this kind has happened.");
  });

  test("us_16 an archived product's history still opens, and its last entry can be undone there", async ({ daybook, till }) => {
    await daybook.command("product.archive", { sku: BREAD.sku });
    const page = await till.open(HISTORY);
    await till.expectLive();
    await expect(page.locator(".page-head")).toContainText("archived");
    const first = page.locator(".history .entry").first();
    await expect(first.locator("[data-field=Archived] .now")).toHaveText("yes");
    await first.getByRole("button", { name: "Undo" }).click();
    await expect(page.locator(".history .entry").first()).toContainText("Product sold again");
    await expect(page.locator(".page-head")).not.toContainText("archived");
  });

  test("us_16 a history that is being loaded again can still be used", async ({ daybook, till }) => {
    await daybook.command("product.archive", { sku: BREAD.sku });
    const isOlder = (_: string, path: string) => path === "/api/read_entries";
    till.line.holdRequests(isOlder);
    const page = await till.open(HISTORY);
    await till.expectLive();
    await expect.poll(() => till.line.log.some((each) => isOlder(each.method, each.path))).toBe(true);
    await page.locator(".history .entry").first().getByRole("button", { name: "Undo" }).click();
    await expect(page.locator(".toast")).toContainText("sold again");
    till.goOnline();
    await expect(page.locator(".history .entry").first()).toContainText("Product sold again");
  });

  test("us_16 offline it shows what this device holds, says what it lacks, and loads that when connected", async ({ daybook, till }) => {
    const page = await till.open("");
    await till.expectLive();
    await keptForOffline(page);
    const held = await daybook.digest();
    await daybook.command("product.change", { sku: BREAD.sku, price: 444 });
    const [changed] = await daybook.events(held.position);
    await till.open("device");
    await expect(page.getByTestId("ours-position")).toHaveText(`#${changed?.position}`);
    await till.goOffline();
    await till.open(HISTORY);
    await expect(page.locator(".history .entry").first().locator("[data-field=Price] .now")).toHaveText("€4.44");
    await expect(page.getByTestId("lacks")).toContainText(/This device holds entries from #\d+ on/);
    await expect(page.locator(".history .entry")).toHaveCount(1);
    till.goOnline();
    await expect(page.getByTestId("lacks")).toHaveCount(0, { timeout: 20_000 });
    await expect(page.locator(".history .entry").last()).toContainText("Product added");
  });
});
