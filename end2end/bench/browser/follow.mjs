// How fast a second, following tab takes in what the leading one passes on: both were without a line while others wrote,
// and come back. Counted in the follower, from the first frame that it hears to the end of the log on its screen.
import { FaultProxy } from "../../proxy.mjs";
import { address, live, open, origin, percentile, products, row, send, sku, usable, withBrowser } from "./page.mjs";

/** Fewer than a feed sends before it gives a snapshot instead. */
const EVENTS = 15_000;
const ROUNDS = 3;

/** In the page: when the first and the last event of this batch came in. */
function follow(head) {
  const shown = document.querySelector("[data-testid=ours-position]");
  const position = () => Number(shown.textContent.replace(/\D/g, ""));
  window.caughtUp = new Promise((resolve) => {
    let begin;
    let parsing = 0;
    const channel = new BroadcastChannel("daybook:bench:v1");
    channel.onmessage = ({ data }) => {
      const note = JSON.parse(data);
      if (note.kind !== "frame" || note.name !== "events") return;
      begin ??= performance.now();
      const before = performance.now();
      JSON.parse(note.data);
      parsing += performance.now() - before;
    };
    const observer = new MutationObserver(() => {
      if (position() < head) return;
      observer.disconnect();
      channel.close();
      resolve({ took: performance.now() - begin, parsing });
    });
    observer.observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
  });
}

await send(products(100));
let head = 100;
await withBrowser(async (browser) => {
  const line = await FaultProxy.start({ to: Number(new URL(origin).port) });
  const context = await browser.newContext();
  const first = await open(await context.newPage(), "/device", line.origin);
  const second = await open(await context.newPage(), "/device", line.origin);
  await live(second);
  const [rates, parse] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    line.cut();
    // The follower has no line of its own to miss.
    await first.waitForSelector("[data-testid=conn-chip]:not([data-state=live])", { timeout: 60_000 });
    const change = (number) => ({ type: "product.change", data: { sku: sku(number % 100), price: 1_000 + round * EVENTS + number } });
    await send(Array.from({ length: EVENTS }, (_, number) => change(number)));
    head += EVENTS;
    await second.evaluate(follow, head);
    line.heal();
    const { took, parsing } = await second.evaluate(() => window.caughtUp);
    rates.push((EVENTS / took) * 1_000);
    parse.push((EVENTS / parsing) * 1_000);
  }
  const [ours, theirs] = [percentile(rates, 0.5), percentile(parse, 0.5)];
  const thousands = (rate) => `${(rate / 1_000).toFixed(1)}k/s`;
  row("second tab, events a second taken in", thousands(ours), `JSON.parse of the same frames ${thousands(theirs)}`, ours, { at_least: 10_000 });
  await line.close();
});
