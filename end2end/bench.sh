#!/usr/bin/env bash
# Speed, as ratios measured in one run: end2end/bench.sh [append] [fold] [rebase] [feed] [page] [size] [doors] [books] [growth] [browser]
#
# `doors` is what a crowd at the door costs those who are inside.
# `books` is loads, rebuild, reads, queue, comments, bytes and views, each of which can be named alone.
# `browser` is what is measured in real Chromium; `browser saved` one of the programs in end2end/bench/browser.
#
# PostgreSQL runs with fsync, synchronous_commit and full_page_writes on; SQLite with synchronous=FULL. Nothing else
# should run meanwhile: a ratio forgives a slow machine, not a busy neighbour.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
cargo build --release -p server
[[ -d end2end/node_modules/@playwright ]] || (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error)
cargo build --release -p bench --bin bench
# Measured as the browser gets it: the same profile as the browser half.
cargo build --profile wasm-release -p bench --lib --target wasm32-unknown-unknown
ulimit -n 20000 2>/dev/null || true
export DAYBOOK_BINARY=$target/release/daybook
export DAYBOOK_BENCH_WASM=$target/wasm32-unknown-unknown/wasm-release/bench.wasm
exec "$target/release/bench" "$@"
