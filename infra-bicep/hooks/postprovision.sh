#!/bin/sh
# After provisioning: puts the admin key and the providers' keys into the vault, through Azure Resource Manager, so that neither a role on
# the vault's data nor a way into its network is needed. Values come from the environment or a hidden prompt; a secret that is there stays.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

need AZURE_SUBSCRIPTION_ID "azd sets it; select one with: azd env set AZURE_SUBSCRIPTION_ID <id>"
need AZURE_RESOURCE_GROUP "an output of the deployment; run: azd provision"
need GATEWAY_KEY_VAULT "an output of the deployment; run: azd provision"
need GATEWAY_APPS "an output of the deployment; run: azd provision"
sign_arm
group="/subscriptions/${AZURE_SUBSCRIPTION_ID}/resourceGroups/${AZURE_RESOURCE_GROUP}"

secret_path() {
  printf '%s/providers/Microsoft.KeyVault/vaults/%s/secrets/%s?api-version=2024-11-01' "${group}" "${GATEWAY_KEY_VAULT}" "$(printf '%s' "$1" | tr '_' '-')"
}

# is_there VARIABLE: whether the vault has its secret.
is_there() {
  there_path="$(secret_path "$1")"
  there="$(arm "${WORK}/answer" GET "${there_path}")"
  case "${there}" in
    200) return 0 ;;
    404) return 1 ;;
    *) fail "Key Vault ${GATEWAY_KEY_VAULT}: asking for the secret of $1 was answered with ${there}: $(head -c 500 "${WORK}/answer")" ;;
  esac
}

# put VARIABLE FILE: the file's one line becomes the secret.
put() {
  # Counted with awk: the last line of a file may lack its end.
  [ "$(awk 'END { print NR }' "$2")" = 1 ] || fail "$1 has to be one line."
  {
    printf '{"properties":{"contentType":"%s","value":' "$1"
    json_text <"$2" | tr -d '\n'
    printf '}}'
  } >"${WORK}/body"
  put_path="$(secret_path "$1")"
  put_status="$(arm "${WORK}/answer" PUT "${put_path}" --header "Content-Type: application/json" --data-binary "@${WORK}/body")"
  rm -f "${WORK}/body"
  case "${put_status}" in
    200 | 201) ;;
    # The answer may repeat the question: only its code is shown.
    *) fail "Key Vault ${GATEWAY_KEY_VAULT} refused the secret of $1 with ${put_status} ($(field code <"${WORK}/answer" | head -n 1))." ;;
  esac
}

# from_environment VARIABLE FILE: whether the environment has it; writes it.
from_environment() {
  eval "secret=\${$1:-}"
  # shellcheck disable=SC2154 # Set by the eval above.
  [ -n "${secret}" ] || return 1
  printf '%s' "${secret}" >"$2"
  unset secret
}

ask() {
  printf '%s (hidden; nothing to leave it out): ' "$1"
  stty -echo
  read -r secret || secret=""
  stty echo
  printf '\n'
  [ -n "${secret}" ] || return 1
  printf '%s' "${secret}" >"$2"
  unset secret
}

# The admin key
if from_environment PERIGEE_ADMIN_KEY "${WORK}/secret"; then
  [ "$(wc -c <"${WORK}/secret")" -ge 16 ] || fail "PERIGEE_ADMIN_KEY has fewer than 16 characters."
  put PERIGEE_ADMIN_KEY "${WORK}/secret"
  say "Admin key: taken from the environment."
elif is_there PERIGEE_ADMIN_KEY; then
  say "Admin key: the vault has one."
else
  head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' >"${WORK}/secret"
  put PERIGEE_ADMIN_KEY "${WORK}/secret"
  say "Admin key: made, and kept in the vault only."
fi
rm -f "${WORK}/secret"

# Providers' keys
missing=""
for variable in $(words "${GATEWAY_PROVIDER_KEYS:-}"); do
  if from_environment "${variable}" "${WORK}/secret"; then
    put "${variable}" "${WORK}/secret"
    say "${variable}: put into the vault."
  elif is_there "${variable}"; then
    say "${variable}: the vault has it."
  elif can_ask && ask "${variable}" "${WORK}/secret"; then
    put "${variable}" "${WORK}/secret"
    say "${variable}: put into the vault."
  else
    missing="${missing} ${variable}"
  fi
  rm -f "${WORK}/secret"
done
[ -z "${missing}" ] || fail "No value for:${missing}. Set these environment variables and run: azd hooks run postprovision. Or take them out of GATEWAY_PROVIDER_KEYS and run: azd provision"

# The apps read their references anew.
objects "${GATEWAY_APPS}" | field name >"${WORK}/apps"
while read -r app; do
  status="$(arm "${WORK}/answer" POST "${group}/providers/Microsoft.Web/sites/${app}/config/configreferences/appsettings/refresh?api-version=2022-03-01" --header "Content-Length: 0")"
  case "${status}" in
    2??) ;;
    *) say "warning: ${app} does not read its secrets anew yet (${status}); its next start does." ;;
  esac
done <"${WORK}/apps"
