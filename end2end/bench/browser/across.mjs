// From a key in one browser to the change on the screen of another, beside the same way by hand: a POST to a bare server
// that writes and flushes a file of the same size and passes it on by an event stream.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { both, live, open, percentile, products, row, send, sku, withBrowser } from "./page.mjs";

const ROUNDS = 200;
/** What PostgreSQL writes to its log for one command; the flush is what takes the time. */
const COMMIT = Buffer.alloc(1_400, "x");

/** Both pages are on one machine, so their clocks are the same one. */
const sees = (text) => {
  window.seen = new Promise((resolve) => {
    const shown = document.querySelector("[data-figure=on-hand] dd span");
    const look = () => shown.textContent === text && (observer.disconnect(), resolve(performance.timeOrigin + performance.now()));
    const observer = new MutationObserver(look);
    observer.observe(shown, { childList: true, characterData: true, subtree: true });
    look();
  });
};

async function ours(browser) {
  const [a, b] = await Promise.all([browser.newContext(), browser.newContext()]);
  const path = `/products/${sku(1)}`;
  const [first, second] = [await open(await a.newPage(), path), await open(await b.newPage(), path)];
  await Promise.all([live(first), live(second)]);
  const took = [];
  for (let round = 0; round < ROUNDS + 10; round += 1) {
    const counted = String(1 + round);
    await second.evaluate(sees, counted);
    const begin = await first.evaluate((counted) => {
      const form = document.querySelector("form#count");
      form.elements.counted.value = counted;
      const begin = performance.timeOrigin + performance.now();
      form.requestSubmit(form.querySelector("button"));
      return begin;
    }, counted);
    const end = await second.evaluate(() => window.seen);
    if (round >= 10) took.push(end - begin);
    await first.waitForSelector("section.record[data-sync=confirmed]");
  }
  await Promise.all([a.close(), b.close()]);
  return took;
}

const PAGE = '<!doctype html><section data-figure="on-hand"><dl><dd><span>0</span></dd></dl></section>';

async function byHand(browser) {
  const folder = mkdtempSync(join(tmpdir(), "daybook-echo-"));
  const file = openSync(join(folder, "log"), "w");
  const readers = new Set();
  const server = createServer(async (request, response) => {
    if (request.url === "/feed") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(":\n\n");
      readers.add(response);
      request.on("close", () => readers.delete(response));
    } else if (request.method === "POST") {
      let body = "";
      for await (const chunk of request) body += chunk;
      writeSync(file, COMMIT);
      fdatasyncSync(file);
      for (const reader of readers) reader.write(`data: ${body}\n\n`);
      response.end("{}");
    } else {
      response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = `http://127.0.0.1:${server.address().port}/`;
  const [a, b] = await Promise.all([browser.newContext(), browser.newContext()]);
  const [first, second] = [await a.newPage(), await b.newPage()];
  await Promise.all([first.goto(at), second.goto(at)]);
  await second.evaluate(
    () =>
      new Promise((resolve) => {
        const feed = new EventSource("/feed");
        feed.onopen = resolve;
        feed.onmessage = ({ data }) => (document.querySelector("span").textContent = JSON.parse(data).counted);
      }),
  );
  const took = [];
  for (let round = 0; round < ROUNDS + 10; round += 1) {
    const counted = String(1 + round);
    await second.evaluate(sees, counted);
    const begin = await first.evaluate(async (counted) => {
      const begin = performance.timeOrigin + performance.now();
      await fetch("/", { method: "POST", body: JSON.stringify({ counted }) });
      return begin;
    }, counted);
    const end = await second.evaluate(() => window.seen);
    if (round >= 10) took.push(end - begin);
  }
  await Promise.all([a.close(), b.close()]);
  server.closeAllConnections();
  server.close();
  closeSync(file);
  rmSync(folder, { recursive: true });
  return took;
}

await send(products(100));
await withBrowser(async (browser) => {
  const [mine, theirs] = [await ours(browser), await byHand(browser)];
  for (const [name, share] of [["p50", 0.5], ["p99", 0.99]]) {
    row(`browser to browser ÷ POST, flush, event stream by hand, ${name}`, both(mine), both(theirs), percentile(mine, share) / percentile(theirs, share));
  }
});
