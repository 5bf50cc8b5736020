// @ts-check
/**
 * A network that can be broken on purpose, between one browser and the server.
 *
 * Each browser context gets a proxy, so a port, of its own. Playwright's own offline switch is no use here: in Chromium it
 * refuses new requests but leaves an open event stream running, which is the one thing that must break.
 *
 * Inside a test: `const proxy = await FaultProxy.start({ to: 3000 }); proxy.cut(); proxy.heal();`
 * By hand: `node proxy.mjs --to 3000 --listen 4000 --control 4001`, then `curl -X POST localhost:4001/cut`.
 */

import http from "node:http";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** Hop-by-hop headers belong to one connection and are not passed on. */
const HOP = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/**
 * How the line behaves.
 * - `open`: as a good network.
 * - `cut`: all connections are reset, new ones too.
 * - `stalled`: connections are accepted and stay open, no byte passes.
 * - `requests-held`: nothing reaches the server, its answers still arrive.
 * - `answers-held`: everything reaches the server, nothing comes back.
 * - `buffering`: an answer comes back when the server has ended it, all at once: a stream never does.
 * - `portal`: every question, whatever it asks for, is answered with the sign-in page of a hotel, as if that were it.
 * @typedef {"open" | "cut" | "stalled" | "requests-held" | "answers-held" | "buffering" | "portal"} Line
 */

/**
 * One request as it was treated.
 * @typedef {{ method: string, path: string, fate: "passed" | "swallowed" | "repeated" | "lost", status?: number }} Passage
 */

/** @typedef {{ kind: "swallow" | "repeat", match: (method: string, path: string) => boolean, left: number }} Plan */

const SIGN_IN_PAGE = "<!doctype html><title>Hotel</title><h1>Welcome</h1><p>Enter your room number to use the network.</p>";

/** Commands travel by POST; this is what a fault on one request hits unless told otherwise. */
const POSTS = (/** @type {string} */ method) => method === "POST";

export class FaultProxy {
  /** @type {Line} */
  #line = "open";
  #latency = 0;
  /** @type {Plan[]} */
  #plans = [];
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  /** @type {Set<http.ClientRequest>} */
  #upstream = new Set();
  /** @type {Map<string, (text: string) => string>} */
  #rewritten = new Map();
  /** @type {(() => void)[]} */
  #waiting = [];
  /** Which requests are held while requests are. @type {Plan["match"]} */
  #held = () => true;
  /** @type {http.Server} */
  #server;
  #to;

  /** Every request in the order of arrival. @type {Passage[]} */
  log = [];

  #feeds = 0;
  /** How many event streams this browser had open at once, at the most. */
  mostFeeds = 0;

