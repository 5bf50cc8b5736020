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
    expect(invitation, "the whole address").toMatch(/^http:\/\/.+\/join\/daybook_/);
    expect(page.url(), "and not in the address bar").not.toContain("daybook_");
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
    await expect(marek.locator(".note")).toContainText("reader");
    await marek.locator("summary").click();
    await marek.getByRole("button", { name: "Password forgotten: make a link" }).click();
    const link = await page.getByTestId("invitation").getAttribute("href");
    await page.reload();
    await expect(page.getByTestId("invitation"), "shown once").toHaveCount(0);
    const third = await device();
    await third.page.goto(link ?? "");
    await third.page.getByLabel("New password").fill("another horse battery");
    await third.page.getByRole("button", { name: "Set the password" }).click();
    await expect(third.page.getByRole("status")).toContainText("Sign in with it");
    await fillIn(third.page, { "E-mail or name": "marek", Password: "another horse battery" });
    await third.page.getByRole("button", { name: "Sign in" }).click();
    await expect(third.page).toHaveURL(/\/s\/corner$/);
    await third.page.goto("/password");
    await expect(third.page.getByTestId("sessions").locator("li")).toHaveCount(1);

    await marek.locator("summary").click();
    await marek.getByRole("button", { name: "Remove from the shop" }).click();
    await expect(marek).toHaveCount(0);
    await expect(other.chip, "and the open page hears of it").toHaveAttribute("data-state", "sign-in", { timeout: 10_000 });
  });
});
