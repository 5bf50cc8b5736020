import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { expectSameBooks } from "../support/device.ts";
import { fillIn, row } from "../support/screens.ts";

const NEW = { SKU: "NEW-1", Name: "Walnut loaf", Price: "4.80" };

test.describe("us_02 the first product", { tag: "@data" }, () => {
  test("us_02 a new shop says what a product is, and has two ways to begin", async ({ daybook, till }) => {
    await daybook.createShop("corner");
    const page = await till.open("/s/corner/products");
    const empty = page.locator(".empty");
    await expect(empty).toContainText("No products yet. A product is anything you count or sell.");
    await expect(empty.getByRole("link")).toHaveText(["Add a product", "Receive stock"]);
    await empty.getByRole("link", { name: "Add a product" }).click();
    await fillIn(page, NEW);
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();
    await till.open("/s/corner/products");
    await expect(row(page, "NEW-1")).toHaveAttribute("data-sync", "confirmed");
  });

  test("us_02 a saved product is in the list at once, is confirmed, and has a position", async ({ daybook, till }) => {
    const page = await till.open("products");
    await till.expectLive();
    await page.getByRole("link", { name: "Add a product" }).click();
    await fillIn(page, NEW);
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();

    await till.open("products");
    const added = row(page, "NEW-1");
    await expect(added).toContainText("Walnut loaf");
    await expect(added).toContainText("4.80");
    await expect(added).toHaveAttribute("data-sync", "confirmed");
    await expect(added).toHaveAttribute("data-position", /^\d+$/);
    await expectSameBooks(daybook, till);
  });

  test("us_02 a SKU that is taken is an error at its field, and what was typed stays", async ({ till }) => {
    const page = await till.open("products/new");
    await till.expectLive();
    await fillIn(page, { ...NEW, SKU: BREAD.sku });
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();

    const sku = page.getByLabel("SKU", { exact: true });
    await expect(sku).toHaveAttribute("aria-invalid", "true");
    const described = (await sku.getAttribute("aria-describedby")) ?? "";
    const words = await Promise.all(described.split(" ").map((id) => page.locator(`[id="${id}"]`).textContent()));
    expect(words.join(" ")).toMatch(/already|exists|taken/i);
    for (const [label, value] of Object.entries({ ...NEW, SKU: BREAD.sku })) {
      await expect(page.getByLabel(label, { exact: true })).toHaveValue(value);
    }
  });

  test("us_02 offline, the product is in the list as saved here", async ({ till }) => {
    const page = await till.open("products/new");
    await till.expectLive();
    await till.goOffline();
    await fillIn(page, NEW);
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Products" }).click();
    await expect(row(page, "NEW-1")).toHaveAttribute("data-sync", "saved-here");
    till.goOnline();
    await expect(row(page, "NEW-1")).toHaveAttribute("data-sync", "confirmed", { timeout: 10_000 });
  });
});
