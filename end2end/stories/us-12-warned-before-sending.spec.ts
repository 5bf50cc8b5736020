import { expectSameBooks, hydrated, keptForOffline } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import { lineOf, reserve, SOAP, soapLine, stock, Tray } from "../support/tray.ts";

test.describe("us_12 warned before sending", { tag: "@data" }, () => {
  test("us_12 a reservation that newer entries leave nothing for says so, and a smaller one does not", async ({ daybook, till }) => {
    await stock(daybook, 5, { LATE: 4 });
    await till.open("till");
    await till.expectLive();
    // What is sent first does not arrive, and what comes behind it waits; the stream goes on.
    till.line.holdRequests();
    await new Till(till).sell(BREAD.sku);
    const page = till.page;
    // Inside the app: a page could not be loaded.
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Orders" }).click();
    await page.getByRole("link", { name: /LATE/ }).first().click();
    await reserve(page);
    await expect(soapLine(page)).toHaveAttribute("data-sync", "saved-here");

    const sold = { sale_id: "Z9-0001", lines: [{ sku: SOAP.sku, qty: 2, price: 310 }], payment: "cash" };
    await daybook.command("sale.record", sold);
    await expect(soapLine(page)).toHaveAttribute("data-sync", "at-risk", { timeout: 2_000 });
    await expect(soapLine(page)).toContainText("4 asked for, 3 left");

    await page.getByTestId("bell").click();
    const tray = new Tray(page);
    await expect(tray.items).toContainText("Probably not accepted: 4 asked for, 3 left now. Change it?");
    await tray.items.getByRole("link", { name: "Change and resend" }).click();
    await page.getByLabel("Quantity", { exact: true }).fill("3");
    await page.getByRole("button", { name: "Send it" }).click();
    await tray.expectEmpty();
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Orders" }).click();
    await page.getByRole("link", { name: /LATE/ }).first().click();
    await expect(soapLine(page)).toHaveAttribute("data-sync", "saved-here");

    till.line.heal();
    await expect.poll(() => lineOf(daybook, "LATE"), { timeout: 40_000 }).toMatchObject({ allocated: 3 });
    await till.expectLive();
    await expectSameBooks(daybook, till);
  });

  test("us_12 the warning and its buttons are there after a restart too", async ({ daybook, till }) => {
    test.setTimeout(90_000);
    await stock(daybook, 5, { LATE: 4 });
    await till.open("till");
    await till.expectLive();
    const page = till.page;
    await keptForOffline(page);
    // What is sent first does not arrive, and what comes behind it waits; the stream goes on.
    till.line.holdRequests();
    await new Till(till).sell(BREAD.sku);
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Orders" }).click();
    await page.getByRole("link", { name: /LATE/ }).first().click();
    await reserve(page);
    await expect(soapLine(page)).toHaveAttribute("data-sync", "saved-here");
    const sold = { sale_id: "Z9-0001", lines: [{ sku: SOAP.sku, qty: 2, price: 310 }], payment: "cash" };
    await daybook.command("sale.record", sold);
    await expect(soapLine(page)).toHaveAttribute("data-sync", "at-risk", { timeout: 2_000 });
    till.line.cut();
    await page.reload();
    await hydrated(page);
    await till.open("attention");
    const tray = new Tray(page);
    await expect(tray.items).toContainText("Probably not accepted: 4 asked for, 3 left now. Change it?");
    await expect(tray.items.getByRole("link", { name: "Change and resend" })).toBeVisible();
    await expect(tray.items.getByRole("button", { name: "Take what is left" })).toBeVisible();
    await tray.askToDiscard(tray.items);
    await tray.items.getByRole("button", { name: "Customer left" }).click();
    await tray.expectEmpty();
    till.line.heal();
    await till.expectLive();
    expect((await lineOf(daybook, "LATE"))?.allocated).toBe(0);
  });
});
