import { expect, test } from "../support/test.ts";
import { BREAD, COFFEE } from "../support/demo.ts";
import { keptForOffline } from "../support/device.ts";
import { Till } from "../support/screens.ts";

interface Account {
  balance: number;
}

/** Bread costs 4.20 and coffee more, so the second of both is beyond it. */
const LIMIT = 2_000;

test.describe("us_22 limit in sight at the till", { tag: "@data" }, () => {
  test.beforeEach(async ({ daybook }) => {
    const opened = await daybook.command("account.open", { account_id: "SCHOOL", title: "School kitchen", owner: "Asha Berg", initial_balance: 0, limit: LIMIT });
    expect(opened.body.status).toBe("accepted");
  });

  test("us_22 choosing a customer shows what may still go on it, and a sale beyond that is written down and listed", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await screen.add(BREAD.sku);
    await screen.account.selectOption("SCHOOL");
    const room = till.page.getByTestId("till-room");
    await expect(room).toHaveText("Balance €0.00, limit €20.00: €20.00 may go on it.");
    await expect(till.page.getByTestId("till-over")).toHaveCount(0);
    await screen.onAccount.click();
    await expect(screen.receipt).toContainText("On account: School kitchen (SCHOOL)");
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/);
    const { balance } = await daybook.get<Account>("/accounts/SCHOOL");
    expect(balance).toBeLessThan(0);

    await screen.next();
    for (const sku of [BREAD.sku, COFFEE.sku]) await screen.add(sku);
    await till.page.getByRole("button", { name: `One more ${COFFEE.name}` }).click();
    await till.page.getByRole("button", { name: `One more ${COFFEE.name}` }).click();
    await expect(screen.account, "nobody is chosen for the next one").toHaveValue("");
    await screen.account.selectOption("SCHOOL");
    await expect(till.page.getByTestId("till-over")).toContainText("more than may go on it");
    await screen.onAccount.click();
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/);
    expect((await daybook.get<Account>("/accounts/SCHOOL")).balance).toBeLessThan(-LIMIT);
    await till.open("attention");
    await expect(till.page.getByRole("main")).toContainText("School kitchen");
  });

  test("us_22 offline it works alike, and says how old the numbers are", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await keptForOffline(till.page);
    await till.goOffline();
    await screen.add(BREAD.sku);
    await screen.account.selectOption("SCHOOL");
    await expect(till.page.getByTestId("till-room")).toContainText(/€20\.00 may go on it\. As of .+\./);
    await screen.onAccount.click();
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await screen.next();
    await screen.add(BREAD.sku);
    await screen.account.selectOption("SCHOOL");
    await expect(till.page.getByTestId("till-room"), "what is only saved here counts").not.toContainText("€20.00 may");
    till.goOnline();
    await expect.poll(async () => (await daybook.get<Account>("/accounts/SCHOOL")).balance, { timeout: 40_000 }).toBeLessThan(0);
  });

  test("us_22 on nobody's account it is refused at the field, with the sale kept", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await screen.add(BREAD.sku);
    await screen.onAccount.click();
    await expect(screen.account).toHaveAttribute("aria-invalid", "true");
    await expect(till.page.locator(".field", { has: screen.account })).toContainText("Must be chosen first.");
    await expect(screen.account).toBeFocused();
    await expect(screen.lines).toHaveCount(1);
  });

  test("us_22 c_16 without a script: the choice says what is left, nobody's comes back with the sale, a customer's is written down", async ({ daybook, device }) => {
    const it = await device({ javaScriptEnabled: false });
    await it.page.goto(it.address(`till?basket=${BREAD.sku}*1`));
    const screen = new Till(it);
    await expect(screen.account.locator("option", { hasText: "School kitchen" })).toHaveText("School kitchen · Asha Berg: €20.00 left");
    await screen.onAccount.click();
    await expect(it.page.getByRole("alert")).toContainText("Account: must be chosen first");
    await expect(screen.lines).toHaveCount(1);
    await screen.account.selectOption("SCHOOL");
    await screen.onAccount.click();
    await expect(screen.receipt).toContainText("On account: School kitchen (SCHOOL)");
    expect((await daybook.get<Account>("/accounts/SCHOOL")).balance).toBeLessThan(0);
  });
});
