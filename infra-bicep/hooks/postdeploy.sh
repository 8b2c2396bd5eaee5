#!/bin/sh
# After azd deployed the home app: takes the same package to every other region, all at once, and sees each region answer: ready, and a
# real request. At the end a table of the endpoints and how to call them.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
here="$(cd "$(dirname "$0")" && pwd)"

need GATEWAY_APPS "an output of the deployment; run: azd provision"
need GATEWAY_ENDPOINTS "an output of the deployment; run: azd provision"
package="${GATEWAY_PACKAGE:-${here}/../../functions/obj/gateway.zip}"
if [ "${GATEWAY_FRONT_DOOR:-off}" = "off" ]; then
  # A new address of Front Door takes long to be known everywhere.
  ready_seconds="${GATEWAY_READY_SECONDS:-300}"
else
  ready_seconds="${GATEWAY_READY_SECONDS:-1800}"
fi
deploy_seconds="${GATEWAY_DEPLOY_SECONDS:-600}"
check_seconds="${GATEWAY_CHECK_SECONDS:-60}"
poll="${GATEWAY_POLL_SECONDS:-2}"

objects "${GATEWAY_APPS}" >"${WORK}/apps"
objects "${GATEWAY_ENDPOINTS}" >"${WORK}/endpoints"
home="$(field region <"${WORK}/apps" | head -n 1)"
field region <"${WORK}/apps" >"${WORK}/regions"
[ -s "${WORK}/regions" ] || fail "GATEWAY_APPS names no app: ${GATEWAY_APPS}"
count="$(awk 'END { print NR }' "${WORK}/regions")"
if [ "${count}" -gt 1 ] && [ -z "${GATEWAY_PACKAGE_URI:-}" ]; then
  [ -f "${package}" ] || fail "There is no package at ${package}: azd package makes it, or name a released one with GATEWAY_PACKAGE."
fi
sign_arm
: >"${WORK}/nobody"

# of_region REGION FILE NAME: a member of the region's object.
of_region() { grep "\"region\" *: *\"$1\"" "$2" | field "$3"; }

now() { date +%s; }

# set_state REGION COLUMN TEXT
set_state() { printf '%s' "$3" >"${WORK}/state.$1.$2"; }
state() { cat "${WORK}/state.$1.$2" 2>/dev/null || printf '%s' '-'; }

# publish REGION: posts the package and waits until the platform has taken it.
publish() {
  url="$(of_region "$1" "${WORK}/apps" publishUrl)"
  answer="${WORK}/answer.$1"
  try=1
  while :; do
    status="$(call "${answer}" "${WORK}/arm" POST "${url}/api/publish" --header "Content-Type: application/zip" --data-binary "@${package}")"
    case "${status}" in
      200 | 202) break ;;
      *) ;;
    esac
    if [ "${try}" -ge "${TRIES}" ] || ! passing "${status}"; then
      set_state "$1" package "refused with ${status} after ${try} tries"
      return 1
    fi
    pause "${try}"
    try=$((try + 1))
  done
  id="$(tr -d '"\r\n ' <"${answer}")"
  end=$(($(now) + deploy_seconds))
  seen=no
  unknown=0
  while [ "$(now)" -lt "${end}" ]; do
    status="$(call "${answer}" "${WORK}/arm" GET "${url}/api/deployments/${id}")"
    code="$(sed -n 's/.*"status"[[:space:]]*:[[:space:]]*\([0-9]*\).*/\1/p' "${answer}" | head -n 1)"
    case "${status}:${code}" in
      # 4 is done, 3, 5 and 6 are ends that are none.
      200:4) set_state "$1" package "deployed" && return 0 ;;
      200:3 | 200:5 | 200:6) set_state "$1" package "the platform could not deploy it (${code}: $(field message <"${answer}" | head -n 1))" && return 1 ;;
      200:*) seen=yes ;;
      # The record goes when the app restarts with the new package; right at the start it may not be there yet.
      404:*)
        unknown=$((unknown + 1))
        if [ "${seen}" = "yes" ]; then
          set_state "$1" package "deployed"
          return 0
        fi
        if [ "${unknown}" -gt 10 ]; then
          set_state "$1" package "the platform does not know the deployment"
          return 1
        fi
        ;;
      *) ;;
    esac
    sleep "${poll}"
  done
  set_state "$1" package "not deployed within ${deploy_seconds} s"
  return 1
}

# wait_ready REGION
wait_ready() {
  url="$(of_region "$1" "${WORK}/endpoints" url)"
  end=$(($(now) + ready_seconds))
  while :; do
    status="$(call "${WORK}/answer.$1" "${WORK}/nobody" GET "${url}/health/ready" --max-time 30)"
    if [ "${status}" = "200" ]; then
      set_state "$1" ready "ready"
      return 0
    fi
    if [ "$(now)" -ge "${end}" ]; then
      set_state "$1" ready "not within ${ready_seconds} s (${status})"
      return 1
    fi
    sleep "${poll}"
  done
}

bring_up() {
  if [ "$1" = "${home}" ] || [ -n "${GATEWAY_PACKAGE_URI:-}" ]; then
    set_state "$1" package "deployed"
  else
    publish "$1" || return 0
  fi
  wait_ready "$1" || return 0
}

