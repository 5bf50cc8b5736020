import type { Page } from "@playwright/test";
import { hydrated, type Device } from "../support/device.ts";
import type { Daybook } from "../support/daybook.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

const chip = (page: Page) => page.getByTestId("conn-chip");
const expectState = (page: Page, state: string | RegExp, timeout = 10_000) =>
  expect(chip(page)).toHaveAttribute("data-state", state, { timeout });

async function openFeeds(daybook: Daybook): Promise<number> {
  const metrics = await (await fetch(`${daybook.origin}/metrics`)).text();
  return Number(/^daybook_feed_clients (\d+)$/m.exec(metrics)?.[1] ?? "0");
}

/** Two tabs of one browser, the first of which leads. */
async function twoTabs(till: Device): Promise<[Page, Page]> {
  const first = await till.open("device");
  await till.expectLive();
  const second = await till.open("device", await till.context.newPage());
  await expectState(second, "live", 20_000);
  return [first, second];
}

const press = (page: Page, name: string) => page.getByRole("button", { name }).click();

test.describe("us_30 tabs show the same", () => {
  test("us_30 work offline in any tab is work offline in all of them, also after a reload, until somebody ends it", async ({ till, daybook }) => {
    const [first, second] = await twoTabs(till);
    await press(second, "Work offline");
    for (const page of [first, second]) await expectState(page, "paused");
    await expect.poll(() => openFeeds(daybook), "and it is not only said").toBe(0);

    await first.reload();
    await hydrated(first);
    const third = await till.open("device", await till.context.newPage());
    for (const page of [first, second, third]) await expectState(page, "paused");

    await press(third, "Work offline");
    for (const page of [first, second, third]) await expectState(page, "live", 20_000);
    await expect.poll(() => openFeeds(daybook)).toBe(1);
  });

  test("us_30 a server that is gone is gone for all tabs at once, and Try now in any of them moves the one that leads", async ({ till, daybook }) => {
    test.setTimeout(60_000);
    const [first, second] = await twoTabs(till);
    await daybook.down("SIGKILL");
    for (const page of [first, second]) await expectState(page, "unreachable", 20_000);
    await daybook.up();
    await press(second, "Try now");
    for (const page of [first, second]) await expectState(page, "live", 5_000);
  });

  test("f15 us_30 a leading tab that is frozen hands over: never two feeds, and the other one goes on", async ({ till, daybook }) => {
    test.setTimeout(60_000);
    const [first, second] = await twoTabs(till);
    await second.bringToFront();
    const session = await till.context.newCDPSession(first);
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    await expectState(second, "live", 20_000);
    const sale = { sale_id: "Z9-0001", lines: [{ sku: BREAD.sku, qty: 1, price: 250 }], payment: "cash" };
    const { body } = await daybook.command("sale.record", sale);
    await expect(second.getByTestId("ours-position"), "it hears by its own feed").toHaveText(`#${body.head}`, { timeout: 5_000 });
    await session.send("Page.setWebLifecycleState", { state: "active" });
    await expectState(first, "live", 20_000);
    await expect.poll(() => openFeeds(daybook)).toBe(1);
    expect(till.line.mostFeeds, "feeds of this browser at once").toBe(1);
  });

  test("us_15 us_30 a following tab does not take back what the leading one may have sent", async ({ till, daybook }) => {
    await twoTabs(till);
    const page = await till.open("till", await till.context.newPage());
    await expectState(page, "live", 20_000);
    const before = await daybook.digest();
    // What the leading tab sends arrives, and nobody hears of it.
    till.line.holdAnswers();
    const screen = new Till({ page } as Device);
    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", /saved-here|sending/);
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await expect(page.locator(".toast").last()).not.toContainText("Taken back");
    till.line.heal();
    await expect.poll(async () => (await daybook.events(before.position)).filter((event) => event.type === "SalePutBack").length, { timeout: 40_000 }).toBe(1);
  });
});
