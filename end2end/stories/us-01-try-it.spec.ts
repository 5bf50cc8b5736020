import { expect, test } from "../support/test.ts";
import { PAGES } from "../support/pages.ts";
import { hydrated } from "../support/device.ts";

test.describe("us_01 try it without an account", { tag: "@data" }, () => {
  test("us_01 one press shows Today with ten recent entries within 3 s, and no form", async ({ till }) => {
    const { page } = till;
    await page.goto("/");
    const begun = Date.now();
    await page.getByRole("link", { name: "Try the demo shop" }).or(page.getByRole("button", { name: "Try the demo shop" })).click();
    await expect(page.getByRole("heading", { level: 1, name: "Today" })).toBeVisible();
    await expect(page.locator(".entry").nth(9)).toBeVisible();
    expect(Date.now() - begun).toBeLessThan(3_000);
    await expect(page.locator("main form input:visible")).toHaveCount(0);
    await hydrated(page);
  });

  test("us_01 every page says that this is the demo shop", async ({ till }) => {
    // A sheet for paper has nothing around it.
    for (const { path } of PAGES.filter((each) => each.inShop && !each.name.endsWith("print"))) {
      await till.page.goto(till.address(path));
      await expect(till.page.getByText("Demo shop").first(), path).toBeVisible();
    }
  });
});
