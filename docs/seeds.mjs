// Which test proves which behaviour. The behaviours are the rows of seeds.tsv (id, what must be shown, kind of proof, and
// where else it is shown if not by a test); the tests are found by the row's id in their names: `c_17_…`.
//
//   node docs/seeds.mjs           writes docs/seeds.md
//   node docs/seeds.mjs --check   fails where docs/seeds.md is not what it would write

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { writeOrCheck } from "./generated.mjs";

const docs = dirname(fileURLToPath(import.meta.url));
const root = dirname(docs);
const page = join(docs, "seeds.md");
const BUILT = new Set(["target", "node_modules", ".git"]);
const BOOKS = { D: "Commands that are handled later", C: "Allocation and views", P: "Comments on pictures", R: "Accounts and transfers", K: "Orders" };

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!BUILT.has(entry.name)) yield* files(path);
    } else if (/\.rs$|\.spec\.ts$/.test(entry.name)) {
      yield path;
    }
  }
}

/** Names of tests, as the runners say them. */
function* tests(path) {
  const text = readFileSync(path, "utf8");
  const names = path.endsWith(".ts") ? /\btest\(\s*[`"]([^`"]+)[`"]/g : /\bfn\s+(\w+)/g;
  for (const [, name] of text.matchAll(names)) yield name;
}

/** `us_17_r_21_a_page` has R-21, and no U-17. */
function rowsIn(name) {
  return [...name.matchAll(/(?<![a-z0-9])([dcprk])_(\d+)(?![0-9])/g)].map(([, book, number]) => `${book.toUpperCase()}-${number}`);
}

const found = new Map();
for (const folder of ["app", "server", "end2end"]) {
  for (const path of files(join(root, folder))) {
    for (const name of tests(path)) {
      for (const row of rowsIn(name.replace(/^_+/, ""))) {
        const proofs = found.get(row) ?? new Map();
        proofs.set(name, relative(root, path));
        found.set(row, proofs);
      }
    }
  }
}

const rows = readFileSync(join(docs, "seeds.tsv"), "utf8").trim().split("\n").map((line) => line.split("\t"));
const known = new Set(rows.map(([id]) => id));
const cell = (text) => text.replaceAll("|", "\\|");
let missing = [];
const lines = rows.map(([id, shows, kind, otherwise]) => {
  const proofs = [...(found.get(id) ?? new Map())].sort(([one], [other]) => (one < other ? -1 : 1));
  const listed = proofs.map(([name, path]) => `\`${name.length > 90 ? `${name.slice(0, 89)}…` : name}\` (${path})`);
  if (otherwise) listed.push(otherwise);
  if (listed.length === 0) missing.push(id);
  return { id, line: `| ${id} | ${cell(shows)} | ${cell(kind)} | ${listed.length ? cell(listed.join("<br>")) : "**none**"} |` };
});
const strays = [...found.keys()].filter((id) => !known.has(id)).sort();

const sections = Object.entries(BOOKS).map(([letter, title]) => {
  const own = lines.filter(({ id }) => id.startsWith(`${letter}-`)).map(({ line }) => line);
  return `## ${letter}: ${title}\n\n| Row | What must be shown | Kind | Proof |\n|---|---|---|---|\n${own.join("\n")}\n`;
});
const text = `# What is shown, and by which test

Made by \`node docs/seeds.mjs\` from the names of the tests; the test command fails where it is out of date.
Kinds: U decide and evolve, P property, S every store, H over HTTP, E in a browser, B benchmark, O operations, Doc a written decision.

${rows.length - missing.length} of ${rows.length} rows have a proof. Without one: ${missing.join(", ") || "none"}.

${sections.join("\n")}`;

const named = rows.flatMap(([id, , , otherwise = ""]) => [...otherwise.matchAll(/`((?:app|docs|end2end|server)\/[^` ]+)/g)].map(([, path]) => [id, path]));
const absent = named.filter(([, path]) => !existsSync(join(root, path)));
if (absent.length > 0) {
  console.error(`rows name files that there are not: ${absent.map(([id, path]) => `${id} ${path}`).join(", ")}`);
  process.exit(1);
}
if (strays.length > 0) {
  console.error(`tests name rows that there are not: ${strays.join(", ")}`);
  process.exit(1);
}
if (writeOrCheck(page, text, "seeds.mjs")) {
  console.log(`${rows.length - missing.length} of ${rows.length} rows have a proof`);
}
