import { expect, test } from "../support/test.ts";
import { PAGES } from "../support/pages.ts";
import { hydrated } from "../support/device.ts";
import { Till } from "../support/screens.ts";

test.describe("us_01 try it without an account", { tag: "@data" }, () => {
  test("us_01 one press shows Today with ten recent entries within 3 s, and no form", async ({ till }) => {
    const { page } = till;
    await page.goto("/");
    const begun = Date.now();
    await page.getByRole("button", { name: "Try the demo shop" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Today" })).toBeVisible();
    await expect(page.locator(".entry").nth(9)).toBeVisible();
    expect(Date.now() - begun).toBeLessThan(3_000);
    await expect(page.locator("main form input:visible")).toHaveCount(0);
    await hydrated(page);
  });

  test("us_01 two visitors get shops of their own, which say when they end", async ({ till, device }) => {
    const other = await device();
    for (const { page } of [till, other]) {
      await page.goto("/");
      await page.getByRole("button", { name: "Try the demo shop" }).click();
      await expect(page).toHaveURL(/\/s\/demo-[0-9a-z]{16}-[0-9a-z]{7}$/);
      await hydrated(page);
    }
    expect(new URL(till.page.url()).pathname).not.toBe(new URL(other.page.url()).pathname);
    const band = till.page.getByTestId("demo-band");
    await expect(band).toHaveText(/^Demo shop · resets after 24 hours, on \d+ \w+ \d\d:\d\d$/);

    await till.page.getByRole("link", { name: "Sell", exact: true }).first().click();
    const screen = new Till(till);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    const number = await screen.number();
    await expect(band).toBeVisible();
    await other.page.reload();
    await expect(other.page.locator(".entry").first()).toBeVisible();
    await expect(other.page.getByText(number)).toHaveCount(0);
  });

  test("us_01 every page says that this is the demo shop", async ({ till }) => {
    // A sheet for paper has nothing around it.
    for (const { path } of PAGES.filter((each) => each.inShop && !each.name.endsWith("print"))) {
      await till.page.goto(till.address(path));
      await expect(till.page.getByText("Demo shop").first(), path).toBeVisible();
    }
  });
});
