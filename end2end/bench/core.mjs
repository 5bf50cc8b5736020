// The core as Wasm, timed by Node. Prints numbers for the bench to read.
import { readFileSync } from 'node:fs';

const [wasmFile, what, argument] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile), {});
const core = instance.exports;
const time = (work) => { const begin = performance.now(); work(); return performance.now() - begin; };
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

if (what === 'fold') {
  const bytes = readFileSync(argument);
  const text = bytes.toString('utf8');
  let count = 0;
  const parse = median([0, 1, 2].map(() => time(() => { count = JSON.parse(text).length; })));
  const address = core.reserve(bytes.length);
  new Uint8Array(core.memory.buffer).set(bytes, address);
  const decode = time(() => { if (core.decode() !== count) throw new Error('not every entry was read'); });
  let digest = 0n;
  const fold = median([0, 1, 2].map(() => time(() => { digest = BigInt.asUintN(64, core.fold_all()); })));
  const rate = (milliseconds) => (count / milliseconds) * 1000;
  console.log(rate(parse), rate(decode), rate(fold), String(digest));
} else {
  const run = () => {
    if (core.rebase_prepare(1000, Number(argument)) !== 1) throw new Error('the rebase could not be prepared');
    return time(() => core.rebase_run());
  };
  console.log(median([0, 1, 2, 3, 4].map(run)));
}
