import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { Daybook } from "../support/daybook.ts";
import { hydrated, keptForOffline, type Device } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

async function quota(page: Page, bytes: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes });
}

/** Deletes everything that the browser keeps for this origin, as its owner or its housekeeping may. */
async function clearSiteData(till: Device): Promise<void> {
  const session = await till.context.newCDPSession(till.page);
  const origin = new URL(till.page.url()).origin;
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
}

async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name }).click();
}

async function salesInTheBook(daybook: Daybook): Promise<unknown[]> {
  return (await daybook.events()).filter((event) => event.type === "SaleRecorded").map((event) => event.data["sale_id"]);
}

/** Every one of them, once. */
async function expectInTheBookOnce(daybook: Daybook, sales: string[]): Promise<void> {
  await expect(async () => {
    const book = await salesInTheBook(daybook);
    for (const sale of sales) expect(book.filter((other) => other === sale), sale).toHaveLength(1);
  }).toPass({ timeout: 40_000 });
}

/** Till and connection: offline, with the app kept and the first sale saved here. */
async function offlineWithASale(till: Device): Promise<{ screen: Till; sale: string }> {
  const screen = await Till.open(till);
  await till.expectLive();
  await keptForOffline(till.page);
  await till.goOffline();
  const sale = await screen.sell(BREAD.sku);
  await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
  return { screen, sale };
}

/** Sales among the device's commands. Without books nobody knows the product's name. */
const sold = (till: Device) => till.page.locator("[data-command]").filter({ hasText: /^Sell 1 × (Oat bread|OAT-1)/ });

test.describe("storage", () => {
  test("f10 p1 when the room runs out offline, what was saved stays, the next sale is said not to be saved, and exactly the saved ones reach the book", async ({ till, daybook }) => {
    test.setTimeout(150_000);
    const before = (await salesInTheBook(daybook)).length;
    const { screen, sale } = await offlineWithASale(till);
    const saved = [sale];
    const notSaved = till.page.locator("#till-pay").getByRole("alert");
    await quota(till.page, 1);
    // Chromium remembers for a while how much was free: sales go on being saved until it asks again.
    await expect(async () => {
      await screen.next();
      await screen.add(BREAD.sku);
      await screen.cash.click();
      await expect(screen.receipt.or(notSaved)).toBeVisible({ timeout: 15_000 });
      if ((await notSaved.count()) === 0) {
        await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
        saved.push(await screen.number());
      }
      await expect(notSaved).toHaveCount(1, { timeout: 100 });
    }).toPass({ timeout: 90_000 });
    await expect(notSaved).toContainText("Not saved");
    await expect(till.chip).toHaveAttribute("data-state", "storage");

    // The copy of the books may have made room for the last ones. What is saved here is shown without it.
    await till.open("device");
    await expect(sold(till).and(till.page.locator("[data-sync=saved-here]"))).toHaveCount(saved.length);
    await till.open("");
    await expect(till.chip).toBeVisible();

    await quota(till.page, 1_000_000_000);
    till.goOnline();
    await expectInTheBookOnce(daybook, saved);
    expect((await salesInTheBook(daybook)).length - before, "nothing that was not saved").toBe(saved.length);
  });

  test("f10 p1 what is saved here is shown also where the books have made room for it", async ({ till, daybook }) => {
    const { sale } = await offlineWithASale(till);
    // As a full disk leaves it: the copy of the books is gone, the outbox is not.
    await till.page.evaluate(() => new Promise<void>((done) => {
      const open = indexedDB.open("daybook:demo");
      open.onsuccess = () => {
        const clearing = open.result.transaction("book", "readwrite");
        clearing.objectStore("book").clear();
        clearing.oncomplete = () => { open.result.close(); done(); };
      };
    }));
    await till.open("");
    await expect(till.chip).toContainText("1 saved here");
    await expect(sold(till)).toHaveAttribute("data-sync", "saved-here");
    await expect(till.page.getByText("The copy of the books is not on this device just now.")).toBeVisible();
    await till.open("device");
    await expect(sold(till)).toHaveAttribute("data-sync", "saved-here");
    till.goOnline();
    await expectInTheBookOnce(daybook, [sale]);
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 40_000 });
    await expect(till.page.getByText("Nothing waits here.")).toBeVisible();
  });

  test("f11 a device whose storage was cleared starts anew, under another name, and repeats no receipt number", async ({ till }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    const before = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
    await clearSiteData(till);
    await till.open("till");
    await till.expectLive();
    const after = await screen.sell(BREAD.sku);
    expect(after.split("-")[0], "the device's code").not.toBe(before.split("-")[0]);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed");
  });

  test("f11 p1 site data cleared with unsent sales: what the page has is saved again, under another name, and reaches the book once", async ({ till, daybook }) => {
    const { screen, sale } = await offlineWithASale(till);
    await screen.next();
    const sales = [sale, await screen.sell(BREAD.sku)];
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");

    await clearSiteData(till);
    await expect(till.page.getByTestId("storage-warning")).toContainText("The browser cleared what this device kept");
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await screen.next();
    sales.push(await screen.sell(BREAD.sku));
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    const [before, , after] = sales.map((number) => number.split("-")[0]);
    expect(after, "the device's code").not.toBe(before);

    await goTo(till.page, "This device");
    await expect(sold(till).and(till.page.locator("[data-sync=saved-here]"))).toHaveCount(3);
    till.goOnline();
    await expectInTheBookOnce(daybook, sales);
  });

  test("p5 records that cannot be read are shown, counted, saved as a file and given up one by one, and the rest goes on", async ({ till, daybook }) => {
    const { sale } = await offlineWithASale(till);
    await till.page.evaluate(() => new Promise<void>((done) => {
      localStorage.setItem("daybook:demo:outbox:from-local-storage", "half a rec");
      const open = indexedDB.open("daybook:demo");
      open.onsuccess = () => {
        const planting = open.result.transaction("outbox", "readwrite");
        planting.objectStore("outbox").put(new TextEncoder().encode('{"of":"a newer version"}'), "from-the-database");
        planting.oncomplete = () => { open.result.close(); done(); };
      };
    }));
    const page = await till.open("device");
    const unreadable = page.getByTestId("unreadable");
    await expect(unreadable.getByRole("listitem")).toHaveCount(2);
    await expect(unreadable).toContainText("half a rec");
    await expect(unreadable).toContainText('{"of":"a newer version"}');
    await expect(page.getByTestId("bell")).toHaveAccessibleName("Needs attention, 2");
    const saving = page.waitForEvent("download");
    await unreadable.getByRole("link", { name: "Save them as a file" }).click();
    const file = JSON.parse(await readFile(await (await saving).path(), "utf8")) as { id: string; text: string }[];
    expect(file.map((record) => [record.id, record.text])).toEqual([
      ["from-local-storage", "half a rec"],
      ["from-the-database", '{"of":"a newer version"}'],
    ]);
    till.goOnline();
    await expectInTheBookOnce(daybook, [sale]);
    await till.open("attention");
    await expect(page.getByTestId("unreadable").getByRole("listitem"), "they stay where they are").toHaveCount(2);

    const damaged = page.getByTestId("unreadable").getByRole("listitem").filter({ hasText: "half a rec" });
    const remove = damaged.getByRole("button", { name: "Remove from this device" });
    await expect(remove, "not by one press").toBeHidden();
    await damaged.getByText("Remove…").click();
    await remove.click();
    await expect(page.getByTestId("unreadable").getByRole("listitem")).toHaveCount(1);
    await till.open("attention");
    await expect(page.getByTestId("unreadable").getByRole("listitem"), "what a person gave up stays away").toHaveCount(1);
    await expect(page.getByTestId("unreadable")).toContainText('{"of":"a newer version"}');
  });

  test("a window that keeps nothing says so from the start, calls nothing saved, and works while connected", async ({ till, daybook }) => {
    await till.context.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
    const screen = await Till.open(till);
    await expect(till.page.getByTestId("storage-warning")).toHaveText("This window forgets everything when closed. Use it only while connected.");
    const before = (await salesInTheBook(daybook)).length;
    await screen.add(BREAD.sku);
    await screen.cash.click();
    await expect.poll(async () => (await salesInTheBook(daybook)).length).toBe(before + 1);
    await expect(till.page.locator("[data-sync=saved-here]")).toHaveCount(0);
  });
});

