#!/bin/sh
# Asks every endpoint from outside: ready, and closed to callers without a key. Usage: smoke.sh '[{"region":"...","url":"https://..."}]'
set -eu

[ -n "${1:-}" ] || {
  printf 'error: no endpoints given; pass the output GATEWAY_ENDPOINTS.\n' >&2
  exit 1
}
failed=0
tries="${GATEWAY_HOOK_TRIES:-5}"
pause="${GATEWAY_HOOK_PAUSE_SECONDS:-5}"

# expect STATUS URL
expect() {
  try=1
  while :; do
    status="$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 30 "$2" || true)"
    if [ "${status}" = "$1" ]; then
      printf 'ok      %s %s\n' "${status}" "$2"
      return 0
    fi
    if [ "${try}" -ge "${tries}" ]; then
      printf 'FAILED  %s %s, not %s\n' "${status}" "$2" "$1"
      failed=1
      return 0
    fi
    sleep "${pause}"
    try=$((try + 1))
  done
}

urls="$(printf '%s' "$1" | tr '{},' '[\n*]' | sed -n 's/.*"url" *: *"\([^"]*\)".*/\1/p')"
[ -n "${urls}" ] || {
  printf 'error: no url among the endpoints: %s\n' "$1" >&2
  exit 1
}
for url in ${urls}; do
  expect 200 "${url}/health/live"
  expect 200 "${url}/health/ready"
  expect 401 "${url}/v1/models"
  expect 401 "${url}/manage/v1/keys"
done
exit "${failed}"
