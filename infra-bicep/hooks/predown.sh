#!/bin/sh
# Before a tear-down: takes off what would block it or would stay behind, and remembers what postdown has to purge.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

need AZURE_ENV_NAME "azd sets it"
need AZURE_SUBSCRIPTION_ID "azd sets it; select one with: azd env set AZURE_SUBSCRIPTION_ID <id>"
if [ -z "${AZURE_RESOURCE_GROUP:-}" ]; then
  say "Nothing was provisioned in this environment."
  exit 0
fi
sign_arm
group="/subscriptions/${AZURE_SUBSCRIPTION_ID}/resourceGroups/${AZURE_RESOURCE_GROUP}"

# Containers under an immutability policy cannot be deleted, nor then their account.
if [ "${GATEWAY_IMMUTABLE:-false}" = "true" ]; then
  for account in $(words "${GATEWAY_STORAGE_ACCOUNTS:-}"); do
    policy="${group}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/logs/immutabilityPolicies/default?api-version=2025-06-01"
    status="$(arm "${WORK}/answer" GET "${policy}")"
    case "${status}" in
      404) continue ;;
      200) ;;
      *) fail "The immutability policy of ${account} cannot be read (${status})." ;;
    esac
    if grep -q '"state" *: *"Locked"' "${WORK}/answer"; then
      fail "The immutability policy of ${account} is locked: its log records cannot be deleted before their time, and so neither can the account. Nothing was torn down."
    fi
    etag="$(sed -n 's/.*"etag" *: *"\\*"*\([^"\\]*\).*/\1/p' "${WORK}/answer" | head -n 1)"
    status="$(arm "${WORK}/answer" DELETE "${policy}" --header "If-Match: \"${etag}\"")"
    case "${status}" in
      2?? | 404) say "${account}: immutability policy taken off." ;;
      *) fail "The immutability policy of ${account} stays (${status}): $(head -c 500 "${WORK}/answer")" ;;
    esac
  done
fi

# A deleted workspace would be kept for 14 days: force means at once.
for workspace in $(words "${GATEWAY_WORKSPACES:-}"); do
  status="$(arm "${WORK}/answer" DELETE "${group}/providers/Microsoft.OperationalInsights/workspaces/${workspace}?api-version=2025-02-01&force=true")"
  case "${status}" in
    2?? | 404) ;;
    *) say "warning: workspace ${workspace} is not deleted for good (${status}); it stays recoverable for 14 days." ;;
  esac
done

# azd forgets the outputs when the resources are gone.
azd env set GATEWAY_DOWN_VAULT "${GATEWAY_KEY_VAULT:-}"
azd env set GATEWAY_DOWN_GROUP "${AZURE_RESOURCE_GROUP}"
azd env set GATEWAY_DOWN_PROTECTED "${GATEWAY_PURGE_PROTECTION:-false}"
