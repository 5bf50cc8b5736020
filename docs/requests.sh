#!/usr/bin/env bash
# A walk through the catalogue, one request after another, as a person would type them.
#
#   docs/requests.sh [SHOP]     SHOP is the address of a shop's API; without it, the demo shop of `cargo run --release`
set -euo pipefail
shop=${1:-http://127.0.0.1:3000/api/v1/shops/demo}
sku=WALK-$RANDOM
category=Walks-$RANDOM

# Says the request, and its answer.
ask() {
  printf '\n> curl'
  printf ' %q' "$@"
  printf '\n'
  curl --silent --show-error "$@"
  printf '\n'
}
read_at() { ask --fail-with-body "$shop$1"; }
send() { ask --fail-with-body "$shop/commands" --json "$1" "${@:2}"; }

send '{"type":"product.add","data":{"sku":"'$sku'","name":"Lamp","description":"Brass","category":"'$category'","price":3900}}'
read_at "/products/$sku"
send '{"type":"product.change","data":{"sku":"'$sku'","price":3500}}'
read_at "/categories/$category"

# Answered before it is decided; the answer says where to ask what became of it.
id=$(cat /proc/sys/kernel/random/uuid)
send '{"id":"'"$id"'","type":"stock.receive","data":{"batchref":"B-'$sku'","sku":"'$sku'","qty":4}}' -H 'Prefer: respond-async'
until read_at "/commands/$id" | tee /dev/stderr | grep -q accepted; do sleep 0.1; done
send '{"type":"order.allocate","data":{"order_id":"O-'$sku'","sku":"'$sku'","qty":3}}'
read_at "/orders/O-$sku/allocations"

# Refused: one is left.
ask "$shop/commands" --json '{"type":"order.allocate","data":{"order_id":"P-'$sku'","sku":"'$sku'","qty":2}}'
read_at "/stock/$sku"
read_at "/history/product-$sku"
send '{"type":"product.archive","data":{"sku":"'$sku'"}}'
