import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test as base } from "@playwright/test";
import { FaultProxy } from "../proxy.mjs";

/** A server that counts what it is asked and has one endless stream, and the proxy before it. */
const test = base.extend<{ far: { port: number; asked: string[]; say: (text: string) => void }; line: FaultProxy }>({
  far: async ({}, use) => {
    const asked: string[] = [];
    const streams = new Set<ServerResponse>();
    const server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      if (request.url === "/stream") {
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        streams.add(response);
        return;
      }
      response.end(`answer ${asked.length}`);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await use({ port, asked, say: (text) => streams.forEach((each) => each.write(text)) });
    server.closeAllConnections();
    server.close();
  },
  line: async ({ far }, use) => {
    const line = await FaultProxy.start({ to: far.port });
    await use(line);
    await line.close();
  },
});

const post = (line: FaultProxy, body: string) => fetch(`${line.origin}/push`, { method: "POST", body }).then((answer) => answer.text());
const settled = (promise: Promise<unknown>) => Promise.race([promise.then(() => "settled", () => "settled"), wait(150, "waiting")]);

test("a good line carries both ways", async ({ far, line }) => {
  expect(await post(line, "one")).toBe("answer 1");
  expect(far.asked).toEqual(["POST /push one"]);
});

test("a cut line breaks the open stream and every new request, and heals", async ({ far, line }) => {
  const stream = await fetch(`${line.origin}/stream`);
  const reading = stream.text();
  line.cut();
  await expect(reading).rejects.toThrow();
  await expect(post(line, "lost")).rejects.toThrow();
  line.heal();
  expect(await post(line, "two")).toBe("answer 2");
  expect(far.asked).toEqual(["GET /stream", "POST /push two"]);
});

test("a stalled line accepts and says nothing, then goes on", async ({ far, line }) => {
  line.stall();
  const answer = post(line, "one");
  expect(await settled(answer)).toBe("waiting");
  expect(far.asked).toEqual([]);
  line.heal();
  expect(await answer).toBe("answer 1");
});

test("one direction can be held: requests", async ({ far, line }) => {
  const reader = (await fetch(`${line.origin}/stream`)).body?.getReader();
  line.holdRequests();
  const answer = post(line, "one");
  far.say("still heard");
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("still heard");
  expect(far.asked).toEqual(["GET /stream"]);
  line.heal();
  expect(await answer).toBe("answer 2");
});

test("one direction can be held: answers", async ({ far, line }) => {
  line.holdAnswers();
  const answer = post(line, "one");
  await expect.poll(() => far.asked).toEqual(["POST /push one"]);
  expect(await settled(answer)).toBe("waiting");
  line.heal();
  expect(await answer).toBe("answer 1");
});

test("a line that buffers carries what ends, and nothing of what does not", async ({ far, line }) => {
  line.buffer();
  const stream = fetch(`${line.origin}/stream`);
  expect(await post(line, "one")).toBe("answer 2");
  far.say("held back");
  expect(await settled(stream)).toBe("waiting");
  line.heal();
  far.say(", and on");
  const reader = (await stream).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("held back");
});

test("a swallowed answer: handled there, unknown here", async ({ far, line }) => {
  line.swallowAnswer();
  await expect(post(line, "one")).rejects.toThrow();
  expect(far.asked).toEqual(["POST /push one"]);
  expect(await post(line, "one")).toBe("answer 2");
  expect(line.log.map((each) => each.fate)).toEqual(["swallowed", "passed"]);
});

test("a repeated request arrives twice", async ({ far, line }) => {
  line.repeatRequest();
  expect(await post(line, "one")).toBe("answer 2");
  expect(far.asked).toEqual(["POST /push one", "POST /push one"]);
});

test("a slow line takes its time in both directions", async ({ line }) => {
  line.delay(100);
  const begun = performance.now();
  await post(line, "one");
  expect(performance.now() - begun).toBeGreaterThanOrEqual(200);
});

test("a portal answers everything with its own page and lets nothing through, then goes away", async ({ far, line }) => {
  const stream = await fetch(`${line.origin}/stream`);
  const reading = stream.text();
  line.portal();
  await expect(reading, "an open stream ends").rejects.toThrow();
  for (const path of ["/", "/healthz", "/stream", "/app.wasm"]) {
    const answer = await fetch(`${line.origin}${path}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await answer.text()).toContain("room number");
  }
  expect(await post(line, "one")).toContain("room number");
  expect(far.asked).toEqual(["GET /stream"]);
  line.heal();
  expect(await post(line, "two")).toBe("answer 2");
});
