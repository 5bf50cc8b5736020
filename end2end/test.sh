#!/usr/bin/env bash
# The test command. On a bare Debian 12 with Rust and Node it prepares what is missing, then proves everything.
#
#   end2end/test.sh                 all stages
#   end2end/test.sh STAGE...        only these, in this order; `prepare` for missing tools comes first when asked for
#
# Stages: prepare format lint deny rust build size browser postgres
#   rust      all Rust tests on memory, SQLite and a private PostgreSQL; views also on a private Redis
#   browser   the stories in Chromium against the release binary on SQLite
#   postgres  those of them that depend on the store, on PostgreSQL
#
# CARGO_TARGET_DIR is honoured; DAYBOOK_CACHE keeps tools between runs (default ~/.cache/daybook); CHROMIUM names another browser.
# Arguments after `--` go to Playwright: end2end/test.sh browser -- us-04
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cd "$root"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
cache=${DAYBOOK_CACHE:-${HOME:-/tmp}/.cache/daybook}
tools=$cache/tools
export PATH=$tools/bin:$PATH

wasm=wasm32-unknown-unknown
logs=$(mktemp -d)
# Databases of tests in memory, where there is room: a disk that is busy with a build keeps a commit waiting for seconds.
memory=/dev/shm
if [[ -w $memory && $(df --output=avail --block-size=1M $memory | tail -1) -ge 2000 ]]; then
  DAYBOOK_TEST_FILES=$(mktemp -d $memory/daybook.XXXXXX)
  export DAYBOOK_TEST_FILES
fi
cluster=
worker=
stages=()
playwright=()

