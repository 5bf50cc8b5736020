import { readFile } from "node:fs/promises";
import { hasBooks, hydrated, keptForOffline } from "../support/device.ts";
import { ASHA, corner, MAREK, signIn } from "../support/people.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const SHOP = "corner";

test.describe("devices of a shop", { tag: "@data" }, () => {
  test("p5 a device that is shut out forgets the books, hands over what it wrote before, and the owner decides", async ({ till, device, daybook }) => {
    await corner(daybook, SHOP);
    const owner = await device();
    await signIn(owner, ASHA, SHOP, "/devices");
    await signIn(till, MAREK, SHOP, "/till");
    await till.expectLive();
    await keptForOffline(till.page, SHOP);
    await till.goOffline();
    const screen = new Till(till);
    for (const nth of [1, 2]) {
      await screen.sell("OAT-1");
      await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
      if (nth === 1) await screen.next();
    }
    const head = (await daybook.logOf(SHOP)).length;

    const { page } = owner;
    await page.goto(`/s/${SHOP}/devices`);
    const row = page.getByTestId("devices").locator("li", { hasText: MAREK.login });
    await row.locator("summary").click();
    await row.getByLabel("Name").fill("Front till");
    await row.getByRole("button", { name: "Save the name" }).click();
    const named = page.getByTestId("devices").locator("li", { hasText: "Front till" });
    await named.locator("summary").click();
    await named.getByRole("button", { name: "Shut it out" }).click();
    await expect(named).toHaveAttribute("data-revoked", "true");

    till.goOnline();
    await expect(till.page.getByRole("heading", { level: 1 })).toHaveText("Shut out of this shop", { timeout: 30_000 });
    await hydrated(till.page);
    await expect(till.chip).toHaveAttribute("data-state", "revoked");
    await expect(till.page.locator("main")).not.toContainText("Oat bread");
    await expect(till.page.locator("main")).toContainText("an owner of the shop decides about it");
    await expect.poll(() => till.page.evaluate(hasBooks, `daybook:${SHOP}`)).toBe(false);
    expect((await daybook.logOf(SHOP)).length, "nothing of it is in the book").toBe(head);

    await page.reload();
    const waiting = page.getByTestId("waiting");
    await expect(waiting.locator("li")).toHaveCount(2);
    await expect(waiting).toContainText(MAREK.login);
    await waiting.locator("li").first().getByRole("button", { name: "Let it in" }).click();
    await expect(page.getByRole("status").filter({ hasText: "decided" })).toBeVisible();
    await waiting.locator("li").first().getByRole("button", { name: "Keep it out" }).click();
    await expect(waiting).toHaveCount(0);
    const sold = (await daybook.logOf(SHOP)).filter((event) => event.type === "SaleRecorded");
    expect(sold.map((event) => (event as { actor?: string }).actor)).toEqual([MAREK.login]);

    // Without a network it is no other page, and what it holds can be carried away.
    till.line.cut();
    await till.page.reload();
    await expect(till.page.getByRole("heading", { level: 1 })).toHaveText("Shut out of this shop", { timeout: 20_000 });
    const saving = till.page.waitForEvent("download");
    await till.page.getByRole("link", { name: /Save .*file/ }).first().click();
    expect(await readFile(await (await saving).path(), "utf8")).toContain("sale.record");
    till.goOnline();
  });

  test("p7 a device that is let in again goes on", async ({ till, device, daybook }) => {
    await corner(daybook, SHOP);
    const owner = await device();
    await signIn(owner, ASHA, SHOP, "/devices");
    await signIn(till, MAREK, SHOP, "/till");
    await till.expectLive();
    const { page } = owner;
    const change = async (name: string, done: string): Promise<void> => {
      await page.goto(`/s/${SHOP}/devices`);
      const row = page.getByTestId("devices").locator("li", { hasText: MAREK.login });
      await row.locator("summary").click();
      await row.getByRole("button", { name }).click();
      await expect(page.getByRole("status").filter({ hasText: done })).toBeVisible();
    };
    await change("Shut it out", "The device is shut out.");
    await expect(till.page.getByRole("heading", { level: 1 })).toHaveText("Shut out of this shop", { timeout: 20_000 });
    await hydrated(till.page);
    await change("Let it in again", "The device may come in again.");
    await till.page.getByRole("button", { name: "Try now" }).click();
    await till.expectLive();
    await till.open(`/s/${SHOP}/till`);
    const screen = new Till(till);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed", { timeout: 10_000 });
  });
});
