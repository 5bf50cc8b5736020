import { expectSameBooks } from "../support/device.ts";
import { expect, test } from "../support/test.ts";
import { lineOf, lostRace, SOAP, Tray } from "../support/tray.ts";

test.describe("us_09 repair", { tag: "@data" }, () => {
  test("us_09 Change and resend has the form as it was, the reason, and the focus in the quantity", async ({ daybook, till }) => {
    await lostRace(daybook, till);
    const tray = await Tray.open(till);
    await expect(tray.items).toContainText("5 asked for, 2 left");
    await tray.items.getByRole("link", { name: "Change and resend" }).click();
    const page = till.page;
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Change and resend");
    const quantity = page.getByLabel("Quantity", { exact: true });
    await expect(quantity).toBeFocused();
    await expect(quantity).toHaveValue("5");
    await expect(page.getByRole("main")).toContainText("Not accepted: 5 asked for, 2 left.");

    await quantity.fill("4");
    await page.getByRole("button", { name: "Send it" }).click();
    await expect(page.getByRole("main")).toContainText("4 asked for, 2 left");
    await quantity.fill("2");
    await page.getByRole("button", { name: "Send it" }).click();
    await tray.expectEmpty();
    await expect.poll(() => lineOf(daybook, "LATE")).toMatchObject({ allocated: 2 });
    await expectSameBooks(daybook, till);
  });

  test("us_09 c_10 Take what is left gives a line of two, and three are short", async ({ daybook, till }) => {
    await lostRace(daybook, till);
    const tray = await Tray.open(till);
    await tray.items.getByRole("button", { name: "Take what is left" }).click();
    await tray.expectEmpty();
    await expect.poll(() => lineOf(daybook, "LATE")).toMatchObject({ qty: 5, allocated: 2, short: true, batchref: "SOAP-B1" });
    await expect(till.page.getByRole("main")).toContainText(`Order LATE lacks 3 × ${SOAP.name}`);
    await expectSameBooks(daybook, till);
  });

  test("us_09 Try again goes through once stock has come", async ({ daybook, till }) => {
    await lostRace(daybook, till);
    await daybook.command("stock.receive", { batchref: "SOAP-B2", sku: SOAP.sku, qty: 5 });
    const tray = await Tray.open(till);
    await till.expectLive();
    await tray.items.getByRole("button", { name: "Try again" }).click();
    await tray.expectEmpty();
    await expect.poll(() => lineOf(daybook, "LATE")).toMatchObject({ allocated: 5, batchref: "SOAP-B2" });
    await expectSameBooks(daybook, till);
  });
});
