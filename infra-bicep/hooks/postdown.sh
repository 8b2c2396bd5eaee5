#!/bin/sh
# After a tear-down: purges the soft-deleted vault, deletes the subscription's records of the deployments, and looks whether anything is left.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

need AZURE_ENV_NAME "azd sets it"
need AZURE_SUBSCRIPTION_ID "azd sets it; select one with: azd env set AZURE_SUBSCRIPTION_ID <id>"
need AZURE_LOCATION "azd sets it"
if [ -z "${GATEWAY_DOWN_GROUP:-}" ]; then
  say "Nothing was torn down in this environment."
  exit 0
fi
sign_arm
subscription="/subscriptions/${AZURE_SUBSCRIPTION_ID}"
left=""

status="$(arm "${WORK}/answer" GET "${subscription}/resourceGroups/${GATEWAY_DOWN_GROUP}?api-version=2025-04-01")"
[ "${status}" = "404" ] || left="${left} resource group ${GATEWAY_DOWN_GROUP} (${status});"

if [ -n "${GATEWAY_DOWN_VAULT:-}" ]; then
  deleted="${subscription}/providers/Microsoft.KeyVault/locations/${AZURE_LOCATION}/deletedVaults/${GATEWAY_DOWN_VAULT}"
  status="$(arm "${WORK}/answer" GET "${deleted}?api-version=2024-11-01")"
  if [ "${status}" = "200" ] && [ "${GATEWAY_DOWN_PROTECTED:-false}" = "true" ]; then
    left="${left} vault ${GATEWAY_DOWN_VAULT} (purge protection: it goes by itself after 7 days);"
  elif [ "${status}" = "200" ]; then
    arm "${WORK}/answer" POST "${deleted}/purge?api-version=2024-11-01" --header "Content-Length: 0" >/dev/null
    try=1
    while [ "${status}" = "200" ] && [ "${try}" -le "${GATEWAY_PURGE_TRIES:-60}" ]; do
      sleep "${GATEWAY_POLL_SECONDS:-2}"
      status="$(arm "${WORK}/answer" GET "${deleted}?api-version=2024-11-01")"
      try=$((try + 1))
    done
    [ "${status}" = "404" ] || left="${left} vault ${GATEWAY_DOWN_VAULT} (deleted, not purged);"
  fi
fi

# azd names them after the environment and the second; others' deployments have other names.
status="$(arm "${WORK}/answer" GET "${subscription}/providers/Microsoft.Resources/deployments/?api-version=2025-04-01")"
tr ',{}' '[\n*]' <"${WORK}/answer" | sed -n "s#.*\"${subscription}/providers/Microsoft.Resources/deployments/\(${AZURE_ENV_NAME}-[0-9][0-9]*\)\".*#\1#p" | sort -u >"${WORK}/deployments"
while read -r deployment; do
  status="$(arm "${WORK}/answer" DELETE "${subscription}/providers/Microsoft.Resources/deployments/${deployment}?api-version=2025-04-01")"
  case "${status}" in
    2?? | 404) ;;
    *) left="${left} record of deployment ${deployment} (${status});" ;;
  esac
done <"${WORK}/deployments"

[ -z "${left}" ] || fail "Left behind:${left} run again with: azd hooks run postdown"
azd env set GATEWAY_DOWN_VAULT ""
azd env set GATEWAY_DOWN_GROUP ""
say "Nothing is left."
