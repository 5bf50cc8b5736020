import { hydrated, type Device } from "../support/device.ts";
import { corner, MAREK, signIn } from "../support/people.ts";
import { expect, test } from "../support/test.ts";

const SHOP = "corner";
const PRODUCT = "/products/OAT-1";

async function changePrice({ page }: Device): Promise<void> {
  const details = page.getByRole("form", { name: "Details" });
  await details.getByLabel("Price").fill("4.50");
  await details.getByRole("button", { name: "Save changes" }).click();
}

test.describe("us_22 roles on an open page", { tag: "@data" }, () => {
  test("us_22 a page that is open hears of another role without being loaded anew", async ({ till, daybook }) => {
    await corner(daybook, SHOP, "manager", 9_876_543);
    await signIn(till, MAREK, SHOP, PRODUCT);
    const { page } = till;
    await till.expectLive();
    const rail = page.getByRole("navigation", { name: "Main", exact: true });
    await page.evaluate(() => void Object.assign(window, { stillHere: true }));
    await expect(page.getByRole("form", { name: "Details" })).toBeVisible();
    await expect(page.locator("main")).toContainText("98,765.43");

    await daybook.role(SHOP, MAREK.login, "seller");
    await expect(page.getByRole("form", { name: "Details" })).toHaveCount(0, { timeout: 10_000 });
    await expect(page.getByTestId("only")).toHaveText("Only a manager can change prices and details. Ask one.");
    await till.expectLive();

    await daybook.role(SHOP, MAREK.login, "stock_hand");
    await expect(rail.getByRole("link", { name: "Accounts" })).toHaveCount(0, { timeout: 10_000 });
    await expect(page.locator("main")).not.toContainText("98,765.43");
    await expect(page.getByRole("form", { name: "Count" })).toBeVisible();
    await till.expectLive();

    await daybook.role(SHOP, MAREK.login, "owner");
    await expect(rail.getByRole("link", { name: "People" })).toBeVisible({ timeout: 10_000 });
    await expect(page.locator("main")).toContainText("98,765.43");
    expect(await page.evaluate(() => "stillHere" in window)).toBe(true);
  });

  test("us_22 what was written offline in a role that was lost comes back as an ordinary refusal, with whom to ask", async ({ till, daybook }) => {
    await corner(daybook, SHOP, "manager", 9_876_543);
    await signIn(till, MAREK, SHOP, PRODUCT);
    const { page } = till;
    await till.expectLive();
    await till.goOffline();
    await changePrice(till);
    await expect(till.chip).toContainText("1 saved here");
    await daybook.role(SHOP, MAREK.login, "seller");
    till.goOnline();
    await expect(page.getByTestId("bell")).toHaveAttribute("aria-label", "Needs attention, 1", { timeout: 20_000 });
    await page.getByTestId("bell").click();
    await expect(page.locator("main .needs .reason").first()).toContainText(
      "You can no longer change prices and details. Ask a manager.",
      { timeout: 15_000 },
    );
    const refused = (await daybook.logOf(SHOP)).filter((event) => event.type === "Refused");
    expect(refused.map((event) => event.actor)).toEqual([MAREK.login]);
  });

  test("us_22 a reader sees everything and is offered nothing to change", async ({ till, daybook }) => {
    await corner(daybook, SHOP, "reader", 9_876_543);
    await signIn(till, MAREK, SHOP, PRODUCT);
    const { page } = till;
    await till.expectLive();
    await expect(page.locator("main")).toContainText("98,765.43");
    for (const path of ["", PRODUCT, "/stock", "/orders", "/pictures", "/accounts", "/book"]) {
      await page.goto(`/s/${SHOP}${path}`);
      await hydrated(page);
      await till.expectLive();
      await expect(page.locator("main form[method=post]"), path).toHaveCount(0);
    }
  });
});
