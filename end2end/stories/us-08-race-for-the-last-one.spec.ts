import { expectSameBooks } from "../support/device.ts";
import { figureValue } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import { lineOf, reserve, SOAP, soapLine, stock, Tray } from "../support/tray.ts";

test.describe("us_08 race for the last one", { tag: "@data" }, () => {
  test("us_08 p5 c_11 d_20 both reserve the last three offline: the first to come back has them, the second learns who", async ({ daybook, till, device }) => {
    await stock(daybook, 3, { FIRST: 3, SECOND: 3 });
    const other = await device();
    const [first, second] = [await till.open("orders/FIRST"), await other.open("orders/SECOND")];
    await till.expectLive();
    await other.expectLive();
    await till.goOffline();
    await other.goOffline();
    await reserve(first);
    await reserve(second);
    await expect(soapLine(first)).toHaveAttribute("data-sync", "saved-here");
    await expect(soapLine(second)).toHaveAttribute("data-sync", "saved-here");

    till.goOnline();
    await expect(soapLine(first)).toHaveAttribute("data-sync", "confirmed", { timeout: 20_000 });
    other.goOnline();
    await expect(soapLine(second)).toHaveAttribute("data-sync", "needs-attention", { timeout: 20_000 });
    await expect(soapLine(second)).toBeVisible();
    await expect(second.getByTestId("bell")).toHaveAccessibleName("Needs attention, 1");

    const tray = await Tray.open(other);
    await expect(tray.items).toHaveCount(1);
    await expect(tray.items).toContainText(`Reserve 3 × ${SOAP.name} for order SECOND`);
    await expect(tray.items).toContainText(/Not accepted: none left/);
    await expect(tray.items).toContainText(/reserved 3 for order FIRST at \d\d:\d\d \(entry #\d+\)/);
    await other.open(`products/${SOAP.sku}`);
    expect(await figureValue(second, "Available")).toBe(0);
    expect(await lineOf(daybook, "SECOND")).toMatchObject({ allocated: 0 });
    await expectSameBooks(daybook, till, other);
  });

  test("us_08 p5 the refused reservation is there after the page is loaded again, with all it said", async ({ daybook, till }) => {
    await stock(daybook, 3, { FIRST: 3, SECOND: 3 });
    const page = await till.open("orders/SECOND");
    await till.expectLive();
    await till.goOffline();
    await reserve(page);
    await daybook.command("order.allocate", { order_id: "FIRST", sku: SOAP.sku, qty: 3 });
    till.goOnline();
    await expect(soapLine(page)).toHaveAttribute("data-sync", "needs-attention", { timeout: 20_000 });
    await till.expectLive();
    const before = await (await Tray.open(till)).items.locator(".reason").textContent();
    const again = await Tray.open(till);
    await expect(again.items.locator(".reason")).toHaveText(before ?? "");
    await expect(again.items).toHaveAttribute("data-sync", "needs-attention");
  });
});
