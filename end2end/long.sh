#!/usr/bin/env bash
# The long run: what the test command does in minutes, many times over. It takes hours, and prints one line a part.
#
#   end2end/long.sh                 all parts
#   end2end/long.sh PART...         only these: seeds kills partitions
#
# How often: DAYBOOK_SEEDS (10000) seeds of the simulator, DAYBOOK_KILLS (1000) deaths of the browser, DAYBOOK_PARTITIONS
# (1000) partitions on each of SQLite and PostgreSQL. What a part says goes to the folder that is
# named at the end. CARGO_TARGET_DIR and DAYBOOK_CACHE are as for end2end/test.sh, whose `prepare` must have run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$(dirname "$here")"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export CARGO_TERM_COLOR=never
export DAYBOOK_SEEDS=${DAYBOOK_SEEDS:-10000}
export DAYBOOK_KILLS=${DAYBOOK_KILLS:-1000}
export DAYBOOK_PARTITIONS=${DAYBOOK_PARTITIONS:-1000}
logs=$(mktemp -d /tmp/daybook-long.XXXXXX)

seeds() {
  cargo test --locked -p sync --test simulator p1_to_p7 -- --nocapture
}

kills() {
  cargo build --release --locked && (cd "$here" && npx --no-install playwright test --project=sqlite us-05 --grep "browser is killed")
}

# In a shell of its own, whose end stops the database.
partitions() {
  cluster=$(mktemp -d /tmp/daybook-pg.XXXXXX)
  trap '"$here/postgres.sh" stop "$cluster"' EXIT
  DAYBOOK_TEST_POSTGRES=$("$here/postgres.sh" start "$cluster") || return
  export DAYBOOK_TEST_POSTGRES
  cargo test --locked -p server --test http chaos::p3_p4_p7_partitions -- --nocapture
}

# What each part says of itself when it is well.
figures() {
  case $1 in
    seeds) sed -n 's/^\([0-9]* seeds\), .*/\1, every state was reached/p' "$2" ;;
    kills) grep -oE '[0-9]+ deaths, .*' "$2" ;;
    partitions) grep -oE '[0-9]+ (partitions|commands), .*' "$2" | paste -sd ';' ;;
  esac
}

parts=("$@")
if [[ ${#parts[@]} == 0 ]]; then parts=(seeds kills partitions); fi
verdict=0
for part in "${parts[@]}"; do
  case $part in
    seeds | kills | partitions) ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit ;;
    *) echo "no part $part; there are: seeds kills partitions" >&2; exit 1 ;;
  esac
  begun=$SECONDS
  # `set -e` means nothing in a condition: the parts chain what has to succeed.
  if ("$part") >"$logs/$part" 2>&1; then said=passed; else said=FAILED; verdict=1; fi
  printf '%-10s %6d s  %-6s  %s\n' "$part" $((SECONDS - begun)) "$said" "$(figures "$part" "$logs/$part" || true)"
done
echo "in full: $logs"
exit "$verdict"
