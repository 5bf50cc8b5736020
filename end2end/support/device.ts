import { expect, type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page } from "@playwright/test";
import { FaultProxy } from "../proxy.mjs";
import type { Daybook, Digest } from "./daybook.ts";

/** What a broken line makes the browser complain about; nothing else may appear on its console. */
const NETWORK_COMPLAINTS = /Failed to load resource|net::ERR_|EventSource's response has a MIME type|error occurred when fetching the script/;

/** A till, phone or laptop: a browser profile of its own, behind a line of its own that can be broken. */
export class Device {
  readonly page: Page;
  readonly line: FaultProxy;
  readonly context: BrowserContext;
  readonly #shop: string;
  /** Errors on the page's console and uncaught ones. A story ends with none. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page, line: FaultProxy, shop: string) {
    this.context = context;
    this.page = page;
    this.line = line;
    this.#shop = shop;
    context.on("weberror", (error) => this.complaints.push(String(error.error())));
    context.on("console", (message) => {
      if (message.type() === "error" && !NETWORK_COMPLAINTS.test(message.text())) this.complaints.push(message.text());
    });
  }

  static async start(browser: Browser, daybook: Daybook, options: BrowserContextOptions = {}): Promise<Device> {
    const line = await FaultProxy.start({ to: daybook.port });
    const context = await browser.newContext({ ...options, baseURL: line.origin });
    return new Device(context, await context.newPage(), line, daybook.shop);
  }

  /** A page of the shop (`""` is Today), interactive. */
  async open(path: string, page = this.page): Promise<Page> {
    await page.goto(this.address(path));
    await hydrated(page);
    return page;
  }

  address(path: string): string {
    return path.startsWith("/") ? path : `/s/${this.#shop}${path ? `/${path}` : ""}`;
  }

  get chip(): Locator {
    return this.page.getByTestId("conn-chip");
  }

  async expectLive(): Promise<void> {
    await expect(this.chip).toHaveAttribute("data-state", "live", { timeout: 20_000 });
  }

  /** Neither calls nor the stream get through, and the page knows. */
  async goOffline(): Promise<void> {
    this.line.cut();
    await expect(this.chip).toHaveAttribute("data-state", /not-connected|unreachable/, { timeout: 10_000 });
  }

  goOnline(): void {
    this.line.heal();
  }

  /** What this device says of its own confirmed books, read from the page *This device*. */
  async digest(page = this.page): Promise<Pick<Digest, "position" | "digest">> {
    const [position, digest] = await Promise.all(["ours-position", "ours-digest"].map((id) => page.getByTestId(id).textContent()));
    return { position: Number(position?.replace("#", "")), digest: digest ?? "" };
  }

  /** What a story has caused on purpose must have been complained about, and is no complaint any more. */
  expectComplaint(wanted: RegExp): void {
    const others = this.complaints.filter((complaint) => !wanted.test(complaint));
    expect(others.length, "complaints").toBeLessThan(this.complaints.length);
    this.complaints.splice(0, this.complaints.length, ...others);
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.line.close();
  }
}

/** The page answers to the person, not only shows. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "true", { timeout: 30_000 });
}

/**
 * The app and the books are on the device: the worker has kept the one and answers for this page, and its database has
 * the other. Before that, a page that is loaded without a network has nothing to show.
 */
export async function keptForOffline(page: Page, shop = "demo"): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    }
  });
  await expect.poll(() => page.evaluate(hasBooks, `daybook:${shop}`)).toBe(true);
}

/** Whether the database of this name has a copy of the books. Runs in the page. */
export function hasBooks(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    // Not there yet: nor may this question make it, or the app would find one without stores.
    opening.onupgradeneeded = () => opening.transaction?.abort();
    opening.onerror = () => resolve(false);
    opening.onsuccess = () => {
      const database = opening.result;
      const counting = database.transaction("book").objectStore("book").count("snapshot");
      counting.onerror = () => reject(counting.error);
      counting.onsuccess = () => {
        database.close();
        resolve(counting.result > 0);
      };
    };
  });
}

/** All devices and the server have written down the same, and worked out the same from it. */
export async function expectSameBooks(daybook: Daybook, ...devices: Device[]): Promise<Digest> {
  for (const device of devices) await device.open("device");
  await expect(async () => {
    const { position, digest } = await daybook.digest();
    for (const device of devices) expect(await device.digest()).toEqual({ position, digest });
  }).toPass({ timeout: 15_000 });
  return daybook.digest();
}
