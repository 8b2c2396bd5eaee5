#requires -Version 7.2
# After a tear-down: purges the soft-deleted vault, deletes the subscription's records of the deployments, and looks whether anything is left.
. (Join-Path $PSScriptRoot 'common.ps1')

Need AZURE_ENV_NAME 'azd sets it'
Need AZURE_SUBSCRIPTION_ID 'azd sets it; select one with: azd env set AZURE_SUBSCRIPTION_ID <id>'
Need AZURE_LOCATION 'azd sets it'
$downGroup = Get-Setting GATEWAY_DOWN_GROUP
if (-not $downGroup) {
    Say 'Nothing was torn down in this environment.'
    exit 0
}
Set-ArmSign
$subscription = "/subscriptions/$(Get-Setting AZURE_SUBSCRIPTION_ID)"
$left = @()

$answer = Invoke-Arm GET "$subscription/resourceGroups/${downGroup}?api-version=2025-04-01"
if ($answer.Status -ne 404) { $left += "resource group $downGroup ($($answer.Status));" }

$vault = Get-Setting GATEWAY_DOWN_VAULT
if ($vault) {
    $deleted = "$subscription/providers/Microsoft.KeyVault/locations/$(Get-Setting AZURE_LOCATION)/deletedVaults/$vault"
    $answer = Invoke-Arm GET "${deleted}?api-version=2024-11-01"
    if ($answer.Status -eq 200 -and (Get-Setting GATEWAY_DOWN_PROTECTED false) -eq 'true') {
        $left += "vault $vault (purge protection: it goes by itself after 7 days);"
    }
    elseif ($answer.Status -eq 200) {
        $null = Invoke-Arm POST "$deleted/purge?api-version=2024-11-01"
        for ($try = 1; $answer.Status -eq 200 -and $try -le [int](Get-Setting GATEWAY_PURGE_TRIES 60); $try++) {
            Start-Sleep -Seconds ([int](Get-Setting GATEWAY_POLL_SECONDS 2))
            $answer = Invoke-Arm GET "${deleted}?api-version=2024-11-01"
        }
        if ($answer.Status -ne 404) { $left += "vault $vault (deleted, not purged);" }
    }
}

# azd names them after the environment and the second; others' deployments have other names.
$answer = Invoke-Arm GET "$subscription/providers/Microsoft.Resources/deployments/?api-version=2025-04-01"
$pattern = [regex]::Escape("$subscription/providers/Microsoft.Resources/deployments/") + '(' + [regex]::Escape((Get-Setting AZURE_ENV_NAME)) + '-[0-9]+)"'
foreach ($deployment in [regex]::Matches($answer.Text, $pattern) | ForEach-Object { $_.Groups[1].Value } | Sort-Object -Unique) {
    $answer = Invoke-Arm DELETE "$subscription/providers/Microsoft.Resources/deployments/${deployment}?api-version=2025-04-01"
    if ($answer.Status -ne 404 -and ($answer.Status -lt 200 -or $answer.Status -ge 300)) { $left += "record of deployment $deployment ($($answer.Status));" }
}

if ($left) { Fail "Left behind: $left run again with: azd hooks run postdown" }
azd env set GATEWAY_DOWN_VAULT ''
azd env set GATEWAY_DOWN_GROUP ''
Say 'Nothing is left.'