test.describe("a page that stops", () => {
  /** What a page does on purpose here, and nowhere else. */
  const ON_PURPOSE = /on purpose/;

  test("p1 an error that nobody caught leads to a panel, a note for the report, and an outbox as it was", async ({ till, daybook }) => {
    const { sale } = await offlineWithASale(till);
    const page = till.page;
    await page.evaluate(() => void Promise.reject(new Error("on purpose")));
    const panel = page.getByTestId("crash");
    await expect(panel.getByRole("heading")).toHaveText("This page has stopped");
    await Promise.all([page.waitForEvent("load"), panel.getByRole("button", { name: "Load again" }).click()]);
    await hydrated(page);
    await expect(till.chip).toContainText("1 saved here");
    await goTo(page, "This device");
    await page.getByRole("link", { name: "Inspector" }).click();
    await expect(page.getByText(/stopped: Error: on purpose/)).toBeVisible();
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the bundle" }).click();
    const bundle = JSON.parse(await readFile(await (await saving).path(), "utf8")) as { reports: string[]; outbox: unknown[] };
    expect(bundle.reports.some((report) => ON_PURPOSE.test(report))).toBe(true);
    expect(bundle.outbox).toHaveLength(1);
    till.goOnline();
    await expectInTheBookOnce(daybook, [sale]);
    till.expectComplaint(ON_PURPOSE);
  });

  test("us_05 a program that cannot be loaded is said, with and without the network", async ({ till }) => {
    await till.open("");
    await till.expectLive();
    await keptForOffline(till.page);
    await till.goOffline();
    // What the worker keeps is damaged, and there is nobody to fetch it from.
    await till.page.evaluate(async () => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const kept of await cache.keys()) if (kept.url.endsWith(".wasm")) await cache.put(kept, new Response("not Wasm"));
      }
    });
    await till.page.goto(till.address("till"));
    await expect(till.page.getByTestId("crash")).toContainText("This page could not be started");
    till.goOnline();
    await till.page.goto(till.address("till"));
    await expect(till.page.getByTestId("crash")).toContainText("This page could not be started");
    await expect(till.page.getByRole("heading", { level: 1 }), "the server's page is there all the same").toHaveText("Sell");
  });
});
