// From a key to the painted change, beside a twin: the very same document with its styles and without the app, in which
// a few lines by hand make the same change.
//
// How it is measured: the clock starts in the first listener of the key (capture, on the window). It stops in a message
// that was posted from the animation frame after the change appeared in the document, so script, style, layout and paint
// are in it. The frame rate is not limited: the wait for the next tick of a screen, 0 to 16.7 ms by chance, is not.
import { FaultProxy } from "../../proxy.mjs";
import { leaveUnsent } from "./outbox.mjs";
import { address, both, live, open, origin, percentile, products, row, send, sku, usable, withBrowser } from "./page.mjs";

const ROUNDS = 120;
const PRODUCTS = 10_000;
const PENDING = 1_000;

/** In the page: makes `watch(type, is)`, which leaves in `painted` how long it took until `is()` was on screen. */
function instrument() {
  window.watch = (is) => {
    window.painted = new Promise((resolve) => {
      let begin;
      window.addEventListener("keydown", () => (begin = performance.now()), { capture: true, once: true });
      const observer = new MutationObserver(() => {
        if (begin === undefined || !is()) return;
        observer.disconnect();
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => resolve(performance.now() - begin);
          channel.port2.postMessage(0);
        });
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  };
  window.onHand = () => document.querySelector("[data-figure=on-hand] dd span").textContent;
  window.firstFound = () => document.querySelector(".till-results li button small")?.textContent ?? "";
}

/** Counting the goods of one product: decided, its books, its figures, a movement, a message. */
const counting = {
  name: "a count",
  path: `/products/${sku(1)}`,
  async press(page, number) {
    const counted = String(100 + (number % 2) * 100 + number);
    await page.fill("form#count [name=counted]", counted);
    await page.evaluate((counted) => window.watch(() => window.onHand() === counted), counted);
    await page.keyboard.press("Enter");
    return page.evaluate(() => window.painted);
  },
  /** In the twin: what the app's page does, by hand. */
  twin() {
    const products = new Map(Array.from({ length: 10_000 }, (_, number) => [number, { onHand: 0, allocated: 0, position: 1 }]));
    const product = products.get(1);
    const form = document.querySelector("form#count");
    const record = document.querySelector("section.record");
    const mark = (span) => {
      span.parentElement.querySelector(".mark")?.remove();
      span.insertAdjacentHTML("afterend", '<span class="mark"><svg viewBox="0 0 12 12" width="12" height="12"><circle fill="none" stroke="currentColor" stroke-width="2" cx="6" cy="6" r="4.5"/></svg></span>');
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const counted = Number(new FormData(form).get("counted"));
      const change = counted - product.onHand;
      product.onHand = counted;
      product.position += 1;
      const figures = { "on-hand": product.onHand, allocated: product.allocated, available: product.onHand - product.allocated };
      for (const [name, value] of Object.entries(figures)) {
        const span = record.querySelector(`[data-figure=${name}] dd span`);
        span.textContent = String(value);
        mark(span);
      }
      record.dataset.sync = "saving";
      record.querySelector("p:last-child").textContent = "Saving";
      const movements = [...document.querySelectorAll("table.ledger tbody")].at(-1);
      const line = movements.rows[0].cloneNode(true);
      line.cells[1].textContent = new Date().toLocaleString();
      line.cells[2].textContent = String(change);
      line.cells[3].textContent = String(counted);
      movements.prepend(line);
      if (movements.rows.length > 100) movements.rows[100].remove();
      document.querySelector("[data-testid=conn-chip] .chip-word").textContent = "1 saved here";
      document.querySelector("form#count").reset();
    });
  },
  settled: (page) => page.waitForSelector("section.record[data-sync=confirmed]"),
};

/** A digit of what is searched for in the till. */
const searching = {
  name: "a key in the till's search",
  path: "/till",
  async press(page, number) {
    const wanted = String(1_000 + ((number * 7) % 9_000));
    await page.fill(".till-find input[type=search]", wanted.slice(0, 3));
    await page.evaluate((wanted) => window.watch(() => window.firstFound().includes(wanted)), wanted);
    await page.keyboard.press(wanted[3]);
    return page.evaluate(() => window.painted);
  },
  twin() {
    const products = Array.from({ length: 10_000 }, (_, number) => ({
      sku: `SKU-${String(number).padStart(5, "0")}`,
      name: `Product number ${number}`,
      price: 100 + number,
      available: 0,
    }));
    const field = document.querySelector(".till-find input[type=search]");
    const list = document.querySelector(".till-results");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const found = [];
      for (const product of products) {
        const [name, sku] = [product.name.toLowerCase(), product.sku.toLowerCase()];
        if (words.every((word) => name.includes(word) || sku.includes(word)) && found.push(product) === 24) break;
      }
      list.replaceChildren(
        ...found.map(({ name, sku, price, available }) => {
          const line = document.createElement("li");
          line.innerHTML = `<button type="submit">${name} <small>${sku} · ${available} available</small> <span class="num">${(price / 100).toFixed(2)}</span></button>`;
          return line;
        }),
      );
    });
  },
  settled: async () => {},
};

