import type { Page } from "@playwright/test";
import { hydrated } from "../support/device.ts";
import { fillIn } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const PASSWORD = "correct horse battery";

async function newcomer(page: Page, login: string, name: string): Promise<void> {
  await fillIn(page, { "E-mail or name to sign in with": login, "Name, as others read it": name, Password: PASSWORD });
}

test.describe("people of a shop", { tag: "@data" }, () => {
  test("an open shop is made somebody's, who invites, gives another role, and removes", async ({ till, device, daybook }) => {
    await daybook.createShop("corner", "--title", "Corner shop");
    const { page } = till;
    await page.goto("/s/corner/people");
    await newcomer(page, "asha@corner.example", "Asha");
    await page.getByRole("button", { name: "Become the owner" }).click();
    await expect(page.getByTestId("members")).toContainText("Asha (you)");

    await page.getByLabel("Role").last().selectOption("seller");
    await page.getByRole("button", { name: "Make an invite" }).click();
    const invitation = await page.getByTestId("invitation").getAttribute("href");
    await expect(page.getByTestId("invites")).toContainText("seller");

    const other = await device();
    await other.page.goto("/s/corner");
    await expect(other.page, "it asks everybody now").toHaveURL(/\/sign-in/);
    await other.page.goto(invitation ?? "");
    await expect(other.page.getByTestId("invited")).toContainText("Corner shop");
    await newcomer(other.page, "marek", "Marek");
    await other.page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(other.page).toHaveURL(/\/s\/corner$/);
    await hydrated(other.page);
    await other.expectLive();

    await page.goto("/s/corner/people");
    const marek = page.getByTestId("members").locator("li", { hasText: "Marek" });
    await marek.locator("summary").click();
    await marek.getByLabel("Role").selectOption("reader");
    await marek.getByRole("button", { name: "Save the role" }).click();
    await expect(marek).toContainText("reader");
    await marek.locator("summary").click();
    await marek.getByRole("button", { name: "Remove from the shop" }).click();
    await expect(marek).toHaveCount(0);
    await expect(other.chip, "and the open page hears of it").toHaveAttribute("data-state", "sign-in", { timeout: 10_000 });
  });
});
