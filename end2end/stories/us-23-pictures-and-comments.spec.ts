import { hydrated, keptForOffline } from "../support/device.ts";
import { expect, test } from "../support/test.ts";

/** Eight by eight grey pixels. */
const PHOTO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAD0lEQVR4nGNowAEYhpYEAILzYAGc7g8kAAAAAElFTkSuQmCC",
  "base64",
);
const BATCH = "batches/B-011";

interface Picture {
  picture_id: string;
  blob: string;
  media_type: string;
}

test.describe("us_23 pictures and comments", { tag: "@data" }, () => {
  test("us_23 a picture taken without a network is seen at once, and by others when it is sent", async ({ daybook, till, device }) => {
    await till.open(BATCH);
    await till.expectLive();
    await till.goOffline();
    const section = till.page.getByRole("region", { name: "Pictures" });
    const before = await section.locator("li").count();
    await section.getByText("Add a picture").click();
    await section.getByLabel("Picture", { exact: true }).setInputFiles({ name: "damage.png", mimeType: "image/png", buffer: PHOTO });
    await expect(section.getByText("kept on this device")).toBeVisible();
    await section.getByLabel("What is to be seen").fill("Wet corner");
    await section.getByRole("button", { name: "Add the picture" }).click();
    const mine = section.locator("li", { has: till.page.getByAltText("Wet corner") });
    await expect(mine).toHaveAttribute("data-sync", "saved-here");
    await expect(section.locator("li")).toHaveCount(before + 1);
    const isSeen = () => mine.locator("img").evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0);
    await expect.poll(isSeen).toBe(true);

    await mine.getByRole("link").click();
    const page = till.page;
    await page.getByRole("textbox", { name: "Comment" }).fill("Since the rain.");
    await page.getByRole("button", { name: "Add the comment" }).click();
    await expect(page.locator(".comments li")).toHaveAttribute("data-sync", "saved-here");

    till.goOnline();
    await till.expectLive();
    await expect(page.locator(".comments li")).toHaveAttribute("data-sync", "confirmed");
    const { items } = await daybook.get<{ items: Picture[] }>("/pictures");
    const sent = items.find((picture) => page.url().endsWith(picture.picture_id));
    expect(sent?.media_type).toBe("image/jpeg");

    const other = await device();
    await other.open(`pictures/${sent?.picture_id}`);
    await expect(other.page.locator(".comment-text")).toHaveText("Since the rain.");
    await expect.poll(() => other.page.locator(".picture img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(8);
  });

  test("us_23 a picture that was seen is there without a network", async ({ till }) => {
    const page = await till.open("");
    await till.expectLive();
    await keptForOffline(page);
    await till.open("pictures/P-01");
    const image = page.locator(".picture img");
    const source = await image.evaluate((image: HTMLImageElement) => image.src);
    const kept = () => page.evaluate(async () => (await (await caches.open("daybook-pictures")).keys()).map(({ url }) => url));
    await expect.poll(kept).toContain(source);
    // The browser's own cache does not last, and must not be what passes this.
    const browser = await till.context.newCDPSession(page);
    await browser.send("Network.clearBrowserCache");
    await till.goOffline();
    await page.reload();
    await hydrated(page);
    await expect(page.locator("html")).toHaveAttribute("data-boot", "csr");
    await expect.poll(() => image.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  });

  test("us_23 p_13 a removed comment leaves the thread on both devices and stays in its history", async ({ daybook, till, device }) => {
    const other = await device();
    await other.open("pictures/P-01");
    await other.expectLive();
    await till.open("pictures/P-01");
    await till.expectLive();
    const first = till.page.locator(".comments li").first();
    const id = await first.getAttribute("data-comment");
    const text = await first.locator(".comment-text").innerText();
    await first.getByRole("button", { name: "Remove" }).click();
    await expect(till.page.locator(`[data-comment="${id}"]`)).toHaveCount(0);
    await expect(other.page.locator(`[data-comment="${id}"]`)).toHaveCount(0, { timeout: 2_000 });
    const { entries } = await daybook.get<{ entries: { type: string; actor: string; changes: { was: string }[] }[] }>(`/history/comment-${id}`);
    expect(entries.map(({ type }) => type)).toEqual(["CommentAdded", "CommentDeleted"]);
    expect(entries[1]?.changes[0]?.was).toBe(text);
    await till.open("book");
    await expect(till.page.locator(".entry", { hasText: "Removed a comment" }).first()).toContainText(text);
  });

  test("us_23 two edit one comment without a network: the second hears of it and chooses", async ({ till, device }) => {
    const other = await device();
    const edit = async (page: typeof till.page, text: string) => {
      const comment = page.locator(".comments li").first();
      await comment.getByText("Edit").click();
      await comment.getByRole("textbox", { name: "Comment" }).fill(text);
      await comment.getByRole("button", { name: "Save the comment" }).click();
      await expect(comment.locator(".comment-text")).toHaveText(text);
    };
    for (const [one, text] of [[till, "Mine"], [other, "Theirs"]] as const) {
      await one.open("pictures/P-03");
      await one.expectLive();
      await one.goOffline();
      await edit(one.page, text);
    }
    other.goOnline();
    await expect(other.page.locator(".comments li").first()).toHaveAttribute("data-sync", "confirmed");
    till.goOnline();
    await expect(till.page.locator(".comments li").first().locator(".comment-text")).toHaveText("Theirs");

    await till.open("attention");
    const item = till.page.locator(".needs li").first();
    await expect(item).toContainText("Theirs");
    await expect(item).toContainText("Mine");
    for (const name of ["Keep theirs", "Replace with mine"]) await expect(item.getByRole("button", { name })).toBeVisible();
    await expect(item.getByRole("link", { name: "Write both into one" })).toBeVisible();
    await item.getByRole("button", { name: "Replace with mine" }).click();
    await expect(till.page.locator(".toast").last()).toContainText("Saved here");
    await till.open("pictures/P-03");
    await expect(till.page.locator(".comments li").first().locator(".comment-text")).toHaveText("Mine");
    await expect(other.page.locator(".comments li").first().locator(".comment-text")).toHaveText("Mine");
  });

  test("us_23 without a program the picture is posted in its form", async ({ daybook, browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${daybook.origin}/s/demo/${BATCH}`);
    const section = page.getByRole("region", { name: "Pictures" });
    const before = await section.locator("li").count();
    await section.getByText("Add a picture").click();
    await section.getByLabel("Picture", { exact: true }).setInputFiles({ name: "damage.png", mimeType: "image/png", buffer: PHOTO });
    await section.getByRole("button", { name: "Add the picture" }).click();
    await expect(page.getByRole("region", { name: "Pictures" }).locator("li")).toHaveCount(before + 1);
    await context.close();
  });
});
