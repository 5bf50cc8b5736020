import { expect, test } from "../support/test.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";

/** How long a stream has for its first word, and a little for the first poll. */
const FALL_BACK = 40_000;

test.describe("a proxy that holds streams back", () => {
  test.setTimeout(120_000);

  test("f19 the app is live by long polling, both ways", async ({ daybook, till }) => {
    till.line.buffer();
    const screen = await Till.open(till);
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: FALL_BACK });
    const polls = () => till.line.log.filter((each) => /\/feed\?.*wait=/.test(each.path));
    expect(polls().length).toBeGreaterThan(0);

    await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", /^confirmed/, { timeout: 20_000 });

    // What others write arrives while a poll waits for it.
    const { position } = await daybook.digest();
    await daybook.command("stock.receive", { batchref: "POLLED-1", sku: BREAD.sku, qty: 3 });
    await expect.poll(async () => (await daybook.digest()).position).toBeGreaterThan(position);
    // Inside the app: a page that is loaded anew tries a stream first.
    await till.chip.click();
    await expect(async () => {
      const { position, digest } = await daybook.digest();
      expect(await till.digest()).toEqual({ position, digest });
    }).toPass({ timeout: 30_000 });
    // A line that waits is asked a few times a minute, not a few times a second.
    expect(polls().length).toBeLessThan(30);
  });

  test("f19 a stream that was swallowed by the way is given up, and the poll brings what it missed", async ({ daybook, till }) => {
    await till.open("till");
    await till.expectLive();
    till.line.buffer();
    // The open stream passes nothing on from here; the server knows nothing of it.
    await daybook.command("stock.receive", { batchref: "POLLED-2", sku: BREAD.sku, qty: 3 });
    await expect.poll(() => till.line.log.some((each) => /\/feed\?.*wait=/.test(each.path)), { timeout: 80_000 }).toBe(true);
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 20_000 });
  });
});
