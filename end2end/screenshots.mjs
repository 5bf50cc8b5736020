// @ts-check
/**
 * Pictures of every page, in both themes and at both sizes, for people to look at.
 *
 *   node screenshots.mjs [FOLDER]            all of them, from a server that this starts (default: test-results/screens)
 *   node screenshots.mjs --readme FILE.png   the one picture of the README: a laptop and a phone
 *   --origin http://127.0.0.1:3000           from a server that already runs
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } };
const PAGES = {
  welcome: "/",
  today: "/s/demo",
  till: "/s/demo/till",
  products: "/s/demo/products",
  product: "/s/demo/products/OAT-1",
  "product-new": "/s/demo/products/new",
  stock: "/s/demo/stock",
  receive: "/s/demo/stock/receive",
  batch: "/s/demo/batches/B-001",
  orders: "/s/demo/orders",
  "order-new": "/s/demo/orders/new",
  order: "/s/demo/orders/O-0001",
  book: "/s/demo/book",
  entry: "/s/demo/book/10",
  attention: "/s/demo/attention",
  inspector: "/s/demo/inspector",
  more: "/s/demo/more",
  device: "/s/demo/device",
  history: "/s/demo/history/product-OAT-1",
  why: "/s/demo/why/available-OAT-1?recount=1",
  "report-sales": "/s/demo/reports/sales",
  "report-stock": "/s/demo/reports/stock?sku=OAT-1",
  "order-print": "/s/demo/orders/O-0001/print",
  accounts: "/s/demo/accounts",
  "account-new": "/s/demo/accounts/new",
  account: "/s/demo/accounts/A-0001",
  "account-print": "/s/demo/accounts/A-0001/print",
  "transfer-new": "/s/demo/accounts/transfer",
  transfer: "/s/demo/transfers/TR-001",
  "report-balance": "/s/demo/reports/balance?account=A-0001",
  pictures: "/s/demo/pictures",
  picture: "/s/demo/pictures/P-01",
  missing: "/s/demo/products/NO-SUCH",
  "as-it-was": "/s/demo/products/OAT-1?as_of=90",
};

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { origin: { type: "string" }, readme: { type: "string" } } });

/** A server with a fresh demo shop. */
async function serve() {
  const target = resolve(here, "..", process.env["CARGO_TARGET_DIR"] ?? "target");
  const binary = process.env["DAYBOOK_BIN"] ?? join(target, "release/daybook");
  const folder = mkdtempSync(join(tmpdir(), "daybook-screens-"));
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ["serve", "--demo", "--listen", `127.0.0.1:${port}`], {
    env: { ...process.env, DATABASE_URL: `sqlite://${join(folder, "daybook.db")}` },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false)); tries += 1) {
    if (child.exitCode !== null || tries > 400) {
      await stop();
      throw new Error("the server does not start");
    }
    await wait(50);
  }
  return { origin, stop };
}

const server = values.origin ? { origin: values.origin, stop: async () => {} } : await serve();
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
});

/**
 * @param {keyof typeof SIZES} size @param {"light" | "dark"} theme @param {string} path
 * @param {(page: import("@playwright/test").Page) => Promise<void>} [before]
 */
async function shoot(size, theme, path, before) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    deviceScaleFactor: values.readme ? 2 : 1,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
  await context.addCookies([{ name: "theme", value: theme, url: server.origin }]);
  const page = await context.newPage();
  await page.goto(server.origin + path);
  await page.locator("html[data-hydrated=true]").waitFor({ timeout: 10_000 });
  await before?.(page);
  return { context, page };
}

try {
  if (values.readme) {
    const laptop = await shoot("desktop", "light", PAGES.today);
    const left = (await laptop.page.screenshot()).toString("base64");
    const phone = await shoot("phone", "light", PAGES.till, async (page) => {
      const results = page.locator(".till-results").getByRole("button");
      for (const at of [0, 1, 0]) await results.nth(at).click();
    });
    const right = (await phone.page.screenshot()).toString("base64");
    const sheet = await browser.newPage({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 });
    await sheet.setContent(`<!doctype html><style>
      body { margin: 0; width: 1440px; height: 900px; background: #e7e2d8; position: relative }
      img { position: absolute; border: 1px solid #8a8478; border-radius: 8px }
      .laptop { left: 40px; top: 50px; width: 1216px }
      .phone { right: 40px; bottom: 40px; width: 330px; border-width: 6px; border-color: #1c1b19; border-radius: 24px }
    </style><img class="laptop" src="data:image/png;base64,${left}"><img class="phone" src="data:image/png;base64,${right}">`);
    mkdirSync(dirname(resolve(values.readme)), { recursive: true });
    await sheet.screenshot({ path: values.readme });
    console.log(values.readme);
  } else {
    const folder = positionals[0] ?? join(here, "test-results/screens");
    mkdirSync(folder, { recursive: true });
    for (const size of /** @type {(keyof typeof SIZES)[]} */ (Object.keys(SIZES))) {
      for (const theme of /** @type {const} */ (["light", "dark"])) {
        for (const [name, path] of Object.entries(PAGES)) {
          const { context, page } = await shoot(size, theme, path);
          await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`), fullPage: true });
          await context.close();
        }
      }
    }
    console.log(folder);
  }
} finally {
  await browser.close();
  await server.stop();
}
