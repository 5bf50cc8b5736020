import type { Page } from "@playwright/test";
import { hydrated } from "../support/device.ts";
import { ASHA, MAREK, shares, signIn } from "../support/people.ts";
import { expect, test } from "../support/test.ts";

const SHOP = "corner";

/** What somebody may write who wants more from a page than to be read. */
const PAYLOADS = [
  `</script><script>fired("script")</script>`,
  `"><img src=x onerror=fired("img")>`,
  `' onfocus='fired("attribute")' autofocus='`,
  `<svg onload=fired("svg")>`,
  `javascript:fired("address")`,
  "{{fired('template')}} ${fired('literal')}",
  `</textarea></title><iframe srcdoc="<script>parent.fired('frame')</script>">`,
  `a\u2028<script>fired("line")</script>\u2029b`,
  `a\u202Egnp.exe\u202C\u200Fb <b>bold</b> &lt;i&gt;`,
];

/** A harmless picture of one dot. */
const DOT = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Counts what was run that nobody of ours wrote. Runs in the page, before anything else there. */
function watch(): void {
  const fired: string[] = [];
  const note = (what: unknown) => void fired.push(String(what));
  Object.assign(window, { fired: note, firedSoFar: fired, alert: note, confirm: note, prompt: note });
  addEventListener("securitypolicyviolation", (event) => note(`policy: ${event.violatedDirective} ${event.blockedURI}`));
}

const firedOn = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { firedSoFar: string[] }).firedSoFar);

/** Loads a page, has it brought to life, and finds nothing in it that was run or could be. */
async function staysText(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
  expect(await firedOn(page), path).toEqual([]);
  expect(await page.locator("main :is(script, iframe, [onload], [onerror], [onfocus])").count(), path).toBe(0);
}

/** Of each type one entry, each with another text. */
function oneOfEachType(log: { position: number; type: string }[]): number[] {
  const types = [...new Set(log.map(({ type }) => type))];
  return types.flatMap((type, index) => {
    const entries = log.filter((entry) => entry.type === type);
    return entries.slice(index % entries.length).slice(0, 1).map(({ position }) => position);
  });
}

