import { readFile } from "node:fs/promises";
import { expectSameBooks } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

test.describe("inspector", () => {
  test("p2 a lost answer and a request sent twice still give one entry each, and the inspector shows it", async ({ till, daybook }) => {
    const page = await till.open("inspector");
    await till.expectLive();
    for (const fault of ["duplicate", "drop-answer"]) await page.locator(`[data-fault=${fault}]`).check();
    const link = (name: string) => page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name });
    await link("Sell").click();
    const screen = new Till(till);
    const number = await screen.sell(BREAD.sku);
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed", { timeout: 20_000 });
    await link("This device").click();
    await page.getByRole("link", { name: "Inspector" }).click();
    await expect(page.getByTestId("latency-count")).toHaveText("1");
    const { position, digest } = await daybook.digest();
    for (const side of ["ours", "theirs", "agreed"]) {
      await expect(page.getByTestId(`${side}-position`), side).toHaveText(`#${position}`, { timeout: 20_000 });
      await expect(page.getByTestId(`${side}-digest`), side).toHaveText(digest);
    }
    await expect(page.getByTestId("storage")).toContainText(/Uses .* of /);
    await expect(page.locator("[data-fault=duplicate]"), "switches stay as they were put").toBeChecked();
    const sold = (await daybook.events()).filter((event) => event.type === "SaleRecorded" && event.data["sale_id"] === number);
    expect(sold).toHaveLength(1);
    await expectSameBooks(daybook, till);
  });

  test("p_3 the server says how far everything that follows the log has come, and whether it is what the log says", async ({ till, daybook }) => {
    const page = await till.open("inspector");
    await till.expectLive();
    const { position } = await daybook.digest();
    const followers = page.getByTestId("followers");
    await expect(followers.getByRole("caption")).toHaveText(`The log ends with entry #${position}`);
    for (const name of ["books", "handover", "settlement"]) {
      const row = followers.locator(`[data-follower=${name}]`);
      await expect(row, name).toContainText(`#${position}`);
      await expect(row, name).toContainText("Nothing");
    }
    await expect(followers.locator("[data-follower=books]")).toContainText("Yes");
    await daybook.command("stock.receive", { batchref: "P3-B", sku: BREAD.sku, qty: 1 });
    await followers.getByRole("button", { name: "Ask again" }).click();
    await expect(followers.locator("[data-follower=handover]")).toContainText(`#${(await daybook.digest()).position}`);
  });

  test("offline on demand, the outbox in full, and a bundle of it", async ({ till }) => {
    const page = await till.open("inspector");
    await till.expectLive();
    await page.locator("[data-fault=offline]").check();
    await expect(till.chip).toHaveAttribute("data-state", /not-connected|unreachable/, { timeout: 10_000 });
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "Sell" }).click();
    const number = await new Till(till).sell(BREAD.sku);
    await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: "This device" }).click();
    await page.getByRole("link", { name: "Inspector" }).click();
    const outbox = page.getByRole("listitem").filter({ hasText: "sale.record" });
    await expect(outbox).toHaveAttribute("data-sync", /saved-here|sending/);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the bundle" }).click();
    const bundle = JSON.parse(await readFile(await (await saving).path(), "utf8")) as Record<"outbox" | "snapshot" | "lost" | "unreadable", unknown>;
    expect(JSON.stringify(bundle.outbox)).toContain(number);
    expect(bundle.snapshot).not.toBeNull();
    expect([bundle.lost, bundle.unreadable]).toEqual([[], []]);
    await page.locator("[data-fault=offline]").uncheck();
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 20_000 });
  });
});
