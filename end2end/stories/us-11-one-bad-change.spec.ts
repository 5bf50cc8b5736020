import { expectSameBooks, keptForOffline, type Device } from "../support/device.ts";
import type { Daybook } from "../support/daybook.ts";
import { BREAD } from "../support/demo.ts";
import { fillIn, Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import { Tray } from "../support/tray.ts";

/** Five changes, the second of which is refused, and the fourth of which builds on it. */
async function fiveOfWhichOneIsRefused(daybook: Daybook, till: Device): Promise<void> {
  const screen = await Till.open(till);
  await till.expectLive();
  await keptForOffline(till.page);
  await till.goOffline();
  const page = till.page;
  await screen.sell(BREAD.sku);
  await till.open("products/new");
  await fillIn(page, { SKU: "NEW-9", Name: "New jam", Price: "4.50" });
  await page.getByRole("main").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Products");
  await (await Till.open(till)).sell(BREAD.sku);
  await till.open("products/NEW-9");
  const details = page.getByRole("form", { name: "Details" });
  await details.getByLabel("Price").fill("4.90");
  await details.getByRole("button", { name: "Save changes" }).click();
  await expect(till.chip).toContainText("4 saved here");
  await (await Till.open(till)).sell(BREAD.sku);
  await expect(till.chip).toContainText("5 saved here");

  const before = await daybook.digest();
  const taken = await daybook.command("product.add", { sku: "NEW-9", name: "Quince jam", description: "", category: "jam", price: 500 });
  expect(taken.body.status).toBe("accepted");
  till.goOnline();
  const sold = async () => (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded").length;
  await expect.poll(sold, { timeout: 40_000 }).toBe(3);
}

test.describe("us_11 one bad change does not block the rest", { tag: "@data" }, () => {
  test("us_11 p5 the others go through, the one that builds on it waits and names it, and repairing sends it", async ({ daybook, till }) => {
    await fiveOfWhichOneIsRefused(daybook, till);
    const tray = await Tray.open(till);
    const refused = tray.item("Add product New jam");
    const held = tray.item("Change product");
    await expect(refused).toHaveAttribute("data-sync", "needs-attention");
    await expect(held).toHaveAttribute("data-sync", "held");
    await expect(held).toContainText("Waiting for: Add product New jam (NEW-9)");

    await refused.getByRole("button", { name: "Use the existing one" }).click();
    await tray.expectEmpty();
    await expect.poll(() => daybook.get<{ price: number }>("/products/NEW-9")).toMatchObject({ price: 490 });
    await expectSameBooks(daybook, till);
  });

  test("us_11 discarding it asks what becomes of the one that waits", async ({ daybook, till }) => {
    await fiveOfWhichOneIsRefused(daybook, till);
    const before = await daybook.digest();
    const tray = await Tray.open(till);
    const refused = tray.item("Add product New jam");
    await tray.askToDiscard(refused);
    await refused.getByLabel("And 1 change that waits for it?").selectOption({ label: "Discard them too" });
    await refused.getByRole("button", { name: "Mistake" }).click();
    await tray.expectEmpty();
    const declined = async () => (await daybook.events(before.position)).filter((event) => event.type === "Declined").length;
    await expect.poll(declined).toBe(2);
    expect(await daybook.get<{ name: string }>("/products/NEW-9")).toMatchObject({ name: "Quince jam", price: 500 });
    await expectSameBooks(daybook, till);
  });
});
