// A page that a script makes: written, or with `--check` compared with what lies there.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** Ends the process with 1 where the page is not `text`; `script` is what would write it. Tells whether it was written. */
export function writeOrCheck(page, text, script) {
  if (!process.argv.includes("--check")) {
    writeFileSync(page, text);
    return true;
  }
  if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
    console.error(`docs/${basename(page)} is out of date: node docs/${script}`);
    process.exit(1);
  }
  return false;
}