say() { printf '\n── %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# A process and all that it started: nobody else's.
end_tree() {
  local child
  for child in $(pgrep -P "$1"); do end_tree "$child"; done
  kill "$1" 2>/dev/null || true
}

cleanup() {
  local status=$?
  trap - EXIT
  if [[ -n $worker ]]; then end_tree "$worker"; fi
  if [[ -n $cluster ]]; then "$here/postgres.sh" stop "$cluster" >/dev/null 2>&1 || true; fi
  rm -rf "$logs" ${DAYBOOK_TEST_FILES:+"$DAYBOOK_TEST_FILES"}
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ── prepare ──────────────────────────────────────────────────────────────────────────────────────────────────────

missing_packages() {
  local packages=()
  [[ -x $CHROMIUM ]] || packages+=(chromium fonts-dejavu-core)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
  command -v redis-server >/dev/null || packages+=(redis-server)
  command -v cc >/dev/null || packages+=(build-essential)
  echo "${packages[@]-}"
}

prepare() {
  command -v cargo >/dev/null || fail "Rust is missing: https://rustup.rs"
  command -v npm >/dev/null || fail "Node 20 or newer with npm is missing: apt-get install nodejs npm, or https://nodejs.org"
  [[ $(node -p 'parseInt(process.versions.node)') -ge 20 ]] || fail "Node $(node --version) is too old: 20 or newer is needed"

  local packages
  read -ra packages <<<"$(missing_packages)"
  if [[ ${#packages[@]} -gt 0 ]]; then
    [[ $(id -u) == 0 ]] || fail "Missing packages; as root: apt-get install ${packages[*]}"
    say "installing ${packages[*]}"
    # Only the programs are wanted, not databases that start with the machine.
    if [[ " ${packages[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
      mkdir -p /etc/postgresql-common
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    fi
    if [[ " ${packages[*]} " == *" redis-server "* && ! -e /etc/systemd/system/redis-server.service ]]; then
      mkdir -p /etc/systemd/system
      ln -s /dev/null /etc/systemd/system/redis-server.service
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends "${packages[@]}" >/dev/null
  fi

  if [[ ! -d $(rustc --print target-libdir --target $wasm) ]]; then
    command -v rustup >/dev/null || fail "The Wasm target is missing and there is no rustup to add it: install $wasm for your Rust"
    rustup target add $wasm
  fi

  node_packages
}

# npm's own lock copy tells whether what is installed is what is wanted.
node_packages() {
  if ! cmp -s "$here/package-lock.json" "$here/node_modules/.daybook-lock"; then
    (cd "$here" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error)
    cp "$here/package-lock.json" "$here/node_modules/.daybook-lock"
  fi
}

# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────

format() {
  cargo fmt --all --check
}

lint() {
  cargo clippy --workspace --all-targets --locked -- -D warnings
  cargo clippy -p app --lib --no-default-features --features hydrate --target $wasm --locked -- -D warnings
  node_packages
  (cd "$here" && npm run --silent check)
  node docs/seeds.mjs --check
  node docs/pipeline.mjs --check
}

# Licences, duplicate and forbidden crates, and where they come from; from the lock file alone.
deny() {
  if ! command -v cargo-deny >/dev/null; then
    say "building cargo-deny, once, into $tools"
    CARGO_TARGET_DIR=$CARGO_TARGET_DIR/tools cargo install --quiet cargo-deny --locked --version 0.20.2 --root "$tools"
    rm -rf "$CARGO_TARGET_DIR/tools"
  fi
  # Also the crates of other systems, which no build here downloads.
  cargo fetch --locked --quiet
  cargo deny --offline check --hide-inclusion-graph bans licenses sources
}

# ── tests ────────────────────────────────────────────────────────────────────────────────────────────────────────

start_cluster() {
  [[ -z $cluster ]] || return 0
  cluster=$(mktemp -d /tmp/daybook-pg.XXXXXX)
  DAYBOOK_TEST_POSTGRES=$("$here/postgres.sh" start "$cluster" 2>"$cluster.log") || { cat "$cluster.log" >&2; return 1; }
  rm -f "$cluster.log"
  export DAYBOOK_TEST_POSTGRES
}

rust() {
  start_cluster
  if command -v cargo-nextest >/dev/null; then
    cargo nextest run --workspace --locked --no-fail-fast --status-level slow --no-tests pass
    cargo test --workspace --doc --locked
  else
    cargo test --workspace --locked --no-fail-fast
  fi
}

build() {
  cargo build --release --locked
}

# What a first visit downloads, against the record in server/site/size.json.
size() {
  cargo test --release --locked -p site --test size --test secrets -- --nocapture
}

stories() {
  local project=$1
  node_packages
  (cd "$here" && npx --no-install playwright test --project="$project" "${playwright[@]}")
}

browser() {
  stories sqlite
}

postgres() {
  start_cluster
  stories postgres
}

# ── run ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# The runners' own counts, from their own summaries: cargo test, nextest, Playwright.
count() {
  awk -v word="$1" '
    /^test result:/ || /^ *Summary \[/ || /^ +[0-9]+ (passed|failed|flaky|did not run|interrupted)/ {
      for (i = 2; i <= NF; i++) if ($i ~ "^" word) sum += $(i - 1)
    }
    END { print sum + 0 }' "$2"
}

run_stage() {
  local name=$1 begun=$SECONDS status=0 passed failed
  say "$name"
  if [[ $name == rust || $name == postgres ]]; then start_cluster; fi
  # In the background, because bash handles signals only between foreground commands.
  { (set -e; "$name") 2>&1 | tee "$logs/$name"; exit "${PIPESTATUS[0]}"; } &
  worker=$!
  wait "$worker" || status=$?
  worker=
  passed=$(count passed "$logs/$name")
  failed=$(count failed "$logs/$name")
  printf '%-9s %5d s  %-7s %s\n' "$name" $((SECONDS - begun)) "$([[ $status == 0 ]] && echo passed || echo FAILED)" \
    "$([[ $((passed + failed)) == 0 ]] || echo "$passed passed, $failed failed")" >>"$logs/.summary"
  return "$status"
}

known='prepare format lint deny rust build size browser postgres'
while [[ $# -gt 0 ]]; do
  case $1 in
    --) shift; playwright=("$@"); break ;;
    -h | --help) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit ;;
    *) [[ " $known " == *" $1 "* ]] || fail "no stage $1; there are: $known"; stages+=("$1") ;;
  esac
  shift
done
if [[ ${#stages[@]} == 0 ]]; then read -ra stages <<<"$known"; fi

verdict=0
for name in "${stages[@]}"; do
  # Not as a condition: bash would leave out `set -e` in all that runs within, and a stage whose last command went well
  # would pass whatever failed before it.
  set +e
  run_stage "$name"
  status=$?
  set -e
  if [[ $status != 0 ]]; then
    verdict=1
    # Without tools or a fresh binary the later stages would say nothing.
    if [[ $name == prepare || $name == build ]]; then break; fi
  fi
done

say "summary"
for name in "${stages[@]}"; do
  if [[ -f $logs/$name ]]; then grep -hE '^test result:|^ *Summary \[|^ +[0-9]+ (passed|failed|skipped|flaky|did not run|interrupted)' "$logs/$name" || true; fi
done
cat "$logs/.summary"
printf '%d passed, %d failed\n' "$(cat "$logs"/* | count passed /dev/stdin)" "$(cat "$logs"/* | count failed /dev/stdin)"
exit "$verdict"
