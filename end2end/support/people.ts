/** People who sign in, and what they do at the door. */

import { expect, type Page } from "@playwright/test";
import type { Daybook } from "./daybook.ts";
import { hydrated, type Device } from "./device.ts";
import { fillIn } from "./screens.ts";

export interface Person {
  login: string;
  password: string;
}

export const ASHA: Person = { login: "asha@corner.example", password: "correct horse battery" };
export const MAREK: Person = { login: "marek", password: "staple under the stairs" };

/** A shop with something to sell, its owner, and Marek in a role. */
export async function corner(daybook: Daybook, shop: string, role = "seller", price = 420): Promise<void> {
  await daybook.createShop(shop, "--title", "Corner shop");
  await daybook.as(shop, "product.add", { sku: "OAT-1", name: "Oat bread", price });
  await daybook.as(shop, "stock.receive", { batchref: "B-1", sku: "OAT-1", qty: 20 });
  await daybook.person(shop, "owner", ASHA);
  await daybook.person(shop, role, MAREK);
}

/** Fills in the page where one signs in. */
export async function fill(page: Page, { login, password }: Person): Promise<void> {
  await page.getByLabel("E-mail or name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Opens a page of a shop by way of its door. */
export async function signIn(device: Device, person: Person, shop: string, path: string): Promise<void> {
  await device.page.goto(`/s/${shop}${path}`);
  await fill(device.page, person);
  await expect(device.page).toHaveURL(new RegExp(`/s/${shop}${path}$`));
  await hydrated(device.page);
}

export interface WithPin extends Person {
  pin: string;
}

/** Signs in on the device and sets a PIN there. */
export async function shares(device: Device, person: WithPin, shop: string): Promise<void> {
  const { page } = device;
  await page.goto(`/sign-in?next=/s/${shop}/switch`);
  await fill(page, person);
  await expect(page).toHaveURL(new RegExp(`/s/${shop}/switch$`));
  await hydrated(page);
  await fillIn(page, { "Your password": person.password, "New PIN": person.pin });
  await page.getByRole("button", { name: "Set the PIN" }).click();
  await expect(page.getByText("Another PIN for you on this device")).toBeVisible({ timeout: 15_000 });
  await hydrated(page);
}
