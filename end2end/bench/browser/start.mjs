// Opening a page on a device that has the books: from asking for its database to a page that can be used, beside one
// read of the kept snapshot in the same page. The browser is a new one each time; its profile stays.
//
// `node start.mjs <origin> <events>`: how long the shop's log is, for the line of the table.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kept } from "./outbox.mjs";
import { browserIn, live, open, percentile, row, told } from "./page.mjs";

const ROUNDS = 7;

/** In the page: when the app first asks for its database, and when it can be used. */
function instrument() {
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...asked) {
    if (asked[0].startsWith("daybook:")) window.asked ??= performance.now();
    return open.apply(this, asked);
  };
  new MutationObserver((_, observer) => {
    if (document.documentElement?.dataset.hydrated !== "true") return;
    window.usable = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

/** In the page: the snapshot, by hand. */
async function read() {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open("daybook:bench");
    request.onsuccess = () => resolve(request.result);
  });
  const begin = performance.now();
  const asked = database.transaction("book").objectStore("book").getAll(IDBKeyRange.bound("snapshot/", "snapshot/\uffff"));
  const pieces = await new Promise((resolve) => (asked.onsuccess = () => resolve(asked.result)));
  const bytes = await new Blob(pieces).arrayBuffer();
  const got = performance.now();
  JSON.parse(new TextDecoder().decode(bytes));
  const end = performance.now();
  database.close();
  return { read: got - begin, parsed: end - begin, bytes: bytes.byteLength };
}

const folder = mkdtempSync(join(tmpdir(), "daybook-profile-"));
try {
  const starts = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const browser = await browserIn(folder);
    await browser.addInitScript(instrument);
    const page = browser.pages()[0] ?? (await browser.newPage());
    await open(page, "/products");
    await live(page);
    const times = await page.evaluate(() => ({ asked: window.asked, usable: window.usable }));
    if (round === 0) await kept(page);
    else starts.push({ ...times, ...(await page.evaluate(read)) });
    await browser.close();
  }
  const middle = (part) => percentile(starts.map(part), 0.5);
  const [ours, parsed] = [middle((one) => one.usable - one.asked), middle((one) => one.parsed)];
  const reading = `read ${middle((one) => one.read).toFixed(1)}, with JSON.parse ${parsed.toFixed(1)} ms, ${Math.round(starts[0].bytes / 1_000)} KB`;
  const shown = `${ours.toFixed(1)} ms; ${middle((one) => one.usable).toFixed(0)} ms since the navigation`;
  row(`warm start, ${told} events: less 50 ms, ÷ read and parse of the snapshot`, shown, reading, (ours - 50) / parsed, { at_most: 1.5 });
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
