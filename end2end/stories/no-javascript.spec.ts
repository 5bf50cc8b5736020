import type { BrowserContextOptions, Page, Request } from "@playwright/test";
import type { Device } from "../support/device.ts";
import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { PAGES } from "../support/pages.ts";
import { fillIn, row } from "../support/screens.ts";

/** Presses, and answers with the POST that it caused. */
async function posted(page: Page, press: () => Promise<void>): Promise<Request> {
  const post = page.waitForRequest((request) => request.method() === "POST");
  await press();
  const request = await post;
  await page.waitForLoadState("load");
  return request;
}

/** Sends a form again, exactly as the browser sent it. */
async function repeat(page: Page, request: Request) {
  return page.request.post(request.url(), {
    headers: { "content-type": (await request.headerValue("content-type")) ?? "", accept: "text/html" },
    data: request.postData() ?? "",
    maxRedirects: 0,
  });
}

/** Who has the document and nothing that runs in it. */
const WITHOUT: Record<string, (device: NewDevice) => Promise<Readable>> = {
  "without JavaScript": readable,
  "with Wasm blocked": async (device) => {
    const it = await device();
    await it.context.route("**/*.wasm", (route) => route.abort());
    return it;
  },
};

for (const [how, start] of Object.entries(WITHOUT)) {
  test.describe(how, { tag: "@data" }, () => {
    test(`us_30 ${how}, every page shows its data and its links work`, async ({ device }) => {
      const it = await start(device);
      const { page } = it;
      for (const { path, name } of PAGES) {
        const answer = await page.goto(it.address(path));
        expect(answer?.status(), name).toBe(200);
        await expect(page.getByRole("heading", { level: 1 }), name).toBeVisible();
        await expect(page.getByText(/loading/i), name).toHaveCount(0);
      }
      await page.goto(it.address(""));
      await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Products" }).click();
      await page.getByRole("link", { name: BREAD.name }).click();
      await expect(page.getByRole("heading", { level: 1 })).toContainText(BREAD.name);
      await expect(page.locator("html")).not.toHaveAttribute("data-hydrated", "true");
    });

    test(`c_16 c_18 us_30 ${how}, adding a product answers 303 to a page that anyone can open later`, async ({ daybook, device }) => {
      const it = await start(device);
      const { page } = it;
      await page.goto(it.address("products/new"));
      await fillIn(page, { SKU: "NOJS-1", Name: "Plain loaf", Price: "2.50" });
      const request = await posted(page, () => page.getByRole("main").getByRole("button", { name: "Save" }).click());
      expect((await request.response())?.status()).toBe(303);

      const result = page.url();
      await expect(page.getByRole("main")).toContainText("Plain loaf");
      const again = await page.goto(result);
      expect(again?.status()).toBe(200);
      await expect(page.getByRole("main")).toContainText("Plain loaf");
      expect(await daybook.get("/products/NOJS-1")).toMatchObject({ name: "Plain loaf", price: 250 });
    });
  });
}

test.describe("without JavaScript", { tag: "@data" }, () => {
  test("c_16 a received batch answers 303 to the batch", async ({ device }) => {
    const it = await readable(device);
    const { page } = it;
    await page.goto(it.address("stock/receive"));
    await fillIn(page, { Batch: "NOJS-B", SKU: BREAD.sku, Quantity: "5" });
    const request = await posted(page, () => page.getByRole("main").getByRole("button", { name: "Write it down" }).click());
    const answer = await request.response();
    expect(answer?.status()).toBe(303);
    await page.goto(it.address("batches/NOJS-B"));
    await expect(page.getByRole("heading", { level: 1 })).toContainText("NOJS-B");
  });

  test("c_17 a double post is one order, also five times and in parallel", async ({ daybook, device }) => {
    const it = await readable(device);
    const { page } = it;
    await page.goto(it.address("orders/new"));
    const before = await daybook.digest();
    await page.getByLabel("SKU, line 1").fill(BREAD.sku);
    await page.getByLabel("Quantity, line 1").fill("2");
    const request = await posted(page, () => page.getByRole("main").getByRole("button", { name: "Place the order" }).click());
    expect((await request.response())?.status()).toBe(303);
    const result = page.url();

    const one = await repeat(page, request);
    expect(one.status()).toBe(303);
    const more = await Promise.all([1, 2, 3, 4].map(() => repeat(page, request)));
    for (const each of more) {
      expect(each.status()).toBe(303);
      expect(new URL(each.headers()["location"] ?? "", page.url()).href).toBe(result);
    }
    const placed = (await daybook.events(before.position)).filter((event) => event.type === "OrderPlaced");
    expect(placed).toHaveLength(1);
  });

  test("c_17 a double post is one sale", async ({ daybook, device }) => {
    const it = await readable(device);
    const { page } = it;
    await page.goto(it.address(`till?basket=${BREAD.sku}*1`));
    const before = await daybook.digest();
    const request = await posted(page, () => page.getByRole("button", { name: "Cash" }).click());
    expect((await request.response())?.status()).toBe(303);
    await Promise.all([1, 2, 3].map(() => repeat(page, request)));
    const sold = (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded");
    expect(sold).toHaveLength(1);
  });

  test("us_02 a refused form comes back with the reason at its field and what was typed", async ({ device }) => {
    const it = await readable(device);
    const { page } = it;
    await page.goto(it.address("products/new"));
    await fillIn(page, { SKU: BREAD.sku, Name: "Second oat bread", Price: "4.00" });
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();
    const sku = page.getByLabel("SKU", { exact: true });
    await expect(sku).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Second oat bread");
    await expect(page.getByRole("main")).toContainText(/already|exists|taken/i);
  });

  test("us_20 an order's line can be allocated and freed by plain forms", async ({ daybook, device }) => {
    await daybook.command("stock.receive", { batchref: "PLAIN", sku: "PLAIN-1", qty: 5 });
    await daybook.command("order.place", { order_id: "PLAIN-O", lines: [{ sku: "PLAIN-1", qty: 3 }] });
    await daybook.command("order.allocate", { order_id: "PLAIN-O", sku: "PLAIN-1", qty: 3 });
    const it = await readable(device);
    const { page } = it;
    await page.goto(it.address("orders/PLAIN-O"));
    const line = row(page, "PLAIN-1").first();
    await line.getByRole("button", { name: /^Free/ }).click();
    await expect(line).toContainText(/short/i);
    await line.getByRole("button", { name: /^Allocate/ }).click();
    await expect(line).toContainText("PLAIN");
  });
});

type NewDevice = (options?: BrowserContextOptions) => Promise<Device>;
type Readable = Pick<Device, "page" | "address">;

function readable(device: NewDevice): Promise<Readable> {
  return device({ javaScriptEnabled: false });
}
