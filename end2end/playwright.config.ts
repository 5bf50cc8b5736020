import { defineConfig } from "@playwright/test";
import type { Options } from "./support/test.ts";

/**
 * The release binary in real Chromium. Each story gets a server and a shop of its own; `postgres` runs again those
 * stories whose outcome could depend on the store, tagged `@data`.
 */
export default defineConfig<Options>({
  testDir: ".",
  testMatch: ["stories/*.spec.ts", "support/*.spec.ts"],
  outputDir: "test-results",
  fullyParallel: true,
  // Two processors: one browser each, and the servers beside them.
  workers: 2,
  // A story that passes at the second try has not passed.
  retries: 0,
  // Patience with a busy machine; what has to be quick says so in its story.
  timeout: 90_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: process.env["DAYBOOK_REPORT"] === "html" ? [["list"], ["html", { open: "never" }]] : [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    // Recording costs a third of the time, also of stories that pass: DAYBOOK_TRACE=1 when one is looked into.
    trace: process.env["DAYBOOK_TRACE"] === "1" ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "sqlite", use: { store: "sqlite" } },
    { name: "postgres", use: { store: "postgres" }, grep: /@data/ },
  ],
});