# check REGION: one real request. With a key the answer of demo/echo, without one the refusal that only the gateway itself gives.
check() {
  url="$(of_region "$1" "${WORK}/endpoints" url)"
  end=$(($(now) + check_seconds))
  while :; do
    status="$(call "${WORK}/answer.$1" "${WORK}/caller" POST "${url}/v1/chat/completions" --max-time 60 --header "Content-Type: application/json" \
      --data-binary '{"model":"demo/echo","messages":[{"role":"user","content":"Hello"}]}')"
    if [ -s "${WORK}/caller" ] && [ "${status}" = "200" ] && grep -q '"choices"' "${WORK}/answer.$1"; then
      set_state "$1" request "answered"
      return 0
    fi
    if [ ! -s "${WORK}/caller" ] && [ "${status}" = "401" ] && grep -q '"error"' "${WORK}/answer.$1"; then
      set_state "$1" request "guarded (401; no admin key at hand to ask with)"
      return 0
    fi
    if [ "$(now)" -ge "${end}" ]; then
      set_state "$1" request "failed with ${status}"
      return 1
    fi
    sleep "${poll}"
  done
}

say "Deploying to $(tr '\n' ' ' <"${WORK}/regions")..."
while read -r region; do
  bring_up "${region}" &
done <"${WORK}/regions"
wait

# A key for the checks, made at home and gone at the end; it may take some seconds until all regions know it.
admin_key() {
  if [ -n "${PERIGEE_ADMIN_KEY:-}" ]; then
    printf 'Authorization: Bearer %s\n' "${PERIGEE_ADMIN_KEY}" >"${WORK}/admin"
    return 0
  fi
  [ -n "${GATEWAY_KEY_VAULT_URI:-}" ] || return 1
  sign "https://vault.azure.net/.default" "${WORK}/vault"
  status="$(call "${WORK}/secret" "${WORK}/vault" GET "${GATEWAY_KEY_VAULT_URI}secrets/PERIGEE-ADMIN-KEY?api-version=7.4" --max-time 30)"
  [ "${status}" = "200" ] || return 1
  printf 'Authorization: Bearer %s\n' "$(field value <"${WORK}/secret")" >"${WORK}/admin"
  rm -f "${WORK}/secret"
}

: >"${WORK}/caller"
home_url="$(of_region "${home}" "${WORK}/endpoints" url)"
key_id=""
home_ready="$(state "${home}" ready)"
if [ "${home_ready}" = "ready" ] && admin_key; then
  status="$(call "${WORK}/key" "${WORK}/admin" POST "${home_url}/manage/v1/keys" --max-time 60 --header "Content-Type: application/json" \
    --data-binary '{"name":"deployment check","allowedModels":["demo/*"]}')"
  case "${status}" in
    200 | 201)
      key_id="$(field id <"${WORK}/key" | head -n 1)"
      printf 'Authorization: Bearer %s\n' "$(field key <"${WORK}/key" | head -n 1)" >"${WORK}/caller"
      ;;
    *) say "warning: home made no key for the check (${status}); the regions are asked without one." ;;
  esac
  rm -f "${WORK}/key"
fi

while read -r region; do
  region_ready="$(state "${region}" ready)"
  if [ "${region_ready}" = "ready" ]; then
    check "${region}" || true &
  fi
done <"${WORK}/regions"
wait
if [ -n "${key_id}" ]; then
  call "${WORK}/answer" "${WORK}/admin" DELETE "${home_url}/manage/v1/keys/${key_id}" --max-time 60 >/dev/null
fi

# The table
say ""
printf '%-20s %-10s %-8s %-10s %s\n' REGION PACKAGE READY REQUEST ENDPOINT
failed=""
while read -r region; do
  package_state="$(state "${region}" package)"
  ready_state="$(state "${region}" ready)"
  request_state="$(state "${region}" request)"
  url="$(of_region "${region}" "${WORK}/endpoints" url)"
  printf '%-20s %-10s %-8s %-10s %s\n' "${region}" "${package_state%% *}" "${ready_state%% *}" "${request_state%% *}" "${url}"
  case "${package_state}:${ready_state}:${request_state}" in
    "deployed:ready:answered" | "deployed:ready:guarded"*) ;;
    *)
      failed="${failed} ${region}"
      printf '%s: package %s; %s; request %s\n' "${region}" "${package_state}" "${ready_state}" "${request_state}" >>"${WORK}/faults"
      ;;
  esac
done <"${WORK}/regions"
say ""
if [ -n "${GATEWAY_GLOBAL_ENDPOINT:-}" ]; then
  home_url="${GATEWAY_GLOBAL_ENDPOINT}"
fi
cat <<END
Make a key, and call the gateway:

  export PERIGEE_URL=${home_url}
  export PERIGEE_ADMIN_KEY=\$(az keyvault secret show --vault-name ${GATEWAY_KEY_VAULT:-VAULT} --name PERIGEE-ADMIN-KEY --query value --output tsv)
  curl -s \$PERIGEE_URL/manage/v1/keys -H "Authorization: Bearer \$PERIGEE_ADMIN_KEY" -H 'Content-Type: application/json' -d '{"name":"my app"}'
  curl -s \$PERIGEE_URL/v1/chat/completions -H "Authorization: Bearer pk-..." -H 'Content-Type: application/json' \\
    -d '{"model":"demo/echo","messages":[{"role":"user","content":"Hello"}]}'

END
if [ -n "${failed}" ]; then
  cat "${WORK}/faults" >&2
  fail "Not all regions serve:${failed}. The others do. Once the cause is gone: azd hooks run postdeploy"
fi