  /** @param {{ to: number }} options the server's port on this machine */
  constructor({ to }) {
    this.#to = to;
    this.#server = http.createServer((request, response) => {
      this.#carry(request, response).catch(() => response.destroy());
    });
    // A stalled line must stay stalled: node would give up on it by itself.
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.on("connection", (socket) => {
      if (this.#line === "cut") return void socket.resetAndDestroy();
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    });
  }

  /** @param {{ to: number, listen?: number }} options */
  static async start({ to, listen = 0 }) {
    const proxy = new FaultProxy({ to });
    proxy.#server.listen(listen, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port() {
    const address = this.#server.address();
    if (!address || typeof address === "string") throw new Error("the proxy does not listen");
    return address.port;
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  get line() {
    return this.#line;
  }

  /** Resets every connection, and every new one until the line heals. */
  cut() {
    this.#set("cut");
    for (const request of this.#upstream) request.destroy();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Connections stay open and new ones are accepted, but no byte passes either way. */
  stall() {
    this.#set("stalled");
  }

  /**
   * Nothing reaches the server any more, or nothing that matches; what it sends still arrives.
   * @param {Plan["match"]} [match]
   */
  holdRequests(match = () => true) {
    this.#held = match;
    this.#set("requests-held");
  }

  /** Everything reaches the server; nothing comes back. */
  holdAnswers() {
    this.#set("answers-held");
  }

  /** Answers are held back until they end, as proxies that buffer do. Nothing is lost, and no stream gets through. */
  buffer() {
    this.#set("buffering");
  }

  /** Every request is answered with somebody else's sign-in page; open connections end. */
  portal() {
    this.#set("portal");
    for (const request of this.#upstream) request.destroy();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** A good line again. What was held goes on where it stopped. */
  heal() {
    this.#set("open");
  }

  /** Every request and every piece of an answer takes this much longer. @param {number} ms */
  delay(ms) {
    this.#latency = ms;
  }

  /**
   * The next matching requests reach the server and are handled; their answers are thrown away with the connection.
   * @param {number} [times] @param {Plan["match"]} [match]
   */
  swallowAnswer(times = 1, match = POSTS) {
    this.#plans.push({ kind: "swallow", match, left: times });
  }

  /**
   * The next matching requests reach the server twice, one after the other; the browser gets the second answer.
   * @param {number} [times] @param {Plan["match"]} [match]
   */
  repeatRequest(times = 1, match = POSTS) {
    this.#plans.push({ kind: "repeat", match, left: times });
  }

  /**
   * From now on the text at `path` arrives changed, as from a server of another release.
   * @param {string} path @param {(text: string) => string} change
   */
  rewrite(path, change) {
    this.#rewritten.set(path, change);
  }

  async close() {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  /** @param {Line} line */
  #set(line) {
    this.#line = line;
    this.#waiting.splice(0).forEach((resume) => resume());
  }

  /**
   * Resolves when the line lets bytes pass in this direction.
   * @param {"requests" | "answers"} direction @param {string} method @param {string} path
   */
  async #gate(direction, method, path) {
    if (this.#latency > 0) await wait(this.#latency);
    const isHeld = () => (direction === "requests" ? this.#line === "requests-held" && this.#held(method, path) : this.#line === "answers-held");
    while (this.#line === "stalled" || isHeld()) {
      await new Promise((/** @type {(value: void) => void} */ resume) => this.#waiting.push(resume));
    }
    if (this.#line === "cut") throw new Error("cut");
  }

  /** @param {string} method @param {string} path */
  #plan(method, path) {
    const plan = this.#plans.find((each) => each.left > 0 && each.match(method, path));
    if (plan) plan.left -= 1;
    return plan?.kind;
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #carry(request, response) {
    const method = request.method ?? "GET";
    const path = request.url ?? "/";
    /** @type {Passage} */
    const passage = { method, path, fate: "lost" };
    this.log.push(passage);
    if (path.includes("/feed?")) {
      this.mostFeeds = Math.max(this.mostFeeds, (this.#feeds += 1));
      response.once("close", () => (this.#feeds -= 1));
    }

    const body = Buffer.concat(await request.toArray());
    await this.#gate("requests", method, path);
    if (request.socket.destroyed) return;
    if (this.#line === "portal") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(SIGN_IN_PAGE);
      return;
    }

    const plan = this.#plan(method, path);
    if (plan === "repeat") {
      const first = await this.#ask(request, body, response);
      await first.toArray();
    }
    const answer = await this.#ask(request, body, response);
    passage.status = answer.statusCode;

    if (plan === "swallow") {
      await answer.toArray();
      passage.fate = "swallowed";
      request.socket.resetAndDestroy();
      return;
    }

    await this.#gate("answers", method, path);
    passage.fate = plan === "repeat" ? "repeated" : "passed";
    const change = this.#rewritten.get(path);
    if (change) {
      const headers = strip(answer.rawHeaders).filter((_, at, all) => all[at - (at % 2)].toLowerCase() !== "content-length");
      response.writeHead(answer.statusCode ?? 502, headers);
      response.end(change(Buffer.concat(await answer.toArray()).toString()));
      return;
    }
    /** What is held back while the line buffers; its head is too. @type {Buffer[]} */
    const held = [];
    const release = () => {
      if (!response.headersSent) {
        response.writeHead(answer.statusCode ?? 502, strip(answer.rawHeaders));
        response.flushHeaders();
      }
      for (const piece of held.splice(0)) response.write(piece);
    };
    if (this.#line !== "buffering") release();
    for await (const piece of answer) {
      await this.#gate("answers", method, path);
      held.push(piece);
      if (this.#line !== "buffering") release();
    }
    release();
    response.end();
  }

  /**
   * @param {http.IncomingMessage} request @param {Buffer} body
   * @param {http.ServerResponse} response when the browser goes away, so does the question
   * @returns {Promise<http.IncomingMessage>}
   */
  #ask(request, body, response) {
    return new Promise((resolve, reject) => {
      const upstream = http.request({
        host: "127.0.0.1",
        port: this.#to,
        method: request.method,
        path: request.url,
        // The Host header passes unchanged, as through a transparent line: origin checks see what the browser sees.
        headers: strip(request.rawHeaders),
        agent: false,
      });
      this.#upstream.add(upstream);
      upstream.on("close", () => this.#upstream.delete(upstream));
      upstream.on("response", resolve);
      upstream.on("error", reject);
      response.once("close", () => upstream.destroy());
      upstream.end(body);
    });
  }
}

/** @param {string[]} raw names and values by turns */
function strip(raw) {
  /** @type {string[]} */
  const kept = [];
  for (let at = 0; at < raw.length; at += 2) {
    if (!HOP.includes(raw[at].toLowerCase())) kept.push(raw[at], raw[at + 1]);
  }
  return kept;
}

/** The same by HTTP, for trying things by hand. @param {FaultProxy} proxy @param {number} port */
async function control(proxy, port) {
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://control");
    const number = (/** @type {string} */ name, /** @type {number} */ otherwise) => Number(url.searchParams.get(name) ?? otherwise);
    const wanted = url.searchParams.get("path");
    const match = wanted === null ? undefined : (/** @type {string} */ _, /** @type {string} */ path) => path.includes(wanted);
    /** @type {Record<string, () => void>} */
    const deeds = {
      "/cut": () => proxy.cut(),
      "/stall": () => proxy.stall(),
      "/hold-requests": () => proxy.holdRequests(match),
      "/hold-answers": () => proxy.holdAnswers(),
      "/buffer": () => proxy.buffer(),
      "/portal": () => proxy.portal(),
      "/heal": () => proxy.heal(),
      "/delay": () => proxy.delay(number("ms", 0)),
      "/swallow": () => proxy.swallowAnswer(number("times", 1), match),
      "/repeat": () => proxy.repeatRequest(number("times", 1), match),
    };
    const deed = request.method === "POST" ? deeds[url.pathname] : undefined;
    deed?.();
    const known = deed !== undefined || url.pathname === "/";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(known ? { line: proxy.line, log: proxy.log } : { deeds: Object.keys(deeds) }) + "\n");
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { parseArgs } = await import("node:util");
  const { values } = parseArgs({
    options: {
      to: { type: "string", default: "3000" },
      listen: { type: "string", default: "4000" },
      control: { type: "string", default: "4001" },
    },
  });
  const proxy = await FaultProxy.start({ to: Number(values.to), listen: Number(values.listen) });
  await control(proxy, Number(values.control));
  console.log(`${proxy.origin} leads to port ${values.to}; control on port ${values.control}`);
}
