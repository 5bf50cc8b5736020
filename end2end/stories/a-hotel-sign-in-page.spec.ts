import { expectSameBooks } from "../support/device.ts";
import { BREAD } from "../support/demo.ts";
import { Till } from "../support/screens.ts";
import { expect, test } from "../support/test.ts";

test.describe("us_13 a network that answers in the server's place", () => {
  test("f20 us_13 a sign-in page is not taken for the book, sales go on, and all of it is confirmed once it is passed", async ({ daybook, till }) => {
    test.setTimeout(60_000);
    const screen = await Till.open(till);
    await till.expectLive();
    const before = await daybook.digest();
    till.line.portal();
    await expect(till.chip).toHaveAttribute("data-state", "unreachable", { timeout: 15_000 });

    const numbers = [await screen.sell(BREAD.sku)];
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await screen.next();
    numbers.push(await screen.sell(BREAD.sku));
    await expect(screen.receipt).toHaveAttribute("data-sync", "saved-here");
    await expect(till.chip).toContainText("2 saved here");
    await expect(till.chip, "its answers change nothing").toHaveAttribute("data-state", "unreachable");

    till.line.heal();
    await expect(screen.receipt).toHaveAttribute("data-sync", "confirmed", { timeout: 5_000 });
    await till.expectLive();
    const sold = (await daybook.events(before.position)).filter((event) => event.type === "SaleRecorded");
    expect(sold.map((event) => event.data["sale_id"])).toEqual(numbers);
    await expectSameBooks(daybook, till);
  });
});
