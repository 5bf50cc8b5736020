import { readFile } from "node:fs/promises";
import { hasBooks, hydrated, keptForOffline, type Device } from "../support/device.ts";
import type { Daybook, LogEvent } from "../support/daybook.ts";
import { ASHA, corner, fill, MAREK, signIn as signInAt, type Person } from "../support/people.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const SHOP = "corner";

const signIn = (device: Device, person: Person, path: string): Promise<void> => signInAt(device, person, SHOP, path);

const sales = async (daybook: Daybook): Promise<(LogEvent & { actor: string })[]> =>
  (await daybook.logOf(SHOP)).filter((event) => event.type === "SaleRecorded");

/** What the session that the device has now opens, whatever becomes of the cookie on it. */
async function underItsSession(device: Device, daybook: Daybook): Promise<() => Promise<number>> {
  const session = (await device.context.cookies()).find((cookie) => cookie.name.includes("session"));
  const headers = { cookie: `${session?.name}=${session?.value}` };
  return async () => (await fetch(`${daybook.origin}/api/v1/shops/${SHOP}/products`, { headers })).status;
}

test.describe("us_14 signing in and out", { tag: "@data" }, () => {
  test("us_14 a shop with people asks who is there, and a wrong password is answered as an unknown login is", async ({ till, daybook }) => {
    await corner(daybook, SHOP);
    const { page } = till;
    await page.goto(`/s/${SHOP}/products?q=oat`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
    const answers = [];
    for (const wrong of [{ ...ASHA, password: "another password" }, { login: "nobody", password: ASHA.password }]) {
      await fill(page, wrong);
      await expect(page.getByRole("alert")).toBeVisible();
      answers.push(await page.getByRole("alert").textContent());
    }
    expect(answers[1]).toBe(answers[0]);
    await fill(page, ASHA);
    await expect(page, "where they wanted to go").toHaveURL(/\/s\/corner\/products\?q=oat$/);
    await hydrated(page);
    await till.expectLive();
    await expect(page.getByText("Oat bread").first()).toBeVisible();

    await till.open(`/s/${SHOP}/device`);
    await expect(page.getByTestId("signed-in-as")).toHaveText(`${ASHA.login}, owner`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    await page.goto(`/s/${SHOP}`);
    await expect(page).toHaveURL(/\/sign-in\?next=/);
  });

  test("us_14 selling goes on when the session ends, and signing in sends what waits without a reload", async ({ till, daybook }) => {
    await corner(daybook, SHOP);
    await signIn(till, ASHA, "/till");
    await till.expectLive();
    await till.page.evaluate(() => void Object.assign(window, { stillHere: true }));
    await daybook.person(SHOP, "owner", { ...ASHA, password: "another horse battery" });
    await expect(till.chip).toHaveAttribute("data-state", "sign-in", { timeout: 10_000 });

    const screen = new Till(till);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await screen.next();
    await screen.sell("OAT-1");
    await expect(till.chip).toContainText("Sign in to send 2");
    expect(await sales(daybook)).toEqual([]);

    const other = await till.context.newPage();
    await other.goto(`/s/${SHOP}`);
    await fill(other, { ...ASHA, password: "another horse battery" });
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed", { timeout: 15_000 });
    await till.expectLive();
    expect(await till.page.evaluate(() => "stillHere" in window)).toBe(true);
    expect((await sales(daybook)).map((sale) => sale.actor)).toEqual([ASHA.login, ASHA.login]);
  });

  test("us_14 signing out by a form that no script has seen takes the copy of the books away too", async ({ till, daybook }) => {
    await corner(daybook, SHOP);
    await signIn(till, ASHA, "/device");
    const { page } = till;
    await till.expectLive();
    await keptForOffline(page, SHOP);
    // As a press before the page is alive sends it: `submit()` tells no listener.
    await page.evaluate(() => document.querySelector<HTMLFormElement>("form[action='/session/end']")?.submit());
    await expect(page).toHaveURL(/\/sign-in$/);
    // The server's word to the page goes when all is done.
    await expect.poll(() => page.evaluate(() => document.cookie)).not.toContain("daybook_out");
    expect(await page.evaluate(hasBooks, `daybook:${SHOP}`)).toBe(false);
    expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith(":person")))).toEqual([]);
    await hydrated(page);

    till.line.cut();
    await page.goto(`/s/${SHOP}`);
    await expect(page.getByText("Not on this device yet")).toBeVisible();
    await expect(page.getByText("Oat bread")).toHaveCount(0);
  });

  test("us_14 whoever signs out is asked about what is not sent, and nobody else sends it", async ({ till, daybook }) => {
    await corner(daybook, SHOP);
    await signIn(till, ASHA, "/device");
    const { page } = till;
    await till.expectLive();
    await page.getByRole("button", { name: "Work offline" }).click();
    await till.open(`/s/${SHOP}/till`);
    const screen = new Till(till);
    await screen.sell("OAT-1");
    await screen.next();
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");

    await till.open(`/s/${SHOP}/device`);
    await expect(till.chip).toContainText("2 saved here");
    const question = page.getByTestId("sign-out-question");
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(question.getByRole("heading")).toHaveText("2 changes are not sent");
    await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
    const saving = page.waitForEvent("download");
    await question.getByRole("link", { name: "Save a file" }).click();
    const saved = await readFile(await (await saving).path(), "utf8");
    expect(saved.match(/sale\.record/g)).toHaveLength(2);
    await question.getByRole("button", { name: "Cancel" }).click();
    await expect(question).toBeHidden();

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await question.getByRole("button", { name: "Keep them here and sign out" }).click();
    await expect(page).toHaveURL(/\/sign-in$/);

    await signIn(till, MAREK, "/device");
    await page.getByRole("button", { name: "Work offline" }).click();
    await till.expectLive();
    await expect(page.getByTestId("of-others")).toContainText("2 changes of somebody else wait here");
    await expect(page.getByText("Nothing waits here.")).toBeVisible();
    await till.open(`/s/${SHOP}/till`);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    expect((await sales(daybook)).map((sale) => sale.actor)).toEqual([MAREK.login]);

    await till.open(`/s/${SHOP}/device`);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    await signIn(till, ASHA, "/device");
    await till.expectLive();
    await expect(async () => {
      expect((await sales(daybook)).map((sale) => sale.actor)).toEqual([MAREK.login, ASHA.login, ASHA.login]);
    }).toPass({ timeout: 15_000 });
  });

  test("us_14 whoever signs out without a network leaves nothing but what they wrote, and is out with the next contact", async ({ till, daybook }) => {
    await corner(daybook, SHOP);
    await signIn(till, ASHA, "/till");
    const { page } = till;
    await till.expectLive();
    await keptForOffline(page, SHOP);
    const second = await till.context.newPage();
    await till.open(`/s/${SHOP}/products`, second);
    const mayRead = await underItsSession(till, daybook);
    expect(await mayRead()).toBe(200);

    await till.goOffline();
    const screen = new Till(till);
    await screen.sell("OAT-1");
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await till.open(`/s/${SHOP}/device`);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByTestId("sign-out-question").getByRole("button", { name: "Keep them here and sign out" }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    await expect(page.getByText("has signed out, and the book has not heard of it yet")).toBeVisible();
    await expect(second, "the other tab shows nothing of theirs either").toHaveURL(/\/sign-in$/);

    expect(await page.evaluate(hasBooks, `daybook:${SHOP}`), "the copy of the books is gone").toBe(false);
    const kept = await page.evaluate(async () => ({ local: Object.keys(localStorage), caches: await caches.keys() }));
    expect(kept.local.filter((key) => key.endsWith(":person"))).toEqual([]);
    expect(kept.caches).not.toContain("daybook-pictures");
    for (const path of [`/s/${SHOP}/products`, `/s/${SHOP}`]) {
      await page.goto(path);
      await expect(page).toHaveURL(/\/sign-in$/);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
      await expect(page.getByText("Oat bread")).toHaveCount(0);
    }
    expect(await mayRead(), "the server has not heard of it").toBe(200);

    till.goOnline();
    await expect.poll(mayRead, { timeout: 15_000 }).toBe(401);
    await expect(page.getByText("has not heard of it yet")).toHaveCount(0);
    expect(await sales(daybook)).toEqual([]);
    await signIn(till, ASHA, "/device");
    await expect(async () => {
      expect((await sales(daybook)).map((sale) => sale.actor), "and what they wrote is sent when they come back").toEqual([ASHA.login]);
    }).toPass({ timeout: 15_000 });
  });

  test("us_14 whoever has signed out without a network is out on pages of no shop too", async ({ till, daybook }) => {
    await corner(daybook, SHOP);
    await signIn(till, ASHA, "/device");
    const { page } = till;
    await till.expectLive();
    await keptForOffline(page, SHOP);
    const mayRead = await underItsSession(till, daybook);
    await till.goOffline();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    await expect(page.getByText("has signed out, and the book has not heard of it yet")).toBeVisible();

    for (const path of ["/shops", "/password", "/start"]) {
      await page.goto(path);
      await expect(page, "without a network").toHaveURL(/\/sign-in$/);
    }
    // No page is there to tell the server.
    await page.goto("about:blank");
    till.line.heal();
    await page.goto("/shops");
    await expect(page.getByText("Nobody is signed in on this device.")).toBeVisible();
    await expect(page.getByText("Corner shop")).toHaveCount(0);
    expect(await mayRead(), "the server was told first").toBe(401);
  });
});
