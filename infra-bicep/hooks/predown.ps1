#requires -Version 7.2
# Before a tear-down: takes off what would block it or would stay behind, and remembers what postdown has to purge.
. (Join-Path $PSScriptRoot 'common.ps1')

Need AZURE_ENV_NAME 'azd sets it'
Need AZURE_SUBSCRIPTION_ID 'azd sets it; select one with: azd env set AZURE_SUBSCRIPTION_ID <id>'
if (-not (Get-Setting AZURE_RESOURCE_GROUP)) {
    Say 'Nothing was provisioned in this environment.'
    exit 0
}
Set-ArmSign
$group = "/subscriptions/$(Get-Setting AZURE_SUBSCRIPTION_ID)/resourceGroups/$(Get-Setting AZURE_RESOURCE_GROUP)"

# Containers under an immutability policy cannot be deleted, nor then their account.
if ((Get-Setting GATEWAY_IMMUTABLE false) -eq 'true') {
    foreach ($account in Get-Words (Get-Setting GATEWAY_STORAGE_ACCOUNTS)) {
        $policy = "$group/providers/Microsoft.Storage/storageAccounts/$account/blobServices/default/containers/logs/immutabilityPolicies/default?api-version=2025-06-01"
        $answer = Invoke-Arm GET $policy
        if ($answer.Status -eq 404) { continue }
        if ($answer.Status -ne 200) { Fail "The immutability policy of $account cannot be read ($($answer.Status))." }
        if ($answer.Text -match '"state"\s*:\s*"Locked"') {
            Fail "The immutability policy of $account is locked: its log records cannot be deleted before their time, and so neither can the account. Nothing was torn down."
        }
        $etag = if ($answer.Text -match '"etag"\s*:\s*"(?:\\")?([^"\\]*)') { $Matches[1] } else { '' }
        $answer = Invoke-Arm DELETE $policy @{ IfMatch = "`"$etag`"" }
        if ($answer.Status -ne 404 -and ($answer.Status -lt 200 -or $answer.Status -ge 300)) {
            Fail "The immutability policy of $account stays ($($answer.Status)): $(Get-Short $answer.Text)"
        }
        Say "${account}: immutability policy taken off."
    }
}

# A deleted workspace would be kept for 14 days: force means at once.
foreach ($workspace in Get-Words (Get-Setting GATEWAY_WORKSPACES)) {
    $answer = Invoke-Arm DELETE "$group/providers/Microsoft.OperationalInsights/workspaces/${workspace}?api-version=2025-02-01&force=true"
    if ($answer.Status -ne 404 -and ($answer.Status -lt 200 -or $answer.Status -ge 300)) {
        Say "warning: workspace $workspace is not deleted for good ($($answer.Status)); it stays recoverable for 14 days."
    }
}

# azd forgets the outputs when the resources are gone.
azd env set GATEWAY_DOWN_VAULT (Get-Setting GATEWAY_KEY_VAULT)
azd env set GATEWAY_DOWN_GROUP (Get-Setting AZURE_RESOURCE_GROUP)
azd env set GATEWAY_DOWN_PROTECTED (Get-Setting GATEWAY_PURGE_PROTECTION false)
