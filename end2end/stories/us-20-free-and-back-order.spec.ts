import { expect, test } from "../support/test.ts";
import { expectSameBooks } from "../support/device.ts";
import { figureValue } from "../support/screens.ts";

interface Batch {
  available: number;
  allocations: { order_id: string; sku: string; qty: number }[];
}

test.describe("us_20 free and back-order", { tag: "@data" }, () => {
  test.beforeEach(async ({ daybook }) => {
    await daybook.command("product.add", { sku: "SOAP-9", name: "Night soap", description: "", category: "soap", price: 310 });
    await daybook.command("stock.receive", { batchref: "ONE", sku: "SOAP-9", qty: 6 });
    await daybook.command("order.place", { order_id: "PICK", lines: [{ sku: "SOAP-9", qty: 4 }] });
    await daybook.command("order.allocate", { order_id: "PICK", sku: "SOAP-9", qty: 4 });
    await expect.poll(() => daybook.get<Batch>("/batches/ONE").then((batch) => batch.available)).toBe(2);
  });

  test("us_20 Free raises available by the quantity, writes an entry, and the line shows short", async ({ daybook, till }) => {
    const page = await till.open("orders/PICK");
    await till.expectLive();
    const before = await daybook.digest();
    const line = page.locator('main tr[data-sku="SOAP-9"]');
    await line.getByRole("button", { name: /^Free/ }).click();
    await expect(line).toContainText(/short/i);
    await expect.poll(() => daybook.get<Batch>("/batches/ONE").then((batch) => batch.available)).toBe(6);
    expect((await daybook.events(before.position)).map((event) => event.type)).toContain("LineFreed");

    await till.open("products/SOAP-9");
    expect(await figureValue(page, "Available")).toBe(6);
    await till.open("book");
    await expect(page.locator(".entry", { hasText: "PICK" }).first()).toBeVisible();
    await expectSameBooks(daybook, till);
  });

  test("us_20 a quantity lowered below what is allocated moves the line to another batch", async ({ daybook, till }) => {
    await daybook.command("stock.receive", { batchref: "TWO", sku: "SOAP-9", qty: 9 });
    const page = await till.open("batches/ONE");
    await till.expectLive();
    const correction = page.getByRole("form", { name: "Correct the quantity" });
    await correction.getByLabel("Quantity").fill("1");
    await correction.getByRole("button", { name: "Save" }).click();
    await expect.poll(() => daybook.get<Batch>("/batches/TWO").then((batch) => batch.allocations)).toMatchObject([{ order_id: "PICK", sku: "SOAP-9", qty: 4 }]);

    await till.open("orders/PICK");
    await expect(page.locator('main tr[data-sku="SOAP-9"]')).toContainText("TWO");
    await expect(page.locator(".timeline")).toContainText("TWO");
    await expectSameBooks(daybook, till);
  });

  test("us_20 with no other batch the line shows short, and the timeline says so", async ({ daybook, till }) => {
    const page = await till.open("orders/PICK");
    await till.expectLive();
    await daybook.command("stock.change_quantity", { batchref: "ONE", qty: 1 });
    await expect(page.locator('main tr[data-sku="SOAP-9"]')).toContainText(/short/i);
    await expect(page.locator(".timeline")).toContainText(/short/i);
    await expectSameBooks(daybook, till);
  });
});
