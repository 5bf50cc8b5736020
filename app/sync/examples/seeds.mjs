// Runs seeds in the simulator as Wasm and prints a line for each: node seeds.mjs <seeds.wasm> <number of seeds>
import { readFileSync } from 'node:fs';

const [wasmFile, seeds] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile), {});
const { run, line, memory } = instance.exports;
for (let seed = 0n; seed < BigInt(seeds); seed += 1n) {
  const length = run(seed);
  console.log(Buffer.from(memory.buffer, line(), length).toString());
}
