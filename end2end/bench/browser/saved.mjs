// From pressing the button to *Saved here*, beside a bare strict IndexedDB put of the same bytes in the same page. One
// of each in turn, so that both meet the same disk.
import { both, live, open, percentile, products, row, send, sku, withBrowser } from "./page.mjs";

const ROUNDS = 200;

/** Notes the strict transaction of the app (when it was begun, when it was complete, what it wrote), and how many
 * transactions of any kind are open. */
function watchStorage() {
  window.transactions = 0;
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    const made = transaction.call(this, stores, mode, options);
    window.transactions += 1;
    for (const end of ["complete", "abort"]) made.addEventListener(end, () => (window.transactions -= 1));
    if (options?.durability === "strict" && this.name.startsWith("daybook:")) {
      window.written = { begun: performance.now() };
      made.addEventListener("complete", () => (window.written.complete = performance.now()));
    }
    return made;
  };
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, key) {
    if (this.name === "outbox") window.bytes = value;
    return put.call(this, value, key);
  };
}

/** In the page: counts the goods, and answers how long it took. */
async function count(number) {
  const record = document.querySelector("section.record");
  const reached = (state) =>
    new Promise((resolve) => {
      const look = () => record.dataset.sync === state && (observer.disconnect(), resolve(performance.now()));
      const observer = new MutationObserver(look);
      observer.observe(record, { attributes: true });
      look();
    });
  const form = document.querySelector("form#count");
  form.elements.counted.value = String(number);
  const begin = performance.now();
  const saved = reached("saved-here");
  form.requestSubmit(form.querySelector("button"));
  const end = await saved;
  await reached("confirmed");
  // What follows from it is written too; the next one begins on a disk at rest.
  while (window.transactions > 0) await new Promise(requestAnimationFrame);
  const { begun, complete } = window.written;
  return { total: end - begin, before: begun - begin, commit: complete - begun, after: end - complete };
}

/** In the page: what anybody would write by hand. */
async function bare(key) {
  window.bench ??= await new Promise((resolve, reject) => {
    const request = indexedDB.open("bare", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("put");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const begin = performance.now();
  await new Promise((resolve, reject) => {
    const transaction = window.bench.transaction("put", "readwrite", { durability: "strict" });
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    transaction.objectStore("put").put(window.bytes, key);
    transaction.commit();
  });
  return performance.now() - begin;
}

await send(products(100));
await withBrowser(async (browser) => {
  const page = await browser.newPage();
  await page.addInitScript(watchStorage);
  await open(page, `/products/${sku(1)}`);
  await live(page);
  const [ours, theirs] = [[], []];
  for (let round = 0; round < ROUNDS + 10; round += 1) {
    const [counted, put] = [await page.evaluate(count, 10 + (round % 50)), await page.evaluate(bare, `key-${round}`)];
    // The first ones compile.
    if (round >= 10) ours.push(counted) && theirs.push(put);
  }
  const middle = (part) => percentile(ours.map((one) => one[part]), 0.5);
  const total = ours.map((one) => one.total);
  const parts = `before the transaction ${middle("before").toFixed(2)}, in it ${middle("commit").toFixed(2)}, after it ${middle("after").toFixed(2)}`;
  row(
    "Saved here ÷ bare strict IndexedDB put, p50",
    `${both(total)}; ${parts}`,
    both(theirs),
    percentile(total, 0.5) / percentile(theirs, 0.5),
    { at_most: 1.3 },
  );
});
