import { readFile } from "node:fs/promises";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

test.describe("p1 unsent changes as a file", () => {
  test("p1 what one device cannot send reaches the book through another, once", async ({ till, device, daybook }) => {
    const screen = await Till.open(till);
    await till.expectLive();
    await till.goOffline();
    const number = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await till.page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "This device" }).click();
    const saving = till.page.waitForEvent("download");
    await till.page.getByRole("link", { name: "Save what is not sent as a file" }).click();
    const path = await (await saving).path();

    const other = await device();
    await other.open("device");
    await other.expectLive();
    const field = other.page.getByLabel("Take in a file that another device has saved");
    const answer = other.page.getByTestId("taken-in");
    const content = await readFile(path, "utf8");
    const chosen = (text: string) => field.setInputFiles({ name: "unsent.json", mimeType: "application/json", buffer: Buffer.from(text) });

    await chosen(content.replace('\\"qty\\":1', '\\"qty\\":2').replace('"qty":1', '"qty":2'));
    await expect(answer).toContainText("This file is damaged. Nothing of it was taken.");
    await chosen("not at all");
    await expect(answer).toContainText("not a file of unsent changes");
    await chosen(content.replace('"shop":"demo"', '"shop":"other"'));
    await expect(answer, "the name of the shop is covered too").toContainText("This file is damaged. Nothing of it was taken.");
    await chosen(content);
    await expect(answer).toContainText("1 change taken in");
    await chosen(content);
    await expect(answer).toContainText("here already");

    const sold = async () => (await daybook.events()).filter((event) => event.type === "SaleRecorded" && event.data["sale_id"] === number);
    await expect(async () => expect(await sold()).toHaveLength(1)).toPass({ timeout: 15_000 });
    till.goOnline();
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 40_000 });
    await expect(till.page.getByText("Nothing waits here.")).toBeVisible();
    expect(await sold()).toHaveLength(1);
  });
});
