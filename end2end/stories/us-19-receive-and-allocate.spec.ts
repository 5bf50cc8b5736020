import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { expectSameBooks } from "../support/device.ts";
import { fillIn, row } from "../support/screens.ts";

interface Line {
  sku: string;
  batchref: string;
}

test.describe("us_19 receive and allocate", { tag: "@data" }, () => {
  test("us_19 a received batch is in Stock with its reference and expected date", async ({ daybook, till }) => {
    const page = await till.open("stock/receive");
    await till.expectLive();
    await fillIn(page, { Batch: "BTL-77", SKU: BREAD.sku, Quantity: "12" });
    await page.getByLabel("Expected on").fill("2031-05-03");
    await page.getByRole("main").getByRole("button", { name: "Write it down" }).click();

    await till.open("batches/BTL-77");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("BTL-77");
    await expect(page.getByRole("main")).toContainText("3 May 2031");
    await till.open("stock?view=batches");
    const batch = row(page, "BTL-77");
    await expect(batch).toContainText("3 May");
    await expect(batch).toHaveAttribute("data-sync", "confirmed");
    await expectSameBooks(daybook, till);
  });

  test("us_19 allocation takes stock in hand first, then the earliest expected", async ({ daybook, till }) => {
    await daybook.command("product.add", { sku: "LAMP-9", name: "Night lamp", description: "", category: "lamps", price: 3900 });
    await daybook.command("stock.receive", { batchref: "LATE", sku: "LAMP-9", qty: 10, eta: "2032-02-01" });
    await daybook.command("stock.receive", { batchref: "SOON", sku: "LAMP-9", qty: 10, eta: "2031-01-01" });
    await daybook.command("stock.receive", { batchref: "HERE", sku: "LAMP-9", qty: 4 });
    for (const [id, qty] of [["FIRST", 4], ["SECOND", 10], ["THIRD", 3]] as const) {
      const placed = await daybook.command("order.place", { order_id: id, lines: [{ sku: "LAMP-9", qty }] });
      expect(placed.body.status).toBe("accepted");
    }
    const page = till.page;
    for (const [id, batch] of [["FIRST", "HERE"], ["SECOND", "SOON"], ["THIRD", "LATE"]] as const) {
      await till.open(`orders/${id}`);
      await till.expectLive();
      const line = page.locator('main tr[data-sku="LAMP-9"]');
      const allocate = line.getByRole("button", { name: /^Allocate/ });
      if (await allocate.isVisible()) await allocate.click();
      await expect(line).toContainText(batch);
      await expect.poll(() => daybook.get<Line[]>(`/orders/${id}/allocations`).catch(() => [])).toMatchObject([{ sku: "LAMP-9", batchref: batch }]);
    }
    await expectSameBooks(daybook, till);
  });

  test("us_19 allocating the same line twice changes nothing", async ({ daybook }) => {
    await daybook.command("stock.receive", { batchref: "ONCE", sku: "ONCE-1", qty: 5 });
    const first = await daybook.command("order.allocate", { order_id: "TWICE", sku: "ONCE-1", qty: 5 });
    expect(first.body.status).toBe("accepted");
    const before = await daybook.digest();
    const again = await daybook.command("order.allocate", { order_id: "TWICE", sku: "ONCE-1", qty: 5 });
    expect(again.body).toMatchObject({ status: "accepted", positions: [] });
    expect(await daybook.digest()).toEqual(before);
  });
});
