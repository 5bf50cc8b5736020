// Calls the rebase benchmark in Wasm. Node holds the clock: the module has none.
import { readFile } from "node:fs/promises";

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), {});
for (const [name, touches] of [["touches none", 0], ["touches all", 1]]) {
  const times = [];
  let decided = 0;
  for (let n = 0; n < 30; n += 1) {
    instance.exports.prepare(touches);
    const begin = performance.now();
    decided = instance.exports.take();
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  console.log(
    `rebase of 1000 on a batch that ${name}: fastest ${times[0].toFixed(1)} ms, median ${times[15].toFixed(1)} ms, slowest ${times[29].toFixed(1)} ms, ${decided} decided again`,
  );
}
