import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Store = "sqlite" | "postgres";

/** What `GET /digest` says of the server's own books. */
export interface Digest {
  epoch: string;
  position: number;
  digest: string;
  hash: string;
}

/** The release binary under test: `DAYBOOK_BIN`, else where cargo puts it. */
function binary(): string {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
  const target = process.env["CARGO_TARGET_DIR"] ?? join(root, "target");
  const path = process.env["DAYBOOK_BIN"] ?? join(resolve(root, target), "release/daybook");
  if (!existsSync(path)) throw new Error(`${path} is missing; build it with: cargo build --release`);
  return path;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** An empty database of the wanted kind, and how to take it away again. */
async function freshDatabase(store: Store): Promise<{ url: string; drop: () => Promise<void> }> {
  if (store === "sqlite") {
    const folder = mkdtempSync(join(process.env["DAYBOOK_TEST_FILES"] ?? tmpdir(), "daybook-e2e-"));
    return {
      url: `sqlite://${join(folder, "daybook.db")}`,
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  const cluster = process.env["DAYBOOK_TEST_POSTGRES"];
  if (!cluster) throw new Error("DAYBOOK_TEST_POSTGRES names no cluster; end2end/test.sh starts one");
  const name = `story_${randomBytes(8).toString("hex")}`;
  const psql = (sql: string) => run("psql", ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", cluster, "--command", sql]);
  await psql(`create database ${name}`);
  const url = new URL(cluster);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => void (await psql(`drop database if exists ${name} with (force)`)),
  };
}

/** One running server with one database of its own. */
export class Daybook {
  readonly port: number;
  readonly shop = "demo";
  /** What time the server believes it to be when it starts; the machine's, unless a story says otherwise. */
  clock: string | undefined;
  #url: string;
  #drop: () => Promise<void>;
  #process: ChildProcess | undefined;
  #output = "";
  readonly #tokens = new Map<string, string>();

  private constructor(port: number, database: { url: string; drop: () => Promise<void> }) {
    this.port = port;
    this.#url = database.url;
    this.#drop = database.drop;
  }

  static async start(store: Store): Promise<Daybook> {
    const daybook = new Daybook(await freePort(), await freshDatabase(store));
    await daybook.up();
    return daybook;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get api(): string {
    return `${this.origin}/api/v1/shops/${this.shop}`;
  }

  /** What the server wrote so far: shown when a story fails. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process, also again on the same database and port, and waits until it can decide. */
  async up(...flags: string[]): Promise<void> {
    const child = spawn(binary(), ["serve", "--demo", "--listen", `127.0.0.1:${this.port}`, ...flags], {
      env: { ...process.env, DATABASE_URL: this.#url, ...(this.clock ? { DAYBOOK_CLOCK: this.clock } : {}) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    const keep = (chunk: Buffer) => (this.#output += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    // Nothing stays behind when the suite itself is stopped.
    const orphan = () => child.kill("SIGKILL");
    process.once("exit", orphan);
    child.once("exit", () => process.off("exit", orphan));

    const deadline = Date.now() + 20_000;
    while (!(await fetch(`${this.origin}/readyz`).then((answer) => answer.ok, () => false))) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.#output}`);
      if (Date.now() > deadline) throw new Error(`the server is not ready after 20 s:\n${this.#output}`);
      await wait(25);
    }
  }

  /** Opens one more shop, with nothing in it. */
  async createShop(slug: string, ...flags: string[]): Promise<void> {
    await run(binary(), ["shop", "create", slug, ...flags], { env: { ...process.env, DATABASE_URL: this.#url } });
  }

  /** Makes somebody known and a member of a shop, with this password from now on. */
  async person(shop: string, role: string, { login, password, name }: { login: string; password: string; name?: string }): Promise<void> {
    const env = { ...process.env, DATABASE_URL: this.#url };
    const named = name === undefined ? [] : [`--name=${name}`];
    await run(binary(), ["person", "add", login, ...named, "--shop", shop, "--role", role], { env }).catch((problem: Error) => {
      if (!problem.message.includes("somebody has the login")) throw problem;
    });
    const setting = run(binary(), ["person", "password", login], { env });
    setting.child.stdin?.end(password);
    await setting;
  }

  /** Gives a member of a shop another role. */
  async role(shop: string, login: string, role: string): Promise<void> {
    const env = { ...process.env, DATABASE_URL: this.#url };
    await run(binary(), ["person", "join", login, "--shop", shop, "--role", role], { env });
  }

  /** A token of a shop's owner: what else happens there is seen with it. */
  async #token(shop: string): Promise<string> {
    const env = { ...process.env, DATABASE_URL: this.#url };
    const known = this.#tokens.get(shop);
    if (known) return known;
    const { stdout } = await run(binary(), ["token", "create", "--shop", shop, "--role", "owner"], { env });
    const token = stdout.trim();
    this.#tokens.set(shop, token);
    return token;
  }

  /** Sends one command to a shop as its owner's program. */
  async as(shop: string, type: string, data: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${this.origin}/api/v1/shops/${shop}/commands`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${await this.#token(shop)}` },
      body: JSON.stringify({ type, data }),
    });
    if (!answer.ok) throw new Error(`${type}: ${answer.status} ${await answer.text()}`);
  }

  /** The whole log of a small shop, as its owner's program reads it. */
  async logOf(shop: string): Promise<(LogEvent & { actor: string })[]> {
    const headers = { authorization: `Bearer ${await this.#token(shop)}` };
    const answer = await fetch(`${this.origin}/api/v1/shops/${shop}/events?limit=500`, { headers });
    if (!answer.ok) throw new Error(`the log of ${shop}: ${answer.status}`);
    return ((await answer.json()) as { events: (LogEvent & { actor: string })[] }).events;
  }

  /** Brings in a shop's log from a file, under this name. */
  async importShop(slug: string, file: string): Promise<void> {
    await run(binary(), ["import", "--file", file, "--shop", slug], { env: { ...process.env, DATABASE_URL: this.#url } });
  }

  /** Ends the process: as an operator would, or as a power cut would. */
  async down(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    // A server that does not stop in time is a defect of its own, but must not hang the suite.
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }

  async remove(): Promise<void> {
    await this.down("SIGKILL");
    await this.#drop();
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.api}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  digest(): Promise<Digest> {
    return this.get<Digest>("/digest");
  }

  /** Sends one command as another program would. */
  async command(type: string, data: Record<string, unknown>, id?: string): Promise<{ status: number; body: CommandAnswer }> {
    const answer = await fetch(`${this.api}/commands`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...(id ? { id } : {}), type, data }),
    });
    return { status: answer.status, body: (await answer.json()) as CommandAnswer };
  }

  /** The log after a position, oldest first. */
  async events(after = 0): Promise<LogEvent[]> {
    const log: LogEvent[] = [];
    for (;;) {
      const next = after + log.length;
      const { events, head } = await this.get<{ events: LogEvent[]; head: number }>(`/events?after=${next}&limit=500`);
      log.push(...events);
      if (events.length === 0 || after + log.length >= head) return log;
    }
  }
}

export interface CommandAnswer {
  id: string;
  status: "accepted" | "refused";
  positions?: number[];
  head?: number;
  code?: string;
  message?: string;
  detail?: unknown;
}

export interface LogEvent {
  position: number;
  aggregate: string;
  version: number;
  type: string;
  schema: number;
  command_id: string;
  data: Record<string, unknown>;
}
