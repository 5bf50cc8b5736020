import { BREAD, ORDER } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import { reserve, SOAP, stock } from "../support/tray.ts";

test.describe("us_27 print", () => {
  test("us_27 the sheet of a pending sale says that it is not confirmed, and that of a confirmed one does not", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    const number = await screen.sell(BREAD.sku);
    const page = till.page;
    await screen.receipt.getByRole("link", { name: "Print view" }).click();
    const sheet = page.getByTestId("sheet");
    await expect(sheet.getByRole("heading", { level: 1 })).toHaveText(`Receipt ${number}`);
    await expect(sheet.locator("tbody tr").first()).toContainText("not yet confirmed");
    await expect(sheet.locator("footer")).toContainText("not yet confirmed");
    await expect(sheet.locator("footer")).toContainText(/as of entry #\d+/);
    till.goOnline();
    await expect(sheet).not.toContainText("not yet confirmed", { timeout: 20_000 });
  });

  test("us_27 an order's sheet has no navigation, is black on white in either theme, and carries the entry number", async ({ page, library, context }) => {
    await context.addCookies([{ name: "theme", value: "dark", url: library.origin }]);
    const { position } = await library.digest();
    await page.goto(`${library.origin}/s/demo/orders/${ORDER}/print`);
    for (const media of ["screen", "print"] as const) {
      await page.emulateMedia({ media });
      await expect(page.getByRole("navigation")).toHaveCount(0);
      await expect(page.getByRole("banner")).toHaveCount(0);
      const colours = await page.getByTestId("sheet").evaluate((sheet) => {
        const { color, backgroundColor } = getComputedStyle(sheet);
        return { color, backgroundColor };
      });
      expect(colours).toEqual({ color: "rgb(0, 0, 0)", backgroundColor: "rgb(255, 255, 255)" });
    }
    await expect(page.getByTestId("sheet")).toContainText("Corner Shop");
    await expect(page.getByTestId("sheet").locator("footer")).toContainText(`as of entry #${position}`);
    await expect(page.getByRole("button")).toHaveCount(0);
  });

  test("us_27 only the line of an order that is not confirmed says so", async ({ daybook, till }) => {
    await stock(daybook, 5, { SHEET: 3 });
    const page = await till.open("orders/SHEET");
    await till.expectLive();
    await till.goOffline();
    await reserve(page);
    await page.getByRole("main").getByRole("link", { name: "Print", exact: true }).click();
    const sheet = page.getByTestId("sheet");
    await expect(sheet.locator("tbody tr")).toContainText([`${SOAP.name} (${SOAP.sku})`]);
    await expect(sheet.locator("tbody tr")).toContainText(["not yet confirmed"]);
    await expect(sheet.locator("footer")).toContainText("not yet confirmed");
  });
});
