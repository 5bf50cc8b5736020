import { expect, test } from "../support/test.ts";
import { BREAD, COFFEE } from "../support/demo.ts";
import { keptForOffline } from "../support/device.ts";
import { shares, type WithPin } from "../support/people.ts";
import { Till } from "../support/screens.ts";
import type { Daybook } from "../support/daybook.ts";

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

const SHOP = "corner";
const ASHA: WithPin = { login: "asha", password: "correct horse battery", pin: "2580" };
const MAREK: WithPin = { login: "marek", password: "staple under the stairs", pin: "314159" };

/** Bread at 4.20, and a customer who may put 5.00 on account. */
async function shopWithACustomer(daybook: Daybook): Promise<void> {
  await daybook.createShop(SHOP, "--title", "Corner shop");
  await daybook.as(SHOP, "product.add", { sku: "OAT-1", name: "Oat bread", price: 420 });
  await daybook.as(SHOP, "stock.receive", { batchref: "B-1", sku: "OAT-1", qty: 20 });
  await daybook.as(SHOP, "account.open", { account_id: "SCHOOL", title: "School kitchen", owner: "Ida", initial_balance: 0, limit: 500 });
  await daybook.person(SHOP, "manager", ASHA);
  await daybook.person(SHOP, "seller", MAREK);
}

const entries = async (daybook: Daybook): Promise<string[]> =>
  (await daybook.logOf(SHOP)).filter(({ type }) => /^Sale(Approved|Recorded)$/.test(type)).map(({ type, actor }) => `${type} ${actor}`);

test.describe("us_22 a seller at a limit", { tag: "@data" }, () => {
  test("us_22 going over it asks for a manager's PIN, with and without a network; the sale lands and one thing needs a person", async ({ till, daybook }) => {
    await shopWithACustomer(daybook);
    for (const person of [ASHA, MAREK]) await shares(till, person, SHOP);
    const { page } = till;
    await till.open(`/s/${SHOP}/till`);
    await till.expectLive();
    const screen = new Till(till);
    const pin = page.getByLabel("Their PIN");

    await screen.add("OAT-1");
    await screen.account.selectOption("SCHOOL");
    await expect(page.getByTestId("till-room")).toContainText("€5.00 may go on it");
    await expect(pin, "this much may go on it").toHaveCount(0);
    await page.getByRole("button", { name: "One more Oat bread" }).click();
    await expect(page.getByTestId("till-over")).toContainText("Somebody who leads has to agree");
    await expect(page.getByLabel("Manager"), "he may not agree himself").toHaveText(/^asha, manager$/i);
    await screen.onAccount.click();
    await expect(pin, "nothing is sold without one").toHaveAttribute("aria-invalid", "true");
    await expect(pin).toBeFocused();
    await pin.fill("1397");
    await screen.onAccount.click();
    await expect(page.locator(".field", { has: pin })).toContainText("Is not this person’s");
    await expect(screen.lines).toHaveCount(1);
    expect(await entries(daybook)).toEqual([]);
    await pin.fill(ASHA.pin);
    await screen.onAccount.click();
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/);
    const first = [`SaleApproved ${ASHA.login}`, `SaleRecorded ${MAREK.login}`];
    expect(await entries(daybook)).toEqual(first);

    await keptForOffline(page, SHOP);
    await till.goOffline();
    await screen.next();
    await screen.add("OAT-1");
    await screen.account.selectOption("SCHOOL");
    await expect(pin, "what was typed before is gone").toHaveValue("");
    await pin.fill(ASHA.pin);
    await screen.onAccount.click();
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    till.goOnline();
    await till.expectLive();
    await expect.poll(() => entries(daybook), { timeout: 20_000 }).toEqual([...first, ...first]);

    await till.open(`/s/${SHOP}/attention`);
    await expect(page.getByRole("main").getByText("School kitchen")).toHaveCount(1);
    await till.open(`/s/${SHOP}/book`);
    await expect(page.getByRole("main")).toContainText(/Agreed to .+ over the limit: €8\.40 on .*School kitchen/);
  });

  test("us_22 where nobody who may agree has a PIN, it says so, and the sale is kept", async ({ till, daybook }) => {
    await shopWithACustomer(daybook);
    await shares(till, MAREK, SHOP);
    await till.open(`/s/${SHOP}/till`);
    await till.expectLive();
    const screen = new Till(till);
    await screen.add("OAT-1");
    await till.page.getByRole("button", { name: "One more Oat bread" }).click();
    await screen.account.selectOption("SCHOOL");
    await expect(till.page.getByRole("main")).toContainText("Nobody who may agree has a PIN on this device");
    await screen.onAccount.click();
    await expect(till.page.getByRole("alert")).toContainText("PIN: must be typed by somebody who may agree");
    await expect(screen.lines).toHaveCount(1);
    await screen.cash.click();
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/);
  });
});