test.describe("what people write is text", { tag: "@data" }, () => {
  // Many pages, each loaded and brought to life.
  test.setTimeout(360_000);

  test("no text of anybody becomes markup or script on any page", async ({ till, daybook }) => {
    await daybook.createShop(SHOP, "--title", PAYLOADS.slice(0, 2).join(" "));
    const api = `${daybook.origin}/api/v1/shops/${SHOP}`;
    const send = async (type: string, data: Record<string, unknown>): Promise<void> => {
      const answer = await fetch(`${api}/commands`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ type, data }),
      });
      // A refusal is text on pages too.
      expect([200, 422], `${type}: ${await answer.text()}`).toContain(answer.status);
    };
    const kept = (await (await fetch(`${api}/blobs`, { method: "POST", body: DOT })).json()) as Record<string, unknown>;
    const picture = { blob: kept["blob"], media_type: kept["media_type"], width: kept["width"], height: kept["height"] };
    for (const [index, text] of PAYLOADS.entries()) {
      await send("product.add", { sku: `X${index}`, name: text, description: text, category: text.slice(0, 60), price: 100 });
      await send("stock.receive", { batchref: `B${index}`, sku: `X${index}`, qty: 5 });
      await send("stock.damage", { batchref: `B${index}`, qty: 1, reason: text });
      await send("account.open", { account_id: `${index + 1}`, title: text, owner: text, initial_balance: 500, limit: 100 });
      await send("account.credit", { account_id: `${index + 1}`, amount: 100, reference: text });
      await send("order.place", { order_id: `O${index}`, lines: [{ sku: `X${index}`, qty: 1 }], account: `${index + 1}` });
      await send("picture.add", { ...picture, picture_id: `P${index}`, caption: text, about: { product: `X${index}` } });
      await send("sale.record", { sale_id: `S${index}`, lines: [{ sku: `X${index}`, qty: 1, price: 100 }], payment: "cash" });
      await send("comment.add", { comment_id: `C${index}`, picture_id: `P${index}`, text });
      await send("comment.edit", { comment_id: `C${index}`, text: `${text} again`, was: "another text" });
      await send("transfer.request", { transfer_id: `T${index}`, from: `${index + 1}`, to: "1", amount: 999_999, reference: text });
      await send("change.decline", {
        command_id: `00000000-0000-4000-8000-00000000000${index}`,
        type: "product.add",
        data: { sku: `X${index}`, name: text, price: 100 },
        reason: text,
      });
    }
    const { page } = till;
    await page.addInitScript(watch);
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });

    const shared = ["", "till", "products", "stock", "stock?view=batches", "orders", "orders/new", "accounts", "accounts/transfer"];
    const more = ["pictures", "book", "attention", "reports/sales", "reports/stock", "reports/balance", "people", "device", "inspector"];
    const each = (index: number): string[] => [
      `products/X${index}`, `batches/B${index}`, `orders/O${index}`, `orders/O${index}/print`, `accounts/${index + 1}`,
      `accounts/${index + 1}/print`, `pictures/P${index}`, `history/product-X${index}`, `history/picture-P${index}`,
      `history/account-${index + 1}`, `history/transfer-T${index}`, `history/sale-S${index}`, `transfers/T${index}`, `sales/S${index}/print`,
      `why/on-hand-X${index}`, `why/balance-${index + 1}`, `products?q=${encodeURIComponent(PAYLOADS[index] ?? "")}`,
    ];
    const entries = oneOfEachType(await daybook.logOf(SHOP)).map((position) => `book/${position}`);
    const all = [...shared, ...more, ...PAYLOADS.flatMap((_, index) => each(index)), ...entries];
    for (const path of all) await staysText(page, `/s/${SHOP}/${path}`);
    // Made anew from the device's own books, as the server's were taken over before.
    await till.expectLive();
    for (const [index, text] of PAYLOADS.entries()) {
      await page.goto(`/s/${SHOP}/products/X${index}`);
      await hydrated(page);
      await till.expectLive();
      expect(await page.locator("main h1").textContent(), "as it was typed").toBe(text);
      expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe(text);
      await page.getByRole("link", { name: "Products" }).first().click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Products");
      await page.locator(`tr[data-sku="X${index}"] th a`).click();
      await expect.poll(() => page.locator("main h1").textContent()).toBe(text);
      expect(await firedOn(page), text).toEqual([]);
    }
    for (const [index, name] of PAYLOADS.entries()) {
      await daybook.person(SHOP, "reader", { ...MAREK, login: `marek${index}`, name });
    }
    await daybook.person(SHOP, "owner", ASHA);
    await signIn(till, ASHA, SHOP, "/people");
    for (const name of PAYLOADS) {
      await expect.poll(() => page.getByTestId("members").locator("h3").allTextContents()).toContain(name);
    }
    expect(await firedOn(page), "people").toEqual([]);

    // Those of the door: the shop's name, and what was typed and comes back in the address.
    await page.getByRole("button", { name: "Make an invite" }).click();
    const invitation = new URL((await page.getByTestId("invitation").getAttribute("href")) ?? "").pathname;
    for (const path of ["/shops", "/password", invitation]) await staysText(page, path);
    for (const text of PAYLOADS) {
      const typed = new URLSearchParams({ problem: "taken", title: text, login: text, name: text, next: text });
      for (const path of ["/start", "/sign-in", "/shops", "/password", "/join/x"]) await staysText(page, `${path}?${typed}`);
    }

    await page.goto(`/s/${SHOP}/devices`);
    const device = await page.getByTestId("devices").locator("li").first().getAttribute("data-device");
    for (const text of PAYLOADS) {
      await page.request.post(`/s/${SHOP}/devices`, { form: { do: "name", device: device ?? "", name: text } });
      await staysText(page, `/s/${SHOP}/devices`);
      expect(await page.getByTestId("devices").locator("h3").first().textContent()).toContain(text.slice(0, 60));
    }
    for (const [index, name] of PAYLOADS.slice(0, 3).entries()) {
      await shares(till, { ...MAREK, login: `marek${index}`, pin: "314159" }, SHOP);
      await staysText(page, `/s/${SHOP}/switch`);
      await expect(page.getByRole("group", { name: "Who are you?" })).toContainText(name);
    }
    expect(dialogs).toEqual([]);
  });
});
