import type { Page } from "@playwright/test";
import { hydrated, keptForOffline, type Device } from "../support/device.ts";
import type { Daybook } from "../support/daybook.ts";
import { shares, type WithPin } from "../support/people.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const SHOP = "corner";
const ASHA: WithPin = { login: "asha", password: "correct horse battery", pin: "2580" };
const MAREK: WithPin = { login: "marek", password: "staple under the stairs", pin: "314159" };

async function trySwitching(page: Page, { login, pin }: Omit<WithPin, "password">): Promise<void> {
  await page.getByTestId("who-is-here").click();
  await page.getByRole("radio", { name: new RegExp(`^${login}`, "i") }).check();
  await page.getByLabel("PIN", { exact: true }).fill(pin);
  await page.getByRole("button", { name: "Switch" }).click();
}

async function switchTo(device: Device, person: WithPin): Promise<Till> {
  const { page } = device;
  const { login } = person;
  await trySwitching(page, person);
  await expect(page).toHaveURL(new RegExp(`/s/${SHOP}/till$`), { timeout: 20_000 });
  await hydrated(page);
  await expect(page.getByTestId("who-is-here")).toContainText(login);
  return new Till(device);
}

/** Who was here last is Marek. */
async function bothWithPins(daybook: Daybook, till: Device): Promise<void> {
  await daybook.person(SHOP, "manager", ASHA);
  await daybook.person(SHOP, "seller", MAREK);
  for (const person of [ASHA, MAREK]) await shares(till, person, SHOP);
}

/** What the page derives from a PIN is not ready before `window.release()`. */
function derivesSlowly(): void {
  const derive = SubtleCrypto.prototype.deriveBits;
  const released = new Promise<void>((resolve) => Object.assign(window, { release: resolve }));
  SubtleCrypto.prototype.deriveBits = async function (...asked) {
    const derived = await derive.apply(this, asked);
    await released;
    return derived;
  };
}

const sellers = async (daybook: Daybook): Promise<string[]> =>
  (await daybook.logOf(SHOP)).filter((event) => event.type === "SaleRecorded").map((event) => event.actor);

test.describe("one till, two people", { tag: "@data" }, () => {
  test("us_14 they switch by PIN, with and without a network, and each sale has its own name", async ({ till, daybook }) => {
    await daybook.createShop(SHOP, "--title", "Corner shop");
    await daybook.as(SHOP, "product.add", { sku: "OAT-1", name: "Oat bread", price: 420 });
    await daybook.as(SHOP, "stock.receive", { batchref: "B-1", sku: "OAT-1", qty: 20 });
    await bothWithPins(daybook, till);
    const { page } = till;

    let screen = await switchTo(till, ASHA);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    expect(await sellers(daybook)).toEqual([ASHA.login]);
    await trySwitching(page, { ...MAREK, pin: "1397" });
    await expect(page.getByRole("alert")).toContainText("This is not the PIN");
    await expect(page.getByTestId("who-is-here")).toContainText(ASHA.login);

    await keptForOffline(page, SHOP);
    await till.goOffline();
    screen = await switchTo(till, MAREK);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    screen = await switchTo(till, ASHA);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await expect(till.chip, "both wait on the one screen").toContainText("2 saved here");
    screen = await switchTo(till, MAREK);

    till.goOnline();
    await till.expectLive();
    await expect(async () => {
      expect((await sellers(daybook)).sort()).toEqual([ASHA.login, ASHA.login, MAREK.login]);
    }).toPass({ timeout: 20_000 });

    // The server still takes this browser for Asha's, and Marek says by his PIN that it is his now.
    await till.open(`/s/${SHOP}/till`);
    await expect(page.getByTestId("who-is-here")).toContainText(MAREK.login);
    await expect(page.getByTestId("not-heard-of")).toContainText("asha");
    screen = await switchTo(till, MAREK);
    await expect(page.getByTestId("not-heard-of")).toHaveCount(0);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    expect((await sellers(daybook)).at(-1)).toBe(MAREK.login);
  });
  // The server ends the feed of whoever was here, and the page asks who is here now while it still keeps the PIN.
  test("us_14 the page on which somebody switches goes on to the till, whatever it hears of them before", async ({ till, daybook }) => {
    await daybook.createShop(SHOP, "--title", "Corner shop");
    await bothWithPins(daybook, till);
    const { page } = till;
    await page.addInitScript(derivesSlowly);
    await till.open(`/s/${SHOP}/switch`);
    await till.expectLive();
    let isMadeAnew = false;
    page.on("framenavigated", () => (isMadeAnew = true));
    await trySwitching(page, ASHA);
    await expect(till.chip, "Marek's feed has ended").not.toHaveAttribute("data-state", "live");
    // What the page asks because of that is answered before this.
    await page.evaluate(() => fetch("/healthz").then((answer) => answer.text()));
    expect(isMadeAnew, "a reload would take the place of the till").toBe(false);
    await page.evaluate(() => (window as unknown as { release: () => void }).release());
    await expect(page).toHaveURL(new RegExp(`/s/${SHOP}/till$`));
    await hydrated(page);
    await expect(page.getByTestId("who-is-here")).toContainText(ASHA.login);
  });
});
