import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chromium, type Browser, type Page } from "@playwright/test";

/**
 * A browser profile on disk that outlives its browser. The browser is a process group of its own, started by us and not by
 * Playwright, so that all of it can be killed at once, as the power would.
 */
export class Profile {
  readonly #folder = mkdtempSync(join(tmpdir(), "daybook-profile-"));
  #process: ChildProcess | undefined;
  #browser: Browser | undefined;

  /** Starts the browser and gives its first page. */
  async start(): Promise<Page> {
    const portFile = join(this.#folder, "DevToolsActivePort");
    rmSync(portFile, { force: true });
    const child = spawn(
      process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--remote-debugging-port=0",
        `--user-data-dir=${this.#folder}`,
        "about:blank",
      ],
      { detached: true, stdio: "ignore" },
    );
    this.#process = child;
    const deadline = Date.now() + 20_000;
    // The file is there before its content is.
    while (!existsSync(portFile) || !readFileSync(portFile, "utf8").includes("\n")) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error("the browser did not start");
      await wait(20);
    }
    const port = readFileSync(portFile, "utf8").split("\n")[0];
    this.#browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    const context = this.#browser.contexts()[0];
    if (!context) throw new Error("the browser has no context");
    return context.pages()[0] ?? (await context.newPage());
  }

  /** Kills every process of the browser at this moment. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid === undefined) return;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      // The group is gone already.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    await ended;
    await this.#browser?.close().catch(() => undefined);
    this.#browser = undefined;
    // A lock of the dead: the next browser would take itself for the second one of this profile.
    rmSync(join(this.#folder, "SingletonLock"), { force: true });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
