import { expectSameBooks, keptForOffline } from "../support/device.ts";
import { expectWithin } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import { lostRace, SOAP, Tray } from "../support/tray.ts";

test.describe("us_10 discard with a reason", { tag: "@data" }, () => {
  test("us_10 c_10 Discard asks for a reason, is never focused by itself, and reaches the day book, also from offline", async ({ daybook, till }) => {
    await lostRace(daybook, till);
    const before = await daybook.digest();
    await till.expectLive();
    await keptForOffline(till.page);
    await till.goOffline();
    const tray = await Tray.open(till);
    const discard = tray.items.locator("summary", { hasText: "Discard" });
    await expect(discard).toBeVisible();
    await expect(discard).not.toBeFocused();
    await tray.askToDiscard(tray.items);
    await expectWithin(till.page, tray.items.locator("details[open] > div"));
    await tray.items.getByRole("button", { name: "Customer left" }).click();
    await expect(tray.items).toHaveCount(0);
    await expect(till.page.getByTestId("bell")).toHaveAccessibleName("Needs attention");

    await till.open("device");
    const given = till.page.locator("[data-command][data-sync=discarded]");
    await expect(given).toContainText("Customer left");

    till.goOnline();
    await expect.poll(async () => (await daybook.events(before.position)).map((event) => event.type), { timeout: 40_000 }).toEqual(["Declined"]);
    const [declined] = await daybook.events(before.position);
    expect(declined?.aggregate).toBe(`stock-${SOAP.sku}`);
    expect(declined?.schema).toBe(2);
    expect(declined?.data).toMatchObject({ command: { type: "order.allocate" }, because: "customer_left" });
    await till.expectLive();
    await till.open("book");
    const entry = till.page.locator(".entry", { hasText: "Gave up: Reserve 5" });
    await expect(entry).toContainText("Customer left");
    await expect(entry.locator(".entry-note")).toContainText(/· [A-Z]\d+/);
    await expectSameBooks(daybook, till);
  });
});
