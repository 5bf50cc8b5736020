/** How the stories find their way on the pages: by what a person reads and hears, in one place. */

import { expect, type Locator, type Page } from "@playwright/test";
import type { Device } from "./device.ts";

/** Presses Tab until the wanted control has the focus: the way without a pointer. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let step = 0; step < 120; step += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${wanted} cannot be reached with the Tab key`);
}

/** The number that a page shows, whatever signs stand around it. */
export function asNumber(text: string | null): number {
  const match = /([−-]?)[€$£¥]?(\d[\d,]*(?:\.\d+)?)/.exec(text ?? "");
  if (!match) throw new Error(`no number in ${JSON.stringify(text)}`);
  return Number(`${match[1] ? "-" : ""}${match[2]?.replaceAll(",", "")}`);
}

/** A figure in a `dl` of a page, by its term: "On hand", "Available". */
export function figure(page: Page, term: string): Locator {
  return page
    .locator("main dl > div")
    .filter({ has: page.locator("dt").getByText(term, { exact: true }) })
    .locator("dd")
    .first();
}

export async function figureValue(page: Page, term: string): Promise<number> {
  return asNumber(await figure(page, term).textContent());
}

/** A row of a table or list, by the text that names it. */
export function row(page: Page, name: string | RegExp): Locator {
  return page.locator("main :is(tr, li)").filter({ hasText: name });
}

export class Till {
  readonly page: Page;
  readonly search: Locator;
  readonly lines: Locator;
  readonly total: Locator;
  readonly cash: Locator;
  readonly account: Locator;
  readonly onAccount: Locator;
  readonly receipt: Locator;
  readonly nextSale: Locator;

  constructor(device: Device) {
    this.page = device.page;
    this.search = this.page.getByRole("searchbox");
    this.lines = this.page.locator(".till-lines > li");
    this.total = this.page.locator(".till-total output");
    this.cash = this.page.getByRole("button", { name: "Cash" });
    this.account = this.page.getByLabel("Account", { exact: true });
    this.onAccount = this.page.getByRole("button", { name: "On account" });
    this.receipt = this.page.getByTestId("receipt");
    this.nextSale = this.page.getByRole("link", { name: "Next sale" });
  }

  static async open(device: Device): Promise<Till> {
    await device.open("till");
    return new Till(device);
  }

  /** Puts one of a product on the list, with the pointer. */
  async add(sku: string): Promise<void> {
    const before = await this.lines.count();
    await this.search.fill(sku);
    await this.page.locator(".till-results").getByRole("button").filter({ hasText: sku }).click();
    await expect(this.lines).toHaveCount(before + 1);
  }

  /** Sells one of each and answers with the receipt's number. */
  async sell(...skus: string[]): Promise<string> {
    for (const sku of skus) await this.add(sku);
    await this.cash.click();
    await expect(this.receipt).toBeVisible();
    return this.number();
  }

  /** The number on the receipt. */
  async number(): Promise<string> {
    return ((await this.receipt.getByTestId("receipt-number").textContent()) ?? "").trim();
  }

  async next(): Promise<void> {
    await this.nextSale.click();
    await expect(this.receipt).toHaveCount(0);
  }
}

/** Fills a form by its labels. */
export async function fillIn(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
}

/** What opens over a page stays within it, on a phone as on a desk. */
export async function expectWithin(page: Page, opened: Locator): Promise<void> {
  const before = page.viewportSize();
  for (const width of [320, 360, 480, 1280]) {
    await page.setViewportSize({ width, height: before?.height ?? 800 });
    const box = await opened.boundingBox();
    expect(box, `open at ${width}`).not.toBeNull();
    expect(box?.x, `left edge at ${width}`).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0), `right edge at ${width}`).toBeLessThanOrEqual(width);
  }
  if (before) await page.setViewportSize(before);
}
