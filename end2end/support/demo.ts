/** Records of the demo shop that stories speak of. Its seed is fixed, so they are always there. */

export const BREAD = { sku: "OAT-1", name: "Oat bread" };
export const COFFEE = { sku: "COF-250", name: "Filter coffee" };
export const BATCH = "B-001";
export const ORDER = "O-0001";
export const ACCOUNT = "A-0001";
export const TRANSFER = "TR-001";
