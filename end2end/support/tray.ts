/** The page *Needs attention*, and the races that lead there. */

import { expect, type Locator, type Page } from "@playwright/test";
import type { Daybook } from "./daybook.ts";
import type { Device } from "./device.ts";

export const SOAP = { sku: "SOAP-9", name: "Night soap" };

export interface Line {
  sku: string;
  qty: number;
  allocated: number;
  short: boolean;
  batchref: string | null;
}

/** So many pieces of soap in one batch, and drafts of orders that want them: their goods are reserved by hand. */
export async function stock(daybook: Daybook, units: number, orders: Record<string, number>): Promise<void> {
  await daybook.command("product.add", { sku: SOAP.sku, name: SOAP.name, description: "", category: "soap", price: 310 });
  await daybook.command("stock.receive", { batchref: "SOAP-B1", sku: SOAP.sku, qty: units });
  for (const [order_id, qty] of Object.entries(orders)) {
    const added = await daybook.command("order.add_item", { order_id, sku: SOAP.sku, qty });
    expect(added.body.status).toBe("accepted");
  }
}

export async function lineOf(daybook: Daybook, order: string): Promise<Line | undefined> {
  const { lines } = await daybook.get<{ lines: Line[] }>(`/orders/${order}`);
  return lines.find((line) => line.sku === SOAP.sku);
}

/** The line of soap on an order's page. */
export function soapLine(page: Page): Locator {
  return page.locator(`main tr[data-sku="${SOAP.sku}"]`);
}

/** Reserves the soap of an order on its page. */
export async function reserve(page: Page): Promise<void> {
  await soapLine(page).getByRole("button", { name: `Allocate ${SOAP.sku}` }).click();
}

/**
 * A device that reserved five while it was offline, of which three were taken meanwhile: after this the reservation of
 * order LATE is refused, with two left.
 */
export async function lostRace(daybook: Daybook, device: Device): Promise<void> {
  await stock(daybook, 5, { FIRST: 3, LATE: 5 });
  const page = await device.open("orders/LATE");
  await device.expectLive();
  await device.goOffline();
  await reserve(page);
  await expect(soapLine(page)).toHaveAttribute("data-sync", "saved-here");
  const taken = await daybook.command("order.allocate", { order_id: "FIRST", sku: SOAP.sku, qty: 3 });
  expect(taken.body.status).toBe("accepted");
  device.goOnline();
  await expect(soapLine(page)).toHaveAttribute("data-sync", "needs-attention", { timeout: 20_000 });
  // The answer may come before the feed brings what the other one took.
  await device.expectLive();
}

/** The tray of a device. */
export class Tray {
  readonly page: Page;
  readonly items: Locator;

  constructor(page: Page) {
    this.page = page;
    this.items = page.locator(".needs [data-command]");
  }

  static async open(device: Device): Promise<Tray> {
    return new Tray(await device.open("attention"));
  }

  /** By what was wanted, not by what it waits for. */
  item(text: string | RegExp): Locator {
    return this.items.filter({ has: this.page.locator("h3", { hasText: text }) });
  }

  /** Opens the menu of reasons. */
  async askToDiscard(item: Locator): Promise<void> {
    await item.locator("summary", { hasText: "Discard" }).click();
  }

  async expectEmpty(): Promise<void> {
    await expect(this.page.getByText("Nothing here needs you.")).toBeVisible();
    await expect(this.items).toHaveCount(0);
  }
}
