/** Every page that exists, with records of the demo shop. Paths in the shop are relative to it. */

import { ACCOUNT, BATCH, BREAD, ORDER, TRANSFER } from "./demo.ts";

export interface Known {
  name: string;
  path: string;
  inShop: boolean;
}

const inShop = (name: string, path: string): Known => ({ name, path, inShop: true });

export const PAGES: readonly Known[] = [
  { name: "welcome", path: "/", inShop: false },
  { name: "sign-in", path: "/sign-in?problem=wrong", inShop: false },
  inShop("today", ""),
  inShop("till", "till"),
  inShop("products", "products"),
  inShop("product", `products/${BREAD.sku}`),
  inShop("product-new", "products/new"),
  inShop("stock", "stock"),
  inShop("receive", "stock/receive"),
  inShop("batch", `batches/${BATCH}`),
  inShop("orders", "orders"),
  inShop("order-new", "orders/new"),
  inShop("order", `orders/${ORDER}`),
  inShop("pictures", "pictures"),
  inShop("picture", "pictures/P-01"),
  inShop("book", "book"),
  inShop("entry", "book/10"),
  inShop("attention", "attention"),
  inShop("device", "device"),
  inShop("switch", "switch"),
  inShop("inspector", "inspector"),
  inShop("more", "more"),
  inShop("history", `history/product-${BREAD.sku}`),
  inShop("why", `why/available-${BREAD.sku}?recount=1`),
  inShop("report-sales", "reports/sales"),
  inShop("report-stock", `reports/stock?sku=${BREAD.sku}`),
  inShop("order-print", `orders/${ORDER}/print`),
  inShop("accounts", "accounts"),
  inShop("account-new", "accounts/new"),
  inShop("account", `accounts/${ACCOUNT}`),
  inShop("account-print", `accounts/${ACCOUNT}/print`),
  inShop("transfer-new", "accounts/transfer"),
  inShop("transfer", `transfers/${TRANSFER}`),
  inShop("report-balance", `reports/balance?account=${ACCOUNT}`),
  inShop("why-balance", `why/balance-${ACCOUNT}`),
  inShop("history-account", `history/account-${ACCOUNT}`),
  inShop("as-it-was", `products/${BREAD.sku}?as_of=90`),
];
