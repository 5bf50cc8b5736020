import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";
import type { Daybook } from "../support/daybook.ts";
import { BREAD, COFFEE } from "../support/demo.ts";
import { hydrated, type Device } from "../support/device.ts";
import { PAGES } from "../support/pages.ts";
import { fillIn, Till } from "../support/screens.ts";
import { lostRace, reserve, SOAP, soapLine, stock, Tray } from "../support/tray.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } };
const THEMES = ["light", "dark"] as const;

/** What axe found, short enough to read in a report. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim()}`));
}

/** Nothing for axe in either theme, at either size. */
async function expectNoViolations(page: Page, what: string): Promise<void> {
  for (const theme of THEMES) {
    await page.evaluate((theme) => void (document.documentElement.dataset["theme"] = theme), theme);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      expect(await violations(page), `${what}, ${theme}, ${size}`).toEqual([]);
    }
  }
}

/** Everything that the live region says from now on, in its order. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    const region = document.querySelector("[data-testid=announcer]");
    if (!region) throw new Error("no live region");
    new MutationObserver(() => void said.push(region.textContent?.trim() ?? "")).observe(region, { childList: true, characterData: true, subtree: true });
    Object.assign(window, { said });
  });
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}

/** Inside the app: the page stays alive, and with it what it has said. */
function follow(till: Device, name: string): Promise<void> {
  return till.page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name }).click();
}

for (const theme of THEMES) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test.describe(`us_29 ${theme}, ${size}`, () => {
      test.use({ viewport });

      test.beforeEach(async ({ context, library }) => {
        await context.addCookies([{ name: "theme", value: theme, url: library.origin }]);
      });

      for (const { name, path, inShop } of PAGES) {
        test(`us_29 axe finds nothing on ${name}, ${theme}, ${size}`, async ({ page, library }) => {
          await page.goto(inShop ? `${library.origin}/s/demo/${path}`.replace(/\/$/, "") : library.origin + path);
          await hydrated(page);
          await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
          expect(await violations(page)).toEqual([]);
        });
      }

      test(`us_29 axe finds nothing on the till and its receipt with unsent sales, ${theme}, ${size}`, async ({ device }) => {
        const till = await device({ viewport });
        await till.context.addCookies([{ name: "theme", value: theme, url: till.line.origin }]);
        const screen = await Till.open(till);
        await till.expectLive();
        await till.goOffline();
        await screen.add(BREAD.sku);
        expect(await violations(till.page)).toEqual([]);
        await screen.sell(COFFEE.sku);
        expect(await violations(till.page)).toEqual([]);
        await till.chip.click();
        await expect(till.page.getByRole("heading", { level: 1 })).toContainText("This device");
        expect(await violations(till.page)).toEqual([]);
      });
    });
  }
}

test.describe("us_29 narrow", () => {
  test.use({ viewport: { width: 320, height: 640 } });

  for (const { name, path, inShop } of PAGES) {
    test(`us_29 ${name} does not scroll sideways at 320 px`, async ({ page, library }) => {
      await page.goto(inShop ? `${library.origin}/s/demo/${path}`.replace(/\/$/, "") : library.origin + path);
      const wide = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth <= clientWidth) return [];
        const outside = [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > clientWidth + 1);
        return outside.slice(0, 5).map((each) => `${each.tagName.toLowerCase()}.${each.className}`);
      });
      expect(wide).toEqual([]);
    });
  }
});

test("us_29 after a navigation inside the app the focus is on the heading and the title is announced", async ({ page, library }) => {
  await page.goto(`${library.origin}/s/demo`);
  await hydrated(page);
  await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Products" }).click();
  const heading = page.getByRole("heading", { level: 1, name: "Products" });
  await expect(heading).toBeFocused();
  await expect(page).toHaveTitle(/^Products/);
});

