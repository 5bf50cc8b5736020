#!/usr/bin/env bash
# Tries docs/deploy/nginx.conf: the program behind a real nginx with a certificate of its own, looked at from outside.
#
#   end2end/nginx.sh [BINARY]       default: target/debug/daybook
#
# Needs nginx, openssl and curl (Debian: nginx-light openssl curl).
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${1:-${CARGO_TARGET_DIR:-target}/debug/daybook}
name=books.example
http=18080 https=18443 inside=18300
folder=$(mktemp -d)
server= proxy=
finish() {
  local status=$?
  if [[ -n $proxy ]]; then kill "$proxy" 2>/dev/null || true; fi
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  if [[ $status != 0 ]]; then cat "$folder"/*.log >&2; fi
  rm -rf "$folder"
  exit "$status"
}
trap finish EXIT

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
has() { grep -qi -- "$2" <<<"$1" || fail "$3: no $2 in: $1"; }
lacks() { if grep -qi -- "$2" <<<"$1"; then fail "$3: $2 in: $1"; fi; }

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$name" \
  -addext "subjectAltName=DNS:$name" -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
sed -e "s#/etc/ssl/$name.pem#$folder/cert.pem#; s#/etc/ssl/$name.key#$folder/key.pem#; s#/run/nginx.pid#$folder/nginx.pid#" \
  -e "s#listen 80 #listen 127.0.0.1:$http #; s#listen 80;#listen 127.0.0.1:$http;#; s#listen 443#listen 127.0.0.1:$https#" \
  -e "s#https://$name\\\$#https://$name:$https\$#; s#127.0.0.1:3000#127.0.0.1:$inside#" \
  docs/deploy/nginx.conf >"$folder/nginx.conf"

export DATABASE_URL=sqlite://$folder/daybook.db
origin=https://$name:$https
"$binary" shop create corner --title "Corner shop" >/dev/null 2>&1
invite=$("$binary" person invite --shop corner --role owner --origin "$origin" 2>/dev/null)
"$binary" serve --listen "127.0.0.1:$inside" --origin "$origin" --proxy 127.0.0.1 >/dev/null 2>"$folder/daybook.log" &
server=$!
nginx -e "$folder/nginx.log" -c "$folder/nginx.conf" -g 'daemon off;' 2>>"$folder/nginx.log" &
proxy=$!

outside=(curl -sS --max-time 10 --cacert "$folder/cert.pem" --resolve "$name:$https:127.0.0.1" --resolve "$name:$http:127.0.0.1")
for _ in $(seq 200); do
  "${outside[@]}" -o /dev/null "$origin/healthz" 2>/dev/null && break
  kill -0 "$server" "$proxy" 2>/dev/null || fail "one of the two has ended"
  sleep 0.05
done

# Nobody comes in without an invite, not even into a shop without people.
asked=$("${outside[@]}" -i "$origin/api/v1/shops/corner/digest")
has "$asked" '401' 'a shop without people'
has "$asked" 'strict-transport-security: max-age=63072000; includeSubDomains' 'HSTS on an error'
lacks "$asked" 'server: nginx/' 'a version banner'

joined=$("${outside[@]}" -i -c "$folder/cookies" -H "origin: $origin" --data-urlencode "code=${invite##*/}" \
  -d login=asha -d name=Asha --data-urlencode 'password=correct horse battery' "$origin/join")
has "$joined" 'location: /s/corner' 'the first owner'
has "$joined" 'set-cookie: __Host-daybook_session=daybook_[^;]*; Path=/; HttpOnly; SameSite=Lax; Max-Age=[0-9]*; Secure' 'the cookie'

"${outside[@]}" -o /dev/null -b "$folder/cookies" -H "origin: $origin" -X POST "$origin/session/end"
signed_in=$("${outside[@]}" -i -c "$folder/cookies" -H "origin: $origin" -d login=asha \
  --data-urlencode 'password=correct horse battery' "$origin/session")
has "$signed_in" 'location: /s/corner' 'signing in'
page=$("${outside[@]}" -i -b "$folder/cookies" -H 'accept: text/html' "$origin/s/corner")
has "$page" '200' 'a page'
has "$page" 'strict-transport-security' 'HSTS on a page'
has "$page" 'cache-control: no-store' 'a page of somebody'
forged=$("${outside[@]}" -i -H 'origin: https://evil.example' -d login=asha -d password=x "$origin/session")
has "$forged" '403' 'a form of another site'

# A feed through the proxy: an entry that is written while it is open comes at once.
"${outside[@]}" -N --max-time 8 -b "$folder/cookies" -H 'accept: text/event-stream' "$origin/api/v1/shops/corner/feed?after=0" >"$folder/feed" 2>/dev/null &
feed=$!
for _ in $(seq 100); do [[ -s $folder/feed ]] && break; sleep 0.05; done
"${outside[@]}" -o /dev/null -b "$folder/cookies" -H 'content-type: application/json' -H "origin: $origin" \
  -d '{"type":"product.add","data":{"sku":"OAT-1","name":"Oat bread","price":420}}' "$origin/api/v1/shops/corner/commands"
for _ in $(seq 60); do grep -q OAT-1 "$folder/feed" && break; sleep 0.05; done
grep -q OAT-1 "$folder/feed" || fail "the feed did not bring an entry within three seconds: $(cat "$folder/feed")"
kill "$feed" 2>/dev/null || true

plain=$("${outside[@]}" -i "http://$name:$http/s/corner")
has "$plain" "308" 'the way from http'
has "$plain" "location: $origin/s/corner" 'the way from http'
if curl -sS --max-time 5 -k "https://127.0.0.1:$https/" -o /dev/null 2>/dev/null; then fail 'another name was answered'; fi

# Guesses with a made-up address each: where they come from is what the proxy says.
for number in $(seq 10); do
  guessed=$("${outside[@]}" -i -H "origin: $origin" -H "x-forwarded-for: 203.0.113.$number" -d login=asha -d password=guess "$origin/session")
done
has "$guessed" 'problem=later' 'guesses with a made-up address'

echo "nginx: signing in, the cookie, a feed, HSTS, other names and made-up headers are as they should be"
