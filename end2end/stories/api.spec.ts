/** The HTTP contract as another program meets it: the release binary, a real store, nothing else. */

import { randomUUID } from "node:crypto";
import type { Daybook, LogEvent } from "../support/daybook.ts";
import { EventFeed } from "../support/feed.ts";
import { expect, test } from "../support/test.ts";

const json = { "content-type": "application/json" };

const post = (daybook: Daybook, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${daybook.api}/commands`, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });

const receive = (batchref: string, sku: string, qty: number, eta?: string) => ({
  type: "stock.receive",
  data: { batchref, sku, qty, ...(eta ? { eta } : {}) },
});

const allocate = (order_id: string, sku: string, qty: number) => ({ type: "order.allocate", data: { order_id, sku, qty } });

async function problem(answer: Response): Promise<{ status: number; code: string } & Record<string, unknown>> {
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return (await answer.json()) as { status: number; code: string };
}

test.describe("commands", { tag: "@data" }, () => {
  test("c_22 what was posted can be read", async ({ daybook }) => {
    await post(daybook, receive("EARLY", "TABLE", 100, "2031-01-02"));
    await post(daybook, receive("LATER", "TABLE", 100, "2031-01-03"));
    await post(daybook, receive("OTHER", "CHAIR", 100));
    const answer = await post(daybook, allocate("O-1", "TABLE", 3));
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { positions: number[]; head: number };
    expect(body).toMatchObject({ status: "accepted" });
    expect(body.positions).toHaveLength(1);
    expect(body.head).toBeGreaterThanOrEqual(body.positions[0]!);
    expect(await daybook.get("/orders/O-1/allocations")).toEqual([{ sku: "TABLE", batchref: "EARLY" }]);
    expect(await daybook.get("/orders/O-1/allocations/TABLE")).toBeTruthy();
    expect((await fetch(`${daybook.api}/orders/O-2/allocations`)).status).toBe(404);
  });

  test("c_22 an unknown SKU is refused in so many words, and the refusal has a position", async ({ daybook }) => {
    const answer = await post(daybook, allocate("O-1", "NO-SUCH", 3));
    expect(answer.status).toBe(422);
    const body = (await answer.json()) as { positions: number[] };
    expect(body).toMatchObject({ status: "refused", code: "invalid_sku", message: "Invalid sku NO-SUCH" });
    const last = (await daybook.events((await daybook.digest()).position - 1))[0];
    expect(last).toMatchObject({ type: "Refused", data: { code: "invalid_sku" } });
  });

  test("p2 one id has one verdict, also five times in parallel", async ({ daybook }) => {
    const id = randomUUID();
    const before = await daybook.digest();
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => post(daybook, { id, ...receive("ONCE", "TABLE", 4) })));
    const bodies = (await Promise.all(answers.map((each) => each.json()))) as { positions: number[] }[];
    for (const body of bodies) expect(body).toMatchObject({ id, status: "accepted", positions: bodies[0]!.positions });
    expect((await daybook.events(before.position)).filter((event) => event.type === "BatchReceived")).toHaveLength(1);
  });

  test("p2 an id used for something else is told so", async ({ daybook }) => {
    const id = randomUUID();
    await post(daybook, { id, ...receive("ONCE", "TABLE", 4) });
    const answer = await post(daybook, { id, ...receive("ONCE", "TABLE", 5) });
    expect(answer.status).toBe(409);
    expect(await problem(answer)).toMatchObject({ code: "id_reused" });
  });

  test("p2 the Idempotency-Key stands for an absent id", async ({ daybook }) => {
    const before = await daybook.digest();
    const key = { "idempotency-key": randomUUID() };
    for (const _ of [1, 2, 3]) expect((await post(daybook, receive("KEYED", "TABLE", 4), key)).status).toBe(200);
    expect((await daybook.events(before.position)).filter((event) => event.type === "BatchReceived")).toHaveLength(1);
  });

  test("d_5 a command that changes nothing is accepted without events", async ({ daybook }) => {
    await post(daybook, receive("B", "TABLE", 4));
    await post(daybook, allocate("O-1", "TABLE", 4));
    const before = await daybook.digest();
    expect(await (await post(daybook, allocate("O-1", "TABLE", 4))).json()).toMatchObject({ status: "accepted", positions: [] });
    expect(await daybook.digest()).toEqual(before);
  });

  test("an array is answered by a list in its order, and one malformed entry writes nothing", async ({ daybook }) => {
    const answer = await post(daybook, [receive("A", "TABLE", 4), allocate("O-1", "NO-SUCH", 1), allocate("O-1", "TABLE", 1)]);
    expect(answer.status).toBe(200);
    const list = (await answer.json()) as { status: string }[];
    expect(list.map((each) => each.status)).toEqual(["accepted", "refused", "accepted"]);

    const before = await daybook.digest();
    const broken = await post(daybook, [receive("C", "TABLE", 4), { type: "stock.receive", data: { qty: "many" } }]);
    expect(broken.status).toBe(400);
    expect(await daybook.digest()).toEqual(before);
  });

  test("bad input is named and writes nothing", async ({ daybook }) => {
    const before = await daybook.digest();
    const raw = (body: string) => fetch(`${daybook.api}/commands`, { method: "POST", headers: json, body });
    for (const [body, status] of [
      ["{", 400],
      ["[]extra", 400],
      [JSON.stringify({ type: "no.such", data: {} }), 400],
      [JSON.stringify({ type: "stock.receive" }), 400],
      [JSON.stringify(receive("B", "TABLE", -1)), 400],
      [JSON.stringify(receive("B", "TABLE", 1.5)), 400],
      [JSON.stringify(receive("B", "TABLE", 1, "tomorrow")), 400],
      [JSON.stringify({ ...receive("B", "TABLE", 1), id: "not-an-id" }), 400],
      [JSON.stringify({ type: "product.add", data: { sku: "P", name: "P", description: "", category: "", price: -5 } }), 400],
      [JSON.stringify(Array.from({ length: 501 }, (_, index) => receive(`B-${index}`, "TABLE", 1))), 413],
      [JSON.stringify({ type: "product.add", data: { description: "x".repeat(20_000_000) } }), 413],
    ] as const) {
      const answer = await raw(body);
      expect(answer.status, body.slice(0, 80)).toBe(status);
      expect((await problem(answer)).code).toMatch(/^[a-z_]+$/);
    }
    const fields = await problem(await raw(JSON.stringify({ type: "stock.receive", data: { qty: -1 } })));
    expect(JSON.stringify(fields)).toMatch(/batchref/);
    expect(JSON.stringify(fields)).toMatch(/sku/);
    expect(JSON.stringify(fields)).toMatch(/qty/);
    expect(await daybook.digest()).toEqual(before);
  });

  test("what does not exist is 404", async ({ daybook }) => {
    const base = `${daybook.origin}/api/v1/shops`;
    for (const path of ["no-such/digest", "demo/products/NO-SUCH", "demo/batches/NO-SUCH", "demo/orders/NO-SUCH", "demo/no-such", `demo/commands/${randomUUID()}`]) {
      const answer = await fetch(`${base}/${path}`);
      expect(answer.status, path).toBe(404);
      await problem(answer);
    }
  });

  test("if_version: the second of two who read the same is told both versions", async ({ daybook }) => {
    await post(daybook, { type: "product.add", data: { sku: "P-1", name: "One", description: "", category: "x", price: 100 } });
    const change = (name: string) => post(daybook, { type: "product.change", data: { sku: "P-1", name }, if_version: 1 });
    expect((await change("Two")).status).toBe(200);
    const late = await change("Three");
    expect(late.status).toBe(409);
    expect(await problem(late)).toMatchObject({ expected: 1, actual: 2 });
    expect(await daybook.get("/products/P-1")).toMatchObject({ name: "Two" });
  });

  test("d_13 d_21 r_29 respond-async: 202 with a place to ask, which tells the outcome", async ({ daybook }) => {
    const answer = await post(daybook, receive("ASYNC", "TABLE", 4), { prefer: "respond-async" });
    expect(answer.status).toBe(202);
    const location = new URL(answer.headers.get("location") ?? "", daybook.origin).href;
    const status = async () => ((await (await fetch(location)).json()) as { status: string }).status;
    await expect.poll(status).toBe("accepted");

    const refused = await post(daybook, allocate("O-1", "NO-SUCH", 1), { prefer: "respond-async" });
    expect(refused.status).toBe(202);
    const where = new URL(refused.headers.get("location") ?? "", daybook.origin).href;
    await expect.poll(async () => (await fetch(where)).json()).toMatchObject({ status: "refused", code: "invalid_sku" });
  });

  test("d_4 d_12 what was taken on is handled after the server was killed", async ({ daybook }) => {
    // What the dead process had claimed is free again when its lease has run out.
    test.setTimeout(60_000);
    const taken: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const answer = await post(daybook, receive(`KILL-${index}`, "TABLE", 1), { prefer: "respond-async" });
      expect(answer.status).toBe(202);
      taken.push(new URL(answer.headers.get("location") ?? "", daybook.origin).href);
    }
    await daybook.down("SIGKILL");
    await daybook.up();
    for (const location of taken) {
      await expect.poll(async () => ((await (await fetch(location)).json()) as { status: string }).status, { timeout: 40_000 }).toBe("accepted");
    }
  });
});

test.describe("reading", { tag: "@data" }, () => {
  test("c_15 every read carries its position as an ETag, and 304 costs nothing", async ({ daybook }) => {
    const { position } = await daybook.digest();
    for (const path of ["/products", "/orders", "/digest", "/events?after=0&limit=5"]) {
      const answer = await fetch(`${daybook.api}${path}`);
      expect(answer.headers.get("daybook-position"), path).toBe(String(position));
      const etag = answer.headers.get("etag") ?? "";
      expect(etag, path).toContain(String(position));
      const again = await fetch(`${daybook.api}${path}`, { headers: { "if-none-match": etag } });
      expect(again.status, path).toBe(304);
    }
    await post(daybook, receive("NEW", "TABLE", 1));
    const stale = await fetch(`${daybook.api}/products`, { headers: { "if-none-match": `"${position}"` } });
    expect(stale.status).toBe(200);
  });

  test("p_4 k_9 r_29 min_position waits for one's own write and as_of answers from the past", async ({ daybook }) => {
    await post(daybook, receive("FIRST", "SHELF", 5));
    const before = await daybook.digest();
    const answer = (await (await post(daybook, receive("SECOND", "SHELF", 7))).json()) as { head: number };
    const now = await daybook.get<{ on_hand: number }>(`/products/SHELF?min_position=${answer.head}`);
    expect(now.on_hand).toBe(12);
    const then = await daybook.get<{ on_hand: number }>(`/products/SHELF?as_of=${before.position}`);
    expect(then.on_hand).toBe(5);
    expect(await daybook.get(`/digest?as_of=${before.position}`)).toEqual(before);
  });

  test("p3 the log has no holes, by page and as one stream", async ({ daybook }) => {
    const { position } = await daybook.digest();
    const paged: LogEvent[] = [];
    while (paged.length < position) {
      const next = await daybook.get<{ events: LogEvent[]; head: number }>(`/events?after=${paged.length}&limit=37`);
      expect(next.head).toBe(position);
      expect(next.events.length).toBeGreaterThan(0);
      paged.push(...next.events);
    }
    expect(paged.map((event) => event.position)).toEqual(paged.map((_, index) => index + 1));
    const answer = await fetch(`${daybook.api}/events?after=0`, { headers: { accept: "application/x-ndjson" } });
    const streamed = (await answer.text()).trim().split("\n").map((line) => JSON.parse(line) as LogEvent);
    expect(streamed).toEqual(paged);
  });

  test("every document of the contract answers", async ({ daybook }) => {
    const { items: products } = await daybook.get<{ items: { sku: string; category: string }[] }>("/products");
    expect(products.length).toBeGreaterThanOrEqual(24);
    const { sku, category } = products[0]!;
    const product = await daybook.get<Record<string, unknown>>(`/products/${sku}`);
    expect(Object.keys(product)).toEqual(
      expect.arrayContaining(["sku", "name", "description", "category", "price", "archived", "on_hand", "allocated", "available", "next_eta"]),
    );
    const { items: orders } = await daybook.get<{ items: { order_id: string }[] }>("/orders");
    expect(orders.length).toBeGreaterThanOrEqual(30);
    const order = await daybook.get<Record<string, unknown>>(`/orders/${orders[0]!.order_id}`);
    expect(Object.keys(order)).toEqual(expect.arrayContaining(["order_id", "state", "account", "total", "lines", "timeline"]));
    for (const path of [`/stock/${sku}`, `/categories/${encodeURIComponent(category)}`, `/history/product-${sku}`, "/openapi.json", "/schemas/stock.receive.json", "/snapshot"]) {
      expect(await daybook.get(path), path).toBeTruthy();
    }
    const health = await fetch(`${daybook.origin}/healthz`);
    expect(health.status).toBe(200);
    expect(await (await fetch(`${daybook.origin}/metrics`)).text()).toMatch(/^# /m);
  });

  test("p1 p3 a killed server has everything that it answered for, under the same epoch and digest", async ({ daybook }) => {
    for (let index = 0; index < 10; index += 1) expect((await post(daybook, receive(`K-${index}`, "TABLE", 1))).status).toBe(200);
    const before = await daybook.digest();
    await daybook.down("SIGKILL");
    await daybook.up();
    expect(await daybook.digest()).toEqual(before);
  });
});

test.describe("feed", { tag: "@data" }, () => {
  test("p3 a feed goes on where it was cut, without hole or repeat", async ({ daybook }) => {
    const { epoch, position } = await daybook.digest();
    const first = await EventFeed.open(`${daybook.api}/feed?after=${position}`);
    await post(daybook, receive("F-1", "TABLE", 1));
    const seen = await first.next("events");
    expect(seen.data["epoch"]).toBe(epoch);
    first.close();
    await post(daybook, receive("F-2", "TABLE", 1));
    const second = await EventFeed.open(`${daybook.api}/feed`, seen.id);
    const rest = await second.next("events");
    second.close();
    const positions = [seen, rest].flatMap((frame) => (frame.data["events"] as LogEvent[]).map((event) => event.position));
    const head = (await daybook.digest()).position;
    expect(positions).toEqual(Array.from({ length: head - position }, (_, index) => position + 1 + index));
    expect(rest.id).toBe(`${epoch}:${head}`);
  });

  test("f6 another log's id starts over, a future one too, garbage is never silence", async ({ daybook }) => {
    const { epoch, position } = await daybook.digest();
    for (const id of [`${randomUUID()}:3`, `${epoch}:${position + 50}`, `${epoch}:99999999999999999999`, "garbage", `${epoch}:-1`, "x".repeat(6_000)]) {
      const feed = await EventFeed.open(`${daybook.api}/feed`, id);
      const frame = await feed.next("reset", "snapshot", "events");
      feed.close();
      expect(frame.data["epoch"], id.slice(0, 60)).toBe(epoch);
      expect(["reset", "snapshot"], `${id.slice(0, 60)} → ${frame.event}`).toContain(frame.event);
    }
  });

  test("f19 no middle man may buffer or change a feed", async ({ daybook }) => {
    const feed = await EventFeed.open(`${daybook.api}/feed?after=0`);
    feed.close();
    expect(feed.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(feed.headers.get("cache-control")).toMatch(/no-cache|no-store/);
    expect(feed.headers.get("x-accel-buffering")).toBe("no");
    expect(feed.headers.get("content-encoding")).toBeNull();
  });

  test("a server that stops says goodbye and ends with open feeds", async ({ daybook }) => {
    const { position } = await daybook.digest();
    const feeds = await Promise.all([1, 2, 3].map(() => EventFeed.open(`${daybook.api}/feed?after=${position}`)));
    const begun = Date.now();
    const goodbyes = Promise.all(feeds.map((feed) => feed.next("bye")));
    await daybook.down("SIGTERM");
    expect(Date.now() - begun).toBeLessThan(5_000);
    for (const frame of await goodbyes) expect(frame.event).toBe("bye");
  });
});
