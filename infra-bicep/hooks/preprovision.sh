#!/bin/sh
# Before anything is provisioned: which regions, and which providers' keys. Asks where somebody sits in front of it, else takes them from
# the environment. Names only: the keys themselves go from the environment into the vault (postprovision), and into no file.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
here="$(cd "$(dirname "$0")" && pwd)"

need AZURE_ENV_NAME "azd sets it; run this as a hook of azd, or name the environment yourself."

# Regions
regions="$(words "${GATEWAY_REGIONS:-}")"
if [ -z "${regions}" ] && can_ask; then
  say "In which regions shall the gateway run? The first one is the home of configuration and keys."
  printf 'Regions, such as: westeurope eastus2 japaneast [%s]: ' "${AZURE_LOCATION:-westeurope}"
  read -r answer
  regions="$(words "${answer:-${AZURE_LOCATION:-westeurope}}")"
fi
if [ -z "${regions}" ]; then
  need AZURE_LOCATION "name the home region with: azd env set AZURE_LOCATION westeurope (and all regions with: azd env set GATEWAY_REGIONS '[\"westeurope\",\"eastus2\"]')"
  regions="${AZURE_LOCATION}"
fi
for region in ${regions}; do
  grep -q "^ *| '${region}'\$" "${here}/../types.bicep" \
    || fail "GATEWAY_REGIONS names '${region}', which is no region with Flex Consumption. Known: $(sed -n "s/^ *| '\([a-z0-9]*\)'\$/\1/p" "${here}/../types.bicep" | tr '\n' ' ')"
done
home="${AZURE_LOCATION:-$(printf '%s\n' "${regions}" | head -n 1)}"
regions="$(printf '%s\n%s\n' "${home}" "${regions}" | awk '!seen[$0]++')"

# Providers' keys
known="$(sed -n 's/.*"keyVariables": *\[\([^]]*\)\].*/\1/p' "${here}/../../shared/Perigee/Providers/providers.json" | tr '", ' '[\n*]' | sed '/^$/d')"
keys="$(words "${GATEWAY_PROVIDER_KEYS:-}")"
if [ -z "${keys}" ]; then
  for variable in ${known}; do
    eval "value=\${${variable}:-}"
    # shellcheck disable=SC2154 # Set by the eval above.
    [ -z "${value}" ] || keys="$(printf '%s\n%s' "${keys}" "${variable}")"
  done
  if can_ask; then
    if [ -n "${keys}" ]; then
      say "Found in the environment: $(printf '%s\n' "${keys}" | sed '/^$/d' | tr '\n' ' ')"
    fi
    printf 'Further providers, by the variable of their key (such as OPENAI_API_KEY ANTHROPIC_API_KEY), or nothing: '
    read -r answer
    keys="$(printf '%s\n%s' "${keys}" "$(words "${answer:-}")")"
  fi
fi
keys="$(printf '%s\n' "${keys}" | sed '/^$/d' | awk '!seen[$0]++')"
for variable in ${keys}; do
  case "${variable}" in
    *[!A-Z0-9_]* | [!A-Z]*) fail "GATEWAY_PROVIDER_KEYS names '${variable}', which is no variable's name. Names belong there, such as OPENAI_API_KEY; the keys themselves into the variables." ;;
    *) ;;
  esac
done
[ -n "${keys}" ] || say "No provider's key is named: the built-in model demo/echo will answer. Add keys later: azd env set GATEWAY_PROVIDER_KEYS '[\"OPENAI_API_KEY\"]', then azd provision."

azd env set AZURE_LOCATION "${home}"
azd env set GATEWAY_REGIONS "$(printf '%s\n' "${regions}" | json_array)"
azd env set GATEWAY_PROVIDER_KEYS "$(printf '%s\n' "${keys}" | sed '/^$/d' | json_array)"
say "Home: ${home}. Regions: $(printf '%s' "${regions}" | tr '\n' ' ')"
