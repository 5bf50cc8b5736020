import { hydrated } from "../support/device.ts";
import { expect, test } from "../support/test.ts";

test.describe("us_13 an honest chip", () => {
  test("us_13 a server that is gone is told apart from a network that is gone, and both come back by themselves", async ({ till, daybook }) => {
    test.setTimeout(120_000);
    await till.open("device");
    await till.expectLive();
    await daybook.down("SIGKILL");
    await expect(till.chip).toHaveAttribute("data-state", "unreachable", { timeout: 40_000 });

    const answer = till.page.getByTestId("try-answer");
    await till.page.getByRole("button", { name: "Try now" }).click();
    await expect(answer, "an answer in words, also when nothing has changed").toContainText("Can't reach the book");

    await till.context.setOffline(true);
    await expect(till.chip).toHaveAttribute("data-state", "not-connected", { timeout: 20_000 });
    await till.context.setOffline(false);
    await daybook.up();
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    await till.page.getByRole("button", { name: "Try now" }).click();
    await expect(answer).toContainText("Live");
  });

  test("us_13 a browser that wrongly believes to be offline changes nothing", async ({ till }) => {
    await till.page.addInitScript(() => Object.defineProperty(Navigator.prototype, "onLine", { get: () => false }));
    await till.open("till");
    await till.expectLive();
    await till.page.evaluate(() => window.dispatchEvent(new Event("offline")));
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 15_000 });
    await expect(till.page.locator("main :is(button, input, select):is(:disabled, [aria-disabled=true])")).toHaveCount(0);
    await till.page.reload();
    await hydrated(till.page);
    await till.expectLive();
  });

  test("us_13 a stream that goes silent without closing is noticed", async ({ till }) => {
    test.setTimeout(120_000);
    await till.open("");
    await till.expectLive();
    till.line.holdAnswers();
    await expect(till.chip).toHaveAttribute("data-state", /not-connected|unreachable/, { timeout: 60_000 });
    till.line.heal();
    await expect(till.chip).toHaveAttribute("data-state", "live", { timeout: 20_000 });
  });
});
