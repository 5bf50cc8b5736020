#!/usr/bin/env bash
# A private PostgreSQL cluster on a Unix socket, for tests: nobody else's data, no network port, gone afterwards.
#
#   end2end/postgres.sh start DIR    creates and starts it, prints its URL
#   end2end/postgres.sh stop DIR     stops it and removes DIR
#
# DIR must be short (a socket's path has about 100 bytes) and every folder above it open to all.
set -euo pipefail

bin() {
  local dir
  for dir in "${POSTGRES_BIN:-}" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(pg_config --bindir 2>/dev/null || true)"; do
    if [[ -n $dir && -x $dir/initdb && -x $dir/postgres ]]; then echo "$dir"; return; fi
  done
  echo "no PostgreSQL server binaries; on Debian: apt-get install postgresql" >&2
  return 1
}

# initdb refuses root: the cluster then belongs to Debian's own user.
as_owner() {
  if [[ $(id -u) == 0 ]]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

start() {
  local dir=$1 bin
  bin=$(bin)
  mkdir -p "$dir/sock"
  chmod 700 "$dir"
  if [[ $(id -u) == 0 ]]; then chown -R postgres: "$dir"; fi
  as_owner "$bin/initdb" -D "$dir/data" -U daybook --auth-local=trust --auth-host=reject -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; return 1; }
  # Hundreds of databases that live for a second need no housekeeping.
  # Tests kill servers and connections, never the machine: what the kernel holds is as good as what the disk holds.
  local settings="-c listen_addresses='' -c unix_socket_directories='$dir/sock' -c max_connections=300 -c fsync=off -c autovacuum=off"
  as_owner "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/data/log" -o "$settings" start >&2 || { cat "$dir/data/log" >&2; return 1; }
  as_owner "$bin/createdb" -h "$dir/sock" -U daybook daybook
  # The socket belongs to the owner; tests may run as another user.
  chmod 711 "$dir" "$dir/sock"
  echo "postgres://daybook@localhost/daybook?host=$dir/sock"
}

stop() {
  local dir=$1
  if [[ -f $dir/data/postmaster.pid ]]; then as_owner "$(bin)/pg_ctl" -D "$dir/data" -m immediate -w stop >&2 || true; fi
  rm -rf "$dir"
}

case "${1:-} ${2:+dir}" in
  "start dir") start "$2" ;;
  "stop dir") stop "$2" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
