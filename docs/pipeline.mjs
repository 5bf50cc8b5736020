// The way from a command to what is read of it, drawn from the code: each box is a module, with the words that it begins
// with; each arrow is a call that stands in it. A module that is gone, or that does not make its call any more, ends this
// with an error.
//
//   node docs/pipeline.mjs           writes docs/pipeline.md
//   node docs/pipeline.mjs --check   fails where docs/pipeline.md is not what it would write

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeOrCheck } from "./generated.mjs";

const docs = dirname(fileURLToPath(import.meta.url));
const root = dirname(docs);
const page = join(docs, "pipeline.md");

/** What each module is for the pipeline, and where it is. */
const BOXES = {
  source: ["Source", "server/src/http/commands.rs"],
  waiting: ["Topic of commands", "server/src/shop/queue.rs"],
  handler: ["Handler", "server/src/shop/appender.rs"],
  rules: ["Rules", "app/domain/src/books.rs"],
  topic: ["Topic of events", "server/store/src/event_store.rs"],
  processor: ["Processor", "app/domain/src/projections.rs"],
  follower: ["Processor of views", "server/src/shop/views.rs"],
  model: ["Read model", "server/src/shop/hub.rs"],
  tables: ["Read models beside the log", "server/store/src/views.rs"],
  query: ["Query service", "server/src/http/reading.rs"],
  search: ["Query service of full-text", "server/src/http/search.rs"],
};

/** From, to, what goes there, and the call that takes it: in the box that it leaves, or in the one named last. */
const ARROWS = [
  ["source", "handler", "commands, waited for", ".decide("],
  ["source", "waiting", "commands, asked for later", "intake.put("],
  ["waiting", "handler", "commands", ".hand_over("],
  ["handler", "rules", "commands", "authority.decide("],
  ["handler", "topic", "events", "store.append("],
  ["rules", "processor", "events", "projections.apply("],
  ["handler", "model", "the books after them", "hub.publish("],
  ["topic", "follower", "events", "step(&*self.shops.store", "follower"],
  ["follower", "tables", "events", "&*self.view, shop,"],
  ["model", "query", "the books at a position", "self.shop.view()", "query"],
  ["tables", "search", "what has the words", "view.find(", "search"],
];

/** The first sentence of a module's own documentation. */
function begins(path) {
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  const text = lines.slice(0, lines.findIndex((line) => !line.startsWith("//!"))).map((line) => line.slice(4)).join(" ");
  const sentence = /^.*?\.(?=\s|$)/.exec(text)?.[0] ?? text;
  if (!sentence) throw new Error(`${path} does not say what it is`);
  return sentence.replace(/\.$/, "").replaceAll(/\[`(\w+)`\]/g, "$1").replaceAll("`", "");
}

const boxes = Object.entries(BOXES).map(([id, [title, path]]) => ({ id, title, path, text: begins(path) }));
const arrows = ARROWS.map(([from, to, what, call, where = from]) => {
  const path = BOXES[where][1];
  if (!readFileSync(join(root, path), "utf8").includes(call)) throw new Error(`${path} does not call ${call}`);
  return { from, to, what };
});

const quoted = (text) => `"${text.replaceAll('"', "'")}"`;
const text = `# From a command to what is read of it

Made by \`node docs/pipeline.mjs\` from the modules and their calls; the test command fails where it is out of date.

\`\`\`mermaid
flowchart LR
${boxes.map(({ id, title, path }) => `  ${id}[${quoted(`${title}<br>${path}`)}]`).join("\n")}
${arrows.map(({ from, to, what }) => `  ${from} -->|${what}| ${to}`).join("\n")}
\`\`\`

| Box | Module | What it is |
|---|---|---|
${boxes.map(({ title, path, text }) => `| ${title} | [${path}](../${path}) | ${text.replaceAll("|", "\\|")} |`).join("\n")}
`;

writeOrCheck(page, text, "pipeline.mjs");
