// Sales that a device has saved and not sent, many at once: written into its storage in the form in which the app keeps
// them, by both halves of its outbox. Giving them in one by one would take the app a strict commit each.
import { open, sku } from "./page.mjs";

/** In the page: `count` sales of single units. Whatever does not fit into localStorage is in IndexedDB alone, as always. */
async function write({ count, skus }) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open("daybook:bench");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = database.transaction("outbox", "readwrite");
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  let room = true;
  for (let number = 0; number < count; number += 1) {
    const id = crypto.randomUUID();
    const text = JSON.stringify({
      submission: {
        id,
        type: "sale.record",
        data: {
          sale_id: `T99-${number}`,
          lines: [{ sku: skus[number % skus.length], qty: 1, price: 100 }],
          payment: "cash",
        },
        device: "T99",
        issued_at: new Date(Date.now() - 1_000_000 + number).toISOString(),
      },
      sequence: 1 + number,
      stage: { stage: "saved" },
    });
    transaction.objectStore("outbox").put(new TextEncoder().encode(text), id);
    try {
      if (room) localStorage.setItem(`daybook:bench:outbox:${id}`, text);
    } catch {
      room = false;
    }
  }
  await done;
  database.close();
}

/** Leaves the device of `page` with `count` unsent sales, without a line. `page` shows nothing of the app afterwards. */
export async function leaveUnsent(page, line, count) {
  const at = line.origin;
  await open(page, "/products", at);
  // The worker answers for this page once it has kept the app.
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    }
  });
  await kept(page);
  await page.goto(`${at}/healthz`);
  await page.evaluate(write, { count, skus: Array.from({ length: 100 }, (_, number) => sku(number)) });
  line.cut();
}

/** The copy of the books is on the device. */
export async function kept(page) {
  await page.waitForFunction(
    async () => {
      const database = await new Promise((resolve) => {
        const request = indexedDB.open("daybook:bench");
        request.onsuccess = () => resolve(request.result);
      });
      const read = database.transaction("book").objectStore("book").get("snapshot");
      const found = await new Promise((resolve) => (read.onsuccess = () => resolve(read.result)));
      database.close();
      return found !== undefined;
    },
    undefined,
    { timeout: 120_000, polling: 100 },
  );
}
