import { expectSameBooks, keptForOffline } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { figureValue, Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";
import { SOAP, stock } from "../support/tray.ts";

const onHand = async (get: (path: string) => Promise<{ on_hand: number }>) => (await get(`/products/${BREAD.sku}`)).on_hand;

test.describe("us_15 undo", { tag: "@data" }, () => {
  test("us_15 undo of an unsent sale leaves no entry, also after a restart without a network", async ({ daybook, till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await keptForOffline(till.page);
    const before = await daybook.digest();
    await till.goOffline();
    await screen.sell(BREAD.sku);
    await till.page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await expect(till.page.locator(".toast")).toContainText("Taken back");

    await screen.next();
    const number = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await till.open("");
    await till.page.locator(".entry", { hasText: number }).first().getByRole("button", { name: "Undo" }).click();
    await expect(till.page.locator(".toast")).toContainText("Taken back");
    till.goOnline();
    await till.expectLive();
    expect(await daybook.events(before.position)).toEqual([]);
    await expectSameBooks(daybook, till);
  });

  test("us_15 undo of a confirmed sale, from its message, adds an entry linked to the first, and the numbers return", async ({ daybook, till }) => {
    const get = (path: string) => daybook.get<{ on_hand: number }>(path);
    const before = { position: (await daybook.digest()).position, onHand: await onHand(get) };
    const screen = await Till.open(till);
    await till.expectLive();
    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    expect(await onHand(get)).toBe(before.onHand - 1);

    await till.page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => onHand(get)).toBe(before.onHand);
    const log = await daybook.events(before.position);
    const [sale, back] = [log.find((event) => event.type === "SaleRecorded"), log.find((event) => event.type === "SalePutBack")];
    expect(back?.data["undoes"]).toBe(sale?.command_id);
    expect(back?.data["total"]).toBe(sale?.data["total"]);

    await till.open(`book/${back?.position}`);
    await expect(till.page.getByRole("main")).toContainText(`#${sale?.position}`);
    await till.open(`book/${sale?.position}`);
    await expect(till.page.getByRole("main")).toContainText(`#${back?.position}`);
    await expect(till.page.getByRole("button", { name: "Undo" })).toHaveCount(0);
    await expectSameBooks(daybook, till);
  });

  test("us_15 it is found on Today and in the book, after a reload and on another device, also offline", async ({ daybook, till, device }) => {
    const before = await daybook.digest();
    const screen = await Till.open(till);
    await till.expectLive();
    const number = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    const sale = (await daybook.events(before.position)).find((event) => event.data["sale_id"] === number && event.type === "SaleRecorded");

    const other = await device();
    await other.open("");
    await expect(other.page.locator(".entry", { hasText: number }).first().getByRole("button", { name: "Undo" })).toBeVisible();
    await other.open(`book/${sale?.position}`);
    await other.expectLive();
    await expect(other.page.getByRole("button", { name: "Undo" })).toBeVisible();

    await till.open("");
    await till.expectLive();
    await till.goOffline();
    const entry = till.page.locator(".entry", { hasText: number }).last();
    await entry.getByRole("button", { name: "Undo" }).click();
    const back = till.page.locator(".entry", { hasText: "Put back" }).first();
    await expect(back).toHaveAttribute("data-sync", "saved-here");
    await expect(back).toContainText(`puts back #${sale?.position}`);
    await expect(entry).toContainText("put back by");
    till.goOnline();
    await expect(back).toHaveAttribute("data-sync", "confirmed", { timeout: 20_000 });
    await expectSameBooks(daybook, till, other);
  });

  test("us_15 where two of five were sold since, the other three are offered, and why", async ({ daybook, till }) => {
    const start = await daybook.digest();
    await stock(daybook, 5, {});
    const received = (await daybook.events(start.position)).find((event) => event.data["batchref"] === "SOAP-B1");
    await daybook.command("sale.record", { sale_id: "Z9-0002", lines: [{ sku: SOAP.sku, qty: 2, price: 310 }], payment: "cash" });
    const page = await till.open(`book/${received?.position}`);
    await till.expectLive();
    await expect(page.getByRole("main")).toContainText("2 of those 5 have been sold or taken out since. Put back the other 3?");
    await page.getByRole("button", { name: "Put back the other 3" }).click();
    await expect.poll(async () => (await daybook.get<{ on_hand: number }>(`/products/${SOAP.sku}`)).on_hand).toBe(0);
    await till.open(`products/${SOAP.sku}`);
    expect(await figureValue(page, "On hand")).toBe(0);
    await expectSameBooks(daybook, till);
  });

  test("us_15 the entry's page has the way back as a plain form where no script runs", async ({ daybook, device }) => {
    const start = await daybook.digest();
    await stock(daybook, 5, {});
    const received = (await daybook.events(start.position)).find((event) => event.data["batchref"] === "SOAP-B1");
    const before = await daybook.digest();
    const reader = await device({ javaScriptEnabled: false });
    const page = reader.page;
    await page.goto(reader.address(`book/${received?.position}`));
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByRole("main")).toContainText("Put back by");
    const [changed] = await daybook.events(before.position);
    expect(changed).toMatchObject({ type: "BatchQuantityChanged", data: { qty: 0, was: 5, undoes: received?.command_id } });
  });
});
