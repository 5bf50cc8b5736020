import { resolve } from "node:path";
import { keptForOffline } from "../support/device.ts";
import { expect, test } from "../support/test.ts";

/** Written by an earlier build, whose entries of what was given up had one text for why. */
const ARCHIVE = resolve(import.meta.dirname, "../../app/sync/tests/fixtures/protocol-2-fold-3/archive.ndjson");

/** Why something was given up, as the day book says it: buttons of that time, and somebody's own words. */
const WHY = ["Customer left.", "Rain, all day.", "Done another way."];

test.describe("earlier schemas", { tag: "@data" }, () => {
  test("r_27 a log from before a field was split reads alike on the server's page and from the browser's replica", async ({ daybook, device }) => {
    await daybook.importShop("old", ARCHIVE);
    const api = `${daybook.origin}/api/v1/shops/old`;
    const { events } = (await (await fetch(`${api}/events?limit=500`)).json()) as { events: { type: string; schema: number; data: object }[] };
    const given = events.filter((event) => event.type === "Declined");
    expect(given.map((event) => event.schema)).toEqual([1, 1, 1]);
    expect(given[0]?.data).toMatchObject({ reason: "Customer left" });

    const reader = await device({ javaScriptEnabled: false });
    await reader.page.goto("/s/old/book");
    for (const why of WHY) await expect(reader.page.locator(".entry", { hasText: why })).toContainText("Gave up: Reserve 90 × Oat bread");

    const till = await device();
    await till.open("/s/old/book");
    await till.expectLive();
    await keptForOffline(till.page, "old");
    await till.goOffline();
    // Another page, in place: from here on there is nothing but the replica.
    await till.page.reload();
    for (const why of WHY) await expect(till.page.locator(".entry", { hasText: why })).toContainText("Gave up: Reserve 90 × Oat bread");
    till.goOnline();

    // Both have worked the same out of it, and what is given up from now on is written in the new form.
    await till.open("/s/old/device");
    await till.expectLive();
    const theirs = (await (await fetch(`${api}/digest`)).json()) as { position: number; digest: string };
    await expect.poll(() => till.digest()).toEqual({ position: theirs.position, digest: theirs.digest });
    const asked = { order_id: "O-99", sku: "OAT-1", qty: 90 };
    const data = { command_id: "0197f3a0-0000-7000-8000-000000000099", type: "order.allocate", data: asked, reason: "Mistake" };
    const answer = await fetch(`${api}/commands`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ type: "change.decline", data }) });
    expect(answer.status).toBe(200);
    await till.open("/s/old/book");
    await expect(till.page.locator(".entry", { hasText: "Mistake." })).toContainText("Gave up: Reserve 90 × Oat bread");
  });
});
