#!/bin/sh
# Marks what is deployed, where only curl is to be had. Takes service, version and environment; asks
# DEPLOYLENS_RECEIVER (https://host:4321, a receiver with `--gate`) with DEPLOYLENS_API_KEY.
set -eu
quoted() { # a JSON string; what such a name never holds is left out
  printf '"%s"' "$(printf %s "$1" | tr -d '\000-\037"\\')"
}
body=$(printf '{"service_name": %s, "service_version": %s, "environment_name": %s}' \
  "$(quoted "$1")" "$(quoted "$2")" "$(quoted "$3")")
# The key comes in by standard input: arguments are seen by every user of the host.
printf 'Authorization: Bearer %s\n' "$DEPLOYLENS_API_KEY" |
  curl --fail-with-body --silent --show-error --max-time 10 --retry 3 --header @- \
    --header "Content-Type: application/json" --data-binary "$body" "$DEPLOYLENS_RECEIVER/api/mark"