test.describe("us_29 states", () => {
  test.setTimeout(90_000);

  test("us_29 axe finds nothing where there is no such record, page or shop", async ({ page, library }) => {
    for (const path of ["/s/demo/products/NO-SUCH", "/s/demo/no-such-page", "/s/no-such-shop", "/no-such-page"]) {
      const answer = await page.goto(library.origin + path);
      expect(answer?.status(), path).toBe(404);
      await expectNoViolations(page, path);
    }
  });

  test("us_29 axe finds nothing where a change is refused, with its menu open, and in the form to send it again", async ({ daybook, till }) => {
    await lostRace(daybook, till);
    await expectNoViolations(till.page, "an order with a refused line");
    const tray = await Tray.open(till);
    await expect(tray.items).toHaveAttribute("data-sync", "needs-attention");
    await expectNoViolations(till.page, "refused");
    await tray.askToDiscard(tray.items);
    await expect(tray.items.getByRole("button", { name: "Mistake" })).toBeVisible();
    await expectNoViolations(till.page, "the menu of reasons is open");
    await tray.items.getByRole("link", { name: "Change and resend" }).click();
    await expect(till.page.getByLabel("Quantity", { exact: true })).toBeFocused();
    await expectNoViolations(till.page, "the form to send it again");
  });

  test("us_29 axe finds nothing where a change waits for a refused one", async ({ daybook, till }) => {
    const page = await till.open("products/new");
    await till.expectLive();
    await till.goOffline();
    await fillIn(page, { SKU: "NEW-9", Name: "New jam", Price: "4.50" });
    await page.getByRole("main").getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Products");
    await page.getByRole("main").getByRole("link", { name: "New jam" }).click();
    const details = page.getByRole("form", { name: "Details" });
    await details.getByLabel("Price").fill("4.90");
    await details.getByRole("button", { name: "Save changes" }).click();
    await expect(till.chip).toContainText("2 saved here");
    await daybook.command("product.add", { sku: "NEW-9", name: "Quince jam", description: "", category: "jam", price: 500 });
    till.goOnline();
    await expect(page.getByTestId("bell")).toHaveAccessibleName("Needs attention, 2", { timeout: 40_000 });
    const tray = await Tray.open(till);
    await expect(tray.item("Change product")).toHaveAttribute("data-sync", "held");
    await tray.askToDiscard(tray.item("Add product New jam"));
    await expect(page.getByLabel("And 1 change that waits for it?")).toBeVisible();
    await expectNoViolations(page, "held, and the question what becomes of it");
  });

  /** For as long as the sale before it is under way, half a minute, what is behind it waits here and is at risk. */
  async function atRisk(daybook: Daybook, till: Device): Promise<void> {
    await stock(daybook, 5, { LATE: 4 });
    await till.open("till");
    await till.expectLive();
    till.line.holdRequests();
    await new Till(till).sell(BREAD.sku);
    await follow(till, "Orders");
    await till.page.getByRole("link", { name: /LATE/ }).first().click();
    await reserve(till.page);
    await expect(soapLine(till.page)).toHaveAttribute("data-sync", "saved-here");
    const sold = { sale_id: "Z9-0001", lines: [{ sku: SOAP.sku, qty: 2, price: 310 }], payment: "cash" };
    await daybook.command("sale.record", sold);
    await expect(soapLine(till.page)).toHaveAttribute("data-sync", "at-risk");
  }

  test("us_29 axe finds nothing where a change is at risk", async ({ daybook, till }) => {
    await atRisk(daybook, till);
    await expectNoViolations(till.page, "an order with a line at risk");
  });

  test("us_29 axe finds nothing in the tray where a change is at risk", async ({ daybook, till }) => {
    await atRisk(daybook, till);
    await till.page.getByTestId("bell").click();
    await expect(new Tray(till.page).items).toHaveAttribute("data-sync", "at-risk");
    await expectNoViolations(till.page, "at risk");
  });

  test("us_29 what is saved, confirmed and refused is said in the live region", async ({ daybook, till }) => {
    await lostRace(daybook, till);
    const page = till.page;
    const said = await listen(page);
    await follow(till, "Sell");
    await new Till(till).sell(BREAD.sku);
    await expect.poll(said, "confirmed").toContainEqual(expect.stringMatching(/1 confirmed/));

    await till.goOffline();
    await follow(till, "Products");
    await page.getByRole("main").getByRole("link", { name: BREAD.name }).click();
    const details = page.getByRole("form", { name: "Details" });
    await details.getByLabel("Price").fill("3.10");
    await details.getByRole("button", { name: "Save changes" }).click();
    await expect.poll(said, "saved").toContainEqual(expect.stringMatching(/saved here/i));

    // Refused where it is written: said at once, by the box that takes the focus, and nothing is sent.
    await details.getByLabel("Price").fill("never");
    await details.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByRole("alert")).toContainText("Not saved");
    await expect(details.getByLabel("Price")).toHaveAttribute("aria-invalid", "true");

    // Refused by the book: two were left, five are asked for once more.
    till.goOnline();
    await till.expectLive();
    await page.getByTestId("bell").click();
    await new Tray(page).items.getByRole("button", { name: "Try again" }).click();
    await expect.poll(said, "refused").toContainEqual(expect.stringMatching(/1 not accepted/));
  });
});
