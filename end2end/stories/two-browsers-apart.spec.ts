import { expect, test } from "../support/test.ts";
import { BREAD, COFFEE } from "../support/demo.ts";
import { expectSameBooks } from "../support/device.ts";
import { fillIn, Till } from "../support/screens.ts";

test.describe("two browsers apart", { tag: "@data" }, () => {
  test("p3 p4 p7 both go offline, both write, both come back: one digest at one position everywhere", async ({ daybook, till, device }) => {
    const other = await device();
    const before = await daybook.digest();
    const [here, there] = [await Till.open(till), await Till.open(other)];
    await till.expectLive();
    await other.expectLive();
    await till.goOffline();
    await other.goOffline();

    const sales = new Set<string>();
    for (const screen of [here, there, here]) {
      sales.add(await screen.sell(BREAD.sku, COFFEE.sku));
      await screen.next();
    }
    expect(sales.size, "every receipt has a number of its own").toBe(3);
    // A stock hand, inside the app, since no page can be loaded.
    const stock = other.page;
    await stock.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Stock" }).click();
    await stock.getByRole("link", { name: "Receive" }).first().click();
    await fillIn(stock, { Batch: "APART-1", SKU: BREAD.sku, Quantity: "7" });
    await stock.getByRole("main").getByRole("button", { name: "Write it down" }).click();
    expect((await daybook.digest()).position, "nothing reached the server").toBe(before.position);

    till.goOnline();
    other.goOnline();
    await till.expectLive();
    await other.expectLive();
    await expect.poll(async () => (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded").length).toBe(3);
    const end = await expectSameBooks(daybook, till, other);
    expect(end.position).toBeGreaterThan(before.position);
    expect(end.epoch).toBe(before.epoch);

    const log = await daybook.events(before.position);
    expect(log.filter((event) => event.type === "BatchReceived" && event.data["batchref"] === "APART-1")).toHaveLength(1);
    expect(log.map((event) => event.position)).toEqual(log.map((_, index) => before.position + 1 + index));
  });

  test("p7 a storm of faults on both lines: everything arrives once when it is over", async ({ daybook, till, device }) => {
    test.setTimeout(90_000);
    const other = await device();
    const before = await daybook.digest();
    const screens = [await Till.open(till), await Till.open(other)];
    const devices = [till, other];
    await till.expectLive();
    await other.expectLive();

    const faults: ((line: (typeof till)["line"]) => void)[] = [
      (line) => line.swallowAnswer(),
      (line) => line.cut(),
      (line) => line.heal(),
      (line) => line.repeatRequest(),
      (line) => line.holdAnswers(),
      (line) => line.heal(),
      (line) => line.holdRequests(),
      (line) => line.swallowAnswer(2),
      (line) => line.heal(),
      (line) => line.stall(),
    ];
    for (const [round, fault] of faults.entries()) {
      const at = round % 2;
      fault(devices[at]!.line);
      await screens[at]!.sell(BREAD.sku);
      await screens[at]!.next();
    }
    for (const each of devices) each.line.heal();
    await expect
      .poll(async () => (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded").length, { timeout: 40_000 })
      .toBe(faults.length);
    await expectSameBooks(daybook, ...devices);
  });
});
