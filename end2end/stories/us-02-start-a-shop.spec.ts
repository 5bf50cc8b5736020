import { hydrated } from "../support/device.ts";
import { fillIn } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const ASHA = { login: "asha@corner.example", name: "Asha Berg", password: "correct horse battery" };

/** What the first of a server fills in. */
const OWNER = {
  "Name of the shop": "Corner shop",
  "E-mail or name to sign in with": ASHA.login,
  "Name, as others read it": ASHA.name,
  Password: ASHA.password,
};

test.describe("us_02 start a shop", { tag: "@data" }, () => {
  test("us_02 from nothing to a product: a name, a login and a password make a shop and its owner", async ({ till, daybook }) => {
    const { page } = till;
    await page.goto("/");
    await page.getByRole("link", { name: "Start a new shop" }).click();
    await fillIn(page, { ...OWNER, Password: "short" });
    await page.getByRole("button", { name: "Start the shop" }).click();
    await expect(page.getByRole("alert")).toContainText("8 characters at least");
    await expect(page.getByLabel("Name of the shop"), "what was typed stays").toHaveValue(OWNER["Name of the shop"]);
    await expect(page.getByLabel("Password"), "but for the secret").toHaveValue("");
    await page.getByLabel("Password").fill(ASHA.password);
    await page.getByLabel("Currency").selectOption("GBP");
    await page.getByRole("button", { name: "Start the shop" }).click();
    await expect(page).toHaveURL(/\/s\/corner-shop$/);
    await hydrated(page);
    await till.expectLive();
    await expect(page.getByTestId("who-is-here")).toContainText(ASHA.login);

    await till.open("/s/corner-shop/products");
    await expect(page.getByRole("main")).toContainText("No products yet");
    await page.getByRole("link", { name: "Add a product" }).first().click();
    await fillIn(page, { SKU: "OAT-1", Name: "Oat bread", Price: "4.20" });
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("main")).toContainText("£4.20");
    await expect.poll(async () => (await daybook.logOf("corner-shop")).map(({ type }) => type)).toEqual(["CurrencySet", "ProductAdded"]);

    // Somebody is known now: whoever is not has to ask.
    await page.context().clearCookies();
    await page.goto("/start");
    await expect(page.getByRole("main")).toContainText("Whoever is known here may start a shop");
    await page.goto("/s/corner-shop/products");
    await expect(page).toHaveURL(/\/sign-in/);
  });

  test("us_02 c_16 without a script it is the same form, and its owner can start another and not leave", async ({ device }) => {
    const { page } = await device({ javaScriptEnabled: false });
    await page.goto("/start");
    await fillIn(page, OWNER);
    await page.getByRole("button", { name: "Start the shop" }).click();
    await expect(page).toHaveURL(/\/s\/corner-shop$/);
    await page.goto("/shops");
    await page.getByText("Leave Corner shop").click();
    await page.getByRole("button", { name: "Leave", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("A shop keeps one owner at least");
    await page.getByRole("link", { name: "Start a new shop" }).click();
    await expect(page.getByRole("main")).toContainText(`You, ${ASHA.login}, will be its owner.`);
    await page.getByLabel("Name of the shop").fill("Market stall");
    await page.getByRole("button", { name: "Start the shop" }).click();
    await expect(page).toHaveURL(/\/s\/market-stall$/);
    await page.goto("/shops");
    await expect(page.getByRole("main").getByRole("link", { name: /Corner shop|Market stall/ })).toHaveCount(2);
  });
});