const slow = async (page, rate) =>
  (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate });

async function rounds(page, { press, settled }, from) {
  const took = [];
  for (let round = 0; round < ROUNDS + 10; round += 1) {
    const one = await press(page, from + round);
    // The first ones compile.
    if (round >= 10) took.push(one);
    await settled(page);
  }
  return took;
}

/** The document as it is, without the app. */
async function makeTwin(page, change) {
  const html = (await page.content()).replaceAll(/<script[\s\S]*?<\/script>|<link[^>]*(preload|manifest)[^>]*>/g, "");
  const context = await page.context().browser().newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: "block" });
  await context.addInitScript(instrument);
  const twin = await context.newPage();
  await twin.route(address("/twin"), (route) => route.fulfill({ contentType: "text/html", body: html }));
  await twin.goto(address("/twin"));
  await twin.evaluate(change.twin);
  return twin;
}

async function compare(page, change, what) {
  const twin = await makeTwin(page, change);
  for (const [turn, rate] of [1, 4].entries()) {
    // Below 1 000: from there on a figure has a comma in it.
    const from = turn * 300;
    // One at a time: slowing a page down takes a processor of its own.
    await slow(page, rate);
    await page.bringToFront();
    const ours = await rounds(page, change, from);
    await Promise.all([slow(page, 1), slow(twin, rate)]);
    await twin.bringToFront();
    const theirs = await rounds(twin, { ...change, settled: async () => {} }, from);
    const name = `${change.name} → painted, ${what}, CPU ${rate === 1 ? "as it is" : `slowed ${rate} times`}`;
    const p99 = percentile(ours, 0.99);
    row(`${name}: p99 ms`, both(ours), both(theirs), p99, { at_most: 16.7 });
    row(`${name}: ÷ by hand, p50`, both(ours), both(theirs), percentile(ours, 0.5) / percentile(theirs, 0.5), { at_most: 3 });
  }
  await twin.context().close();
}

await send(products(PRODUCTS));
await send([{ type: "stock.receive", data: { batchref: "FIRST", sku: sku(1), qty: 10 } }]);
await withBrowser(async (browser) => {
  const page = await browser.newPage();
  await page.addInitScript(instrument);
  for (const change of [counting, searching]) {
    await open(page, change.path);
    await live(page);
    await compare(page, change, "10 000 products");
  }
  await page.close();

  const line = await FaultProxy.start({ to: Number(new URL(origin).port) });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addInitScript(instrument);
  const till = await context.newPage();
  await leaveUnsent(till, line, PENDING);
  await till.goto(address(counting.path, line.origin));
  await usable(till);
  await compare(till, { ...counting, settled: async () => {} }, "10 000 products, 1 000 pending");
  await line.close();
}, "--disable-frame-rate-limit", "--disable-gpu-vsync");
