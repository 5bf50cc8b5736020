import { expectSameBooks } from "../support/device.ts";
import { asNumber, figureValue, fillIn, row } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import type { Locator, Page } from "@playwright/test";
import type { Daybook } from "../support/daybook.ts";

interface Account {
  balance: number;
  changes: { type: string; amount: number; transfer_id: string | null }[];
}

const ASHA = "ACC-ASHA";
const FUND = "ACC-FUND";

async function balance(daybook: Daybook, id: string): Promise<number> {
  return (await daybook.get<Account>(`/accounts/${id}`)).balance;
}

/** The running column of a statement. */
function running(page: Page): Locator {
  return page.getByTestId("statement").locator("tbody tr td:last-child");
}

test.describe("us_21 customer accounts and transfers", { tag: "@data" }, () => {
  test.beforeEach(async ({ daybook }) => {
    for (const [account_id, title, initial_balance] of [[ASHA, "Asha", 5000], [FUND, "Café fund", 1000]] as const) {
      const opened = await daybook.command("account.open", { account_id, title, owner: "Asha", initial_balance, limit: 1000 });
      expect(opened.body.status).toBe("accepted");
    }
  });

  test("us_21 an account is opened, and what is paid in and taken out runs down its statement to the balance", async ({ daybook, till }) => {
    const page = await till.open("accounts/new");
    await till.expectLive();
    await fillIn(page, { Title: "Bo", Owner: "Bo Berg", "Account number": "ACC-BO", Balance: "10", Limit: "5.50" });
    await page.getByRole("button", { name: "Open the account" }).click();
    await expect(row(page, "Bo Berg")).toHaveAttribute("data-sync", "confirmed", { timeout: 20_000 });
    await page.getByRole("link", { name: "Bo", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Bo");

    const payIn = page.getByRole("form", { name: "Pay in" });
    await payIn.getByLabel("Amount").fill("2.25");
    await payIn.getByLabel("Reference").fill("Deposit");
    await payIn.getByRole("button").click();
    const takeOut = page.getByRole("form", { name: "Take out" });
    await expect(running(page)).toHaveCount(2);
    await takeOut.getByLabel("Amount").fill("17.75");
    await takeOut.getByRole("button").click();
    await expect(running(page)).toHaveCount(3);
    expect((await running(page).allTextContents()).map(asNumber)).toEqual([10, 12.25, -5.5]);
    expect(await figureValue(page, "Balance")).toBe(-5.5);
    expect(await figureValue(page, "Room left")).toBe(0);

    await takeOut.getByLabel("Amount").fill("0.01");
    await takeOut.getByRole("button").click();
    await expect(takeOut.locator(".error")).toHaveText("Not accepted: €0.01 asked for, €0.00 free.");
    await expect(takeOut.getByLabel("Amount")).toHaveValue("0.01");
    await expect.poll(() => balance(daybook, "ACC-BO")).toBe(-550);
    await expectSameBooks(daybook, till);
  });

  test("us_21 a transfer within the balance is one line on each account, also while offline, and the sum stays", async ({ daybook, till }) => {
    const page = await till.open(`accounts/transfer?from=${ASHA}`);
    await till.expectLive();
    await till.goOffline();
    await fillIn(page, { To: FUND, Amount: "40", Reference: "September", "Transfer number": "TR-9" });
    await page.getByRole("button", { name: "Move the money" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Asha");
    const line = page.getByTestId("statement").locator("tr", { hasText: "Transfer TR-9" });
    await expect(line).toHaveAttribute("data-sync", "saved-here");
    expect(await figureValue(page, "Balance")).toBe(10);
    till.goOnline();
    await expect(line).toHaveAttribute("data-sync", "confirmed", { timeout: 20_000 });
    expect([await balance(daybook, ASHA), await balance(daybook, FUND)]).toEqual([1000, 5000]);

    await line.getByRole("link").click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Transfer TR-9");
    await expect(page.getByRole("main")).toContainText("September");
    await expect(page.locator(".timeline li").last()).toContainText("Done");
    await page.getByRole("link", { name: "Café fund" }).click();
    await expect(page.getByTestId("statement").locator("tr", { hasText: "Transfer TR-9" })).toHaveCount(1);
    expect(asNumber(await running(page).last().textContent())).toBe(await figureValue(page, "Balance"));
    await expectSameBooks(daybook, till);
  });

  test("us_21 a transfer over the balance is refused with what is free, the form is kept, and no account changes", async ({ daybook, till }) => {
    const page = await till.open(`accounts/transfer?from=${ASHA}`);
    await till.expectLive();
    const before = await daybook.digest();
    await fillIn(page, { To: FUND, Amount: "60.01" });
    await page.getByRole("button", { name: "Move the money" }).click();
    await expect(page.getByRole("main")).toContainText("€60.01 asked for, €60.00 free");
    await expect(page.getByLabel("Amount")).toHaveValue("60.01");
    await expect(page.getByLabel("Amount")).toBeFocused();
    expect(await daybook.digest()).toEqual(before);
  });

  test("us_21 what was free offline and is gone at the server stays with its reason, and no account changes", async ({ daybook, till }) => {
    const page = await till.open(`accounts/transfer?from=${ASHA}`);
    await till.expectLive();
    await till.goOffline();
    await fillIn(page, { To: FUND, Amount: "55", "Transfer number": "TR-10" });
    await page.getByRole("button", { name: "Move the money" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Asha");
    await daybook.command("account.debit", { account_id: ASHA, amount: 3000 });
    till.goOnline();
    await expect(page.getByTestId("bell")).toHaveAccessibleName("Needs attention, 1", { timeout: 20_000 });
    await page.getByTestId("bell").click();
    await expect(page.locator(".needs [data-command]")).toContainText("€55.00 asked for, €30.00 free");
    expect([await balance(daybook, ASHA), await balance(daybook, FUND)]).toEqual([2000, 1000]);
    await expectSameBooks(daybook, till);
  });

  test("us_21 c_16 a transfer goes through by a plain form, and its number is made where none was typed", async ({ daybook, device }) => {
    const plain = await device({ javaScriptEnabled: false });
    const page = plain.page;
    await page.goto(plain.address(`accounts/transfer?from=${ASHA}`));
    await fillIn(page, { To: FUND, Amount: "1.50" });
    await page.getByRole("button", { name: "Move the money" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Asha");
    await expect(running(page).last()).toHaveText("€48.50");
    expect([await balance(daybook, ASHA), await balance(daybook, FUND)]).toEqual([4850, 1150]);
  });
});
