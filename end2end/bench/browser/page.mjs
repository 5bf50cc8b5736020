// What the measurements in Chromium share: the browser, the shop's pages, the arithmetic, the lines of the table.
//
// Each measurement is a program of its own: `node saved.mjs <origin of a server> <what it is told>`. The shop is `bench`.
import { chromium } from "@playwright/test";

export const origin = process.argv[2] ?? "http://127.0.0.1:3000";
export const told = process.argv[3] ?? "";

const options = {
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  viewport: { width: 1280, height: 800 },
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** A browser that keeps what it stores in `folder`. */
export function browserIn(folder, ...more) {
  return chromium.launchPersistentContext(folder, { ...options, args: [...options.args, ...more] });
}

/** A browser that is closed when `work` is done, also when it fails. */
export async function withBrowser(work, ...more) {
  const browser = await chromium.launch({ ...options, args: [...options.args, ...more] });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

export const address = (path, at = origin) => `${at}/s/bench${path}`;

/** A page of the shop that can be used. */
export async function open(page, path, at = origin) {
  await page.goto(address(path, at));
  await usable(page);
  return page;
}

export const usable = (page) => page.waitForSelector("html[data-hydrated=true]", { state: "attached", timeout: 120_000 });

export const live = (page) => page.waitForSelector("[data-testid=conn-chip][data-state=live]", { timeout: 120_000 });

/** Sends commands as another program would, 500 at a time. */
export async function send(commands) {
  for (let from = 0; from < commands.length; from += 500) {
    const answer = await fetch(`${origin}/api/v1/shops/bench/commands`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(commands.slice(from, from + 500)),
    });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}: ${await answer.text()}`);
  }
}

export const sku = (number) => `SKU-${String(number).padStart(5, "0")}`;

export const products = (count) =>
  Array.from({ length: count }, (_, number) => ({
    type: "product.add",
    data: { sku: sku(number), name: `Product number ${number}`, price: 100 + number },
  }));

/** Nearest rank: the smallest that is at least as long as that share of them. */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

export const both = (values) => `p50 ${percentile(values, 0.5).toFixed(2)} p99 ${percentile(values, 0.99).toFixed(2)} ms`;

/** A line of the table, for the program that prints it. `goal` is `{ at_most }`, `{ at_least }` or nothing. */
export function row(what, ours, reference, value, goal = {}) {
  console.log(JSON.stringify({ what, ours, reference, value, ...goal }));
}
