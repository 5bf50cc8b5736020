import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";
import { BREAD, COFFEE } from "../support/demo.ts";
import { hydrated } from "../support/device.ts";
import { PAGES } from "../support/pages.ts";
import { Till } from "../support/screens.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } };
const THEMES = ["light", "dark"] as const;

/** What axe found, short enough to read in a report. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim()}`));
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
