import { test as base, expect, type BrowserContextOptions } from "@playwright/test";
import { Daybook, type Store } from "./daybook.ts";
import { Device } from "./device.ts";

export interface Options {
  /** On which store the server keeps its books. */
  store: Store;
}

interface Fixtures {
  /** A server with a demo shop that nobody else touches. */
  daybook: Daybook;
  /** One more device in that shop. */
  device: (options?: BrowserContextOptions) => Promise<Device>;
  /** The first device in that shop. */
  till: Device;
}

interface WorkerFixtures extends Options {
  /** A server for stories that only look. */
  library: Daybook;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  store: ["sqlite", { option: true, scope: "worker" }],

  library: [
    async ({ store }, use) => {
      const daybook = await Daybook.start(store);
      await use(daybook);
      await daybook.remove();
    },
    { scope: "worker" },
  ],

  daybook: async ({ store }, use, info) => {
    const daybook = await Daybook.start(store);
    await use(daybook);
    if (info.status !== info.expectedStatus) {
      await info.attach("server output", { body: daybook.output, contentType: "text/plain" });
    }
    await daybook.remove();
  },

  device: async ({ browser, daybook }, use) => {
    const devices: Device[] = [];
    await use(async (options) => {
      const device = await Device.start(browser, daybook, options);
      devices.push(device);
      return device;
    });
    const complaints = devices.flatMap((device) => device.complaints);
    for (const device of devices) await device.close();
    expect(complaints, "errors on the pages' consoles").toEqual([]);
  },

  till: async ({ device }, use) => use(await device()),
});

export { expect };
