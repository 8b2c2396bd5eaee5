#!/bin/sh
# What the hooks share. Needs azd and curl, nothing else. Secrets go through files that only their owner reads, never through arguments.
set -eu
umask 077

ARM="${AZURE_RESOURCE_MANAGER_URL:-https://management.azure.com}"
TRIES="${GATEWAY_HOOK_TRIES:-5}"
PAUSE="${GATEWAY_HOOK_PAUSE_SECONDS:-5}"
WORK="$(mktemp -d)"
trap 'rm -rf "${WORK}"' EXIT
trap 'exit 130' INT TERM

# Azure Pipelines hands on $(NAME) where it has no variable of that name.
for unknown in $(env | sed -n 's/^\([A-Z][A-Z0-9_]*\)=[$](\1)$/\1/p'); do
  unset "${unknown}"
done

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# need NAME WHAT: the variable NAME, or an end that says what is missing and where it comes from.
need() {
  eval "needed=\${$1:-}"
  # shellcheck disable=SC2154 # Set by the eval above.
  [ -n "${needed}" ] || fail "$1 is not set: $2"
}

# Whether somebody sits in front of it.
can_ask() { [ -t 0 ] && [ "${CI:-}" != "true" ]; }

# words JSON: the texts of a JSON array of names, or of a plain list; one a line.
words() { printf '%s' "$1" | tr '[],"; \t' '[\n*]' | sed '/^$/d'; }

# json_array: the lines of standard input as a JSON array of texts. Only names come here: no character needs an escape.
json_array() { awk 'BEGIN { printf "[" } { printf "%s\"%s\"", (NR > 1 ? "," : ""), $0 } END { print "]" }'; }

# objects JSON: each object of a flat JSON array on a line of its own.
objects() { printf '%s' "$1" | tr -d '\n' | tr '}' '\n' | sed '/:/!d'; }

# field NAME: the text member NAME of each JSON object on standard input.
field() { sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\([^\"]*\)\".*/\1/p"; }

# json_text: standard input as a JSON text, quotes and all.
json_text() {
  # Keys are one line of printable characters; anything else would be a paste that went wrong, and is refused where it is read.
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e '1s/^/"/' -e '$s/$/"/'
}

# sign SCOPE FILE: writes the Authorization header for a scope.
sign() {
  azd auth token --scope "$1" --output json >"${WORK}/token" || fail "azd gives no token for $1. Sign in with: azd auth login"
  sign_token="$(field token <"${WORK}/token")"
  rm -f "${WORK}/token"
  [ -n "${sign_token}" ] || fail "azd gave no token for $1. Sign in with: azd auth login"
  printf 'Authorization: Bearer %s\n' "${sign_token}" >"$2"
  unset sign_token
}

# sign_arm: once, before any call of arm.
sign_arm() { sign "https://management.azure.com/.default" "${WORK}/arm"; }

# call OUTPUT HEADERS METHOD URL [curl arguments]: prints the status; 000 where there was no answer.
call() {
  call_output="$1"
  call_headers="$2"
  call_method="$3"
  call_url="$4"
  shift 4
  : >"${call_output}"
  curl --silent --output "${call_output}" --write-out '%{http_code}' --max-time "${GATEWAY_HOOK_CALL_SECONDS:-300}" \
    --request "${call_method}" --header "@${call_headers}" "$@" "${call_url}" || true
}

# Whether a status is worth another try. 401 and 403: a role that was just assigned takes a while to be known.
passing() {
  case "$1" in
    000 | 401 | 403 | 408 | 409 | 429 | 5??) return 0 ;;
    *) return 1 ;;
  esac
}

# pause N: before try N + 1; each is twice as long as the one before.
pause() { sleep "$((PAUSE * (1 << ($1 - 1))))"; }

# arm OUTPUT METHOD PATH [curl arguments]: a call of Azure Resource Manager, again where that may help. Prints the last status.
arm() {
  arm_output="$1"
  arm_method="$2"
  arm_path="$3"
  shift 3
  arm_try=1
  while :; do
    arm_status="$(call "${arm_output}" "${WORK}/arm" "${arm_method}" "${ARM}${arm_path}" "$@")"
    if [ "${arm_try}" -ge "${TRIES}" ] || ! passing "${arm_status}"; then
      break
    fi
    pause "${arm_try}"
    arm_try=$((arm_try + 1))
  done
  printf '%s' "${arm_status}"
}
