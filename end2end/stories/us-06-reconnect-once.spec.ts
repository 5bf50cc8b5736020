import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { expectSameBooks, keptForOffline } from "../support/device.ts";
import { Till } from "../support/screens.ts";

/** What carries commands, and nothing else that the page may ask meanwhile. */
const isPush = (_: string, path: string) => path === "/api/push_commands";

test.describe("us_06 reconnect, once", { tag: "@data" }, () => {
  test("us_06 a sale made offline becomes confirmed within 5 s, under the same number, without a reload", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    const number = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await till.page.evaluate(() => Object.assign(window, { sameDocument: true }));

    till.goOnline();
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/, { timeout: 5_000 });
    expect(await screen.number()).toBe(number);
    expect(await till.page.evaluate(() => "sameDocument" in window), "the page was not loaded again").toBe(true);
    await expectSameBooks(daybook, till);
  });

  test("us_06 a lost answer gives one entry, not two", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    const before = await daybook.digest();
    till.line.swallowAnswer(1, isPush);
    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/, { timeout: 15_000 });
    // The feed may bring the entry before the answer has come.
    await expect.poll(() => till.line.log.filter((each) => each.fate === "swallowed")).toHaveLength(1);

    const sold = (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded");
    expect(sold).toHaveLength(1);
    await expectSameBooks(daybook, till);
  });

  test("us_06 a request that the network repeats gives one entry, not two", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    const before = await daybook.digest();
    till.line.repeatRequest(1, isPush);
    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/);
    // The feed may bring the entry before the answer has come.
    await expect.poll(() => till.line.log.filter((each) => each.fate === "repeated")).toHaveLength(1);

    const sold = (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded");
    expect(sold).toHaveLength(1);
    await expectSameBooks(daybook, till);
  });

  test("us_06 the live region says one merged message", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    await screen.sell(BREAD.sku);
    await screen.next();
    await screen.sell(BREAD.sku);
    till.goOnline();
    await expect(till.page.getByRole("status").filter({ hasText: "2 confirmed" })).toBeAttached({ timeout: 10_000 });
  });

  test("us_06 r_5 the server dies between commit and answer: one entry, and the same books", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    const before = await daybook.digest();
    // A browser has six connections to a server: answers that are held to the worker's questions would take them all.
    await keptForOffline(till.page);
    till.line.holdAnswers();
    await screen.sell(BREAD.sku);
    await expect.poll(async () => (await daybook.digest()).position).toBeGreaterThan(before.position);
    await daybook.down("SIGKILL");
    till.goOnline();
    await daybook.up();
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/, { timeout: 20_000 });
    const sold = (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded");
    expect(sold).toHaveLength(1);
    await expectSameBooks(daybook, till);
  });
});
