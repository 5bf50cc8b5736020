import { type Device } from "../support/device.ts";
import type { Daybook } from "../support/daybook.ts";
import { ASHA, corner, MAREK, signIn } from "../support/people.ts";
import { expectWithin } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const SHOP = "corner";

/** Marek has counted on a role that he has no more: the price that he wrote offline is refused. */
async function refusedOfMarek(daybook: Daybook, till: Device): Promise<void> {
  await corner(daybook, SHOP, "manager");
  await signIn(till, MAREK, SHOP, "/products/OAT-1");
  await till.expectLive();
  await till.goOffline();
  const details = till.page.getByRole("form", { name: "Details" });
  await details.getByLabel("Price").fill("4.50");
  await details.getByRole("button", { name: "Save changes" }).click();
  await expect(till.chip).toContainText("1 saved here");
  await daybook.role(SHOP, MAREK.login, "seller");
  till.goOnline();
  await expect(till.page.getByTestId("bell")).toHaveAttribute("aria-label", "Needs attention, 1", { timeout: 20_000 });
}

test.describe("us_10 the tray of the shop", { tag: "@data" }, () => {
  test("us_10 whoever leads sees what was refused to others, and what they give up goes from its author's tray", async ({ till, device, daybook }) => {
    await refusedOfMarek(daybook, till);
    const office = await device();
    await signIn(office, ASHA, SHOP, "");
    await expect(office.page.getByRole("link", { name: "1 thing in the shop needs a person" })).toBeVisible();
    await office.page.goto(`/s/${SHOP}/attention`);
    await office.expectLive();
    const item = office.page.locator("section", { hasText: "Of others" }).locator(".needs > li");
    await expect(item).toContainText("Change product Oat bread");
    await expect(item).toContainText(/Not accepted: .*manager/);
    await expect(item).toContainText(new RegExp(`${MAREK.login} on [A-Z]\\d+`));
    await expect(office.page.getByTestId("bell"), "it is not this device's").toHaveAccessibleName("Needs attention");

    await item.locator("summary", { hasText: "Give it up" }).click();
    await expectWithin(office.page, item.locator("details[open] > div"));
    await item.getByRole("button", { name: "Done another way" }).click();
    await expect(item).toHaveCount(0);
    await expect(till.page.getByTestId("bell")).toHaveAccessibleName("Needs attention", { timeout: 20_000 });
    const given = async (): Promise<string[]> =>
      (await daybook.logOf(SHOP)).filter((event) => event.type === "Declined").map((event) => event.actor);
    expect(await given()).toEqual([ASHA.login]);
    await till.page.goto(`/s/${SHOP}/device`);
    await expect(till.page.locator("[data-command][data-sync=discarded]")).toContainText(
      new RegExp(`Discarded by ${ASHA.login} .*: Done another way`),
    );
  });

  test("us_09 what its author sends again goes from the tray of the shop", async ({ till, device, daybook }) => {
    await refusedOfMarek(daybook, till);
    const office = await device();
    await signIn(office, ASHA, SHOP, "/attention");
    await office.expectLive();
    const items = office.page.locator("section", { hasText: "Of others" }).locator(".needs > li");
    await expect(items).toHaveCount(1);
    const [refused] = (await daybook.logOf(SHOP)).filter((event) => event.type === "Refused");
    await daybook.role(SHOP, MAREK.login, "manager");
    await till.page.goto(`/s/${SHOP}/attention`);
    await till.expectLive();
    await till.page.getByRole("button", { name: "Try again" }).click();
    await expect(items).toHaveCount(0, { timeout: 20_000 });
    const last = (await daybook.logOf(SHOP)).at(-1);
    expect([last?.type, last?.data]).toEqual(["ProductChanged", expect.objectContaining({ price: 450, replaces: refused?.command_id })]);
  });
});
