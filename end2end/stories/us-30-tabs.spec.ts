import type { Page } from "@playwright/test";
import type { Daybook } from "../support/daybook.ts";
import { hydrated, keptForOffline, type Device } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { expect, test } from "../support/test.ts";

const chip = (page: Page) => page.getByTestId("conn-chip");

/** One more tab on the till. */
async function tab(till: Device): Promise<Page> {
  return till.open("till", await till.context.newPage());
}

async function sell(page: Page): Promise<string> {
  const next = page.getByRole("link", { name: "Next sale" });
  if (await next.isVisible()) await next.click();
  await page.getByRole("searchbox").fill(BREAD.sku);
  await page.locator(".till-results").getByRole("button").filter({ hasText: BREAD.sku }).click();
  await page.getByRole("button", { name: "Cash" }).click();
  const number = page.getByTestId("receipt-number");
  await expect(number).toBeVisible();
  await expect(page.getByTestId("receipt")).toHaveAttribute("data-sync", /saved-here|sending|confirmed/);
  return ((await number.textContent()) ?? "").trim();
}

async function salesInTheBook(daybook: Daybook): Promise<unknown[]> {
  return (await daybook.events()).filter((event) => event.type === "SaleRecorded").map((event) => event.data["sale_id"]);
}

async function openFeeds(daybook: Daybook): Promise<number> {
  const metrics = await (await fetch(`${daybook.origin}/metrics`)).text();
  return Number(/^daybook_feed_clients (\d+)$/m.exec(metrics)?.[1] ?? "0");
}

/** The process behind a tab is gone, as when the system has no memory left. */
async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  const session = await page.context().newCDPSession(page);
  // Never answered: there is nobody left to do so.
  void session.send("Page.crash").catch(() => undefined);
  await crashed;
  await page.close();
}

test.describe("us_30 tabs", () => {
  test("us_30 two tabs: one sale is sent once, both show it confirmed, and closing the sender hands over", async ({ till, daybook }) => {
    const first = await till.open("till");
    const second = await tab(till);
    await till.expectLive();
    await expect(chip(second)).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    expect(await openFeeds(daybook), "one feed for the browser").toBe(1);

    await till.goOffline();
    const number = await sell(second);
    for (const page of [first, second]) await expect(chip(page)).toContainText("1 saved here");
    till.goOnline();
    await expect(second.getByTestId("receipt")).toHaveAttribute("data-sync", "confirmed", { timeout: 40_000 });
    for (const page of [first, second]) await expect(chip(page)).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    expect((await salesInTheBook(daybook)).filter((sale) => sale === number)).toHaveLength(1);

    // The first tab was there first, so it leads.
    await first.close();
    const another = await sell(second);
    await expect(second.getByTestId("receipt")).toHaveAttribute("data-sync", "confirmed", { timeout: 20_000 });
    expect((await salesInTheBook(daybook)).filter((sale) => sale === another)).toHaveLength(1);
    await expect.poll(() => openFeeds(daybook)).toBe(1);
  });

  test("f14 us_30 eight tabs whose leader is killed again and again lose nothing and double nothing", async ({ till, daybook }) => {
    test.setTimeout(180_000);
    let tabs = [await till.open("till")];
    while (tabs.length < 8) tabs.push(await tab(till));
    await till.expectLive();
    const sold: string[] = [];
    for (let round = 0; round < 7; round += 1) {
      const [leader, ...others] = tabs;
      if (!leader) throw new Error("no tab is left");
      for (const page of others.slice(0, 2)) sold.push(await sell(page));
      await crash(leader);
      tabs = others;
    }
    const last = tabs[0];
    if (!last) throw new Error("no tab is left");
    sold.push(await sell(last));
    await expect(last.getByTestId("receipt")).toHaveAttribute("data-sync", "confirmed", { timeout: 40_000 });
    await expect(chip(last)).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    const book = await salesInTheBook(daybook);
    for (const number of sold) expect(book.filter((sale) => sale === number), number).toHaveLength(1);
    await expect.poll(() => openFeeds(daybook)).toBe(1);
  });

  test("f12 a tab that crashes between two sales loses neither", async ({ till, daybook }) => {
    test.setTimeout(120_000);
    let page = await till.open("till");
    await till.expectLive();
    await keptForOffline(page);
    await till.goOffline();
    const sold: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      sold.push(await sell(page));
      const next = await till.context.newPage();
      await crash(page);
      page = next;
      await page.goto(till.address("till"));
      await hydrated(page);
      await expect(chip(page)).toContainText(`${sold.length} saved here`);
    }
    till.goOnline();
    await expect(chip(page)).toHaveAttribute("data-state", "live", { timeout: 60_000 });
    const book = await salesInTheBook(daybook);
    for (const number of sold) expect(book.filter((sale) => sale === number), number).toHaveLength(1);
  });
});
