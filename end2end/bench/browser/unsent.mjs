// Restarting a browser without a line, with 20 000 unsent sales on the device: from the navigation to a page that can be
// used, beside the same start with none.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultProxy } from "../../proxy.mjs";
import { leaveUnsent } from "./outbox.mjs";
import { address, browserIn, origin, percentile, products, row, send, usable } from "./page.mjs";

const ROUNDS = 3;

async function start(unsent) {
  const folder = mkdtempSync(join(tmpdir(), "daybook-profile-"));
  const line = await FaultProxy.start({ to: Number(new URL(origin).port) });
  try {
    const took = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const browser = await browserIn(folder);
      const page = browser.pages()[0] ?? (await browser.newPage());
      if (round === 0) {
        await leaveUnsent(page, line, unsent);
      } else {
        await page.goto(address("/products", line.origin));
        await usable(page);
        took.push(await page.evaluate(() => performance.now()));
      }
      await browser.close();
    }
    return percentile(took, 0.5);
  } finally {
    await line.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await send(products(100));
const none = await start(0);
const many = await start(20_000);
row("restart offline with 20 000 unsent, s", `${(many / 1_000).toFixed(2)} s`, `none unsent ${(none / 1_000).toFixed(2)} s`, many / 1_000, { at_most: 1 });
