#requires -Version 7.2
# After provisioning: puts the admin key and the providers' keys into the vault, through Azure Resource Manager, so that neither a role on
# the vault's data nor a way into its network is needed. Values come from the environment or a hidden prompt; a secret that is there stays.
. (Join-Path $PSScriptRoot 'common.ps1')

Need AZURE_SUBSCRIPTION_ID 'azd sets it; select one with: azd env set AZURE_SUBSCRIPTION_ID <id>'
Need AZURE_RESOURCE_GROUP 'an output of the deployment; run: azd provision'
Need GATEWAY_KEY_VAULT 'an output of the deployment; run: azd provision'
Need GATEWAY_APPS 'an output of the deployment; run: azd provision'
Set-ArmSign
$group = "/subscriptions/$(Get-Setting AZURE_SUBSCRIPTION_ID)/resourceGroups/$(Get-Setting AZURE_RESOURCE_GROUP)"
$vault = Get-Setting GATEWAY_KEY_VAULT

function Get-SecretPath([string] $Variable) {
    "$group/providers/Microsoft.KeyVault/vaults/$vault/secrets/$($Variable.Replace('_', '-'))?api-version=2024-11-01"
}

# Whether the vault has its secret.
function Test-Secret([string] $Variable) {
    $answer = Invoke-Arm GET (Get-SecretPath $Variable)
    if ($answer.Status -eq 200) { return $true }
    if ($answer.Status -eq 404) { return $false }
    Fail "Key Vault ${vault}: asking for the secret of $Variable was answered with $($answer.Status): $(Get-Short $answer.Text)"
}

function Set-Secret([string] $Variable, [string] $Value) {
    if ($Value -match '[\r\n]') { Fail "$Variable has to be one line." }
    $body = @{ properties = @{ contentType = $Variable; value = $Value } } | ConvertTo-Json -Compress
    $answer = Invoke-Arm PUT (Get-SecretPath $Variable) @{ ContentType = 'application/json'; Body = $body }
    # The answer may repeat the question: only its code is shown.
    if ($answer.Status -notin 200, 201) { Fail "Key Vault $vault refused the secret of $Variable with $($answer.Status) ($(Get-Member1 $answer.Text code))." }
}

# The admin key
$admin = Get-Setting PERIGEE_ADMIN_KEY
if ($admin) {
    if ($admin.Length -lt 16) { Fail 'PERIGEE_ADMIN_KEY has fewer than 16 characters.' }
    Set-Secret PERIGEE_ADMIN_KEY $admin
    Say 'Admin key: taken from the environment.'
}
elseif (Test-Secret PERIGEE_ADMIN_KEY) {
    Say 'Admin key: the vault has one.'
}
else {
    $bytes = [Security.Cryptography.RandomNumberGenerator]::GetBytes(32)
    Set-Secret PERIGEE_ADMIN_KEY ([Convert]::ToBase64String($bytes).Replace('+', '-').Replace('/', '_').TrimEnd('='))
    Say 'Admin key: made, and kept in the vault only.'
}

# Providers' keys
$missing = @()
foreach ($variable in Get-Words (Get-Setting GATEWAY_PROVIDER_KEYS)) {
    $value = Get-Setting $variable
    if (-not $value) {
        if (Test-Secret $variable) {
            Say "${variable}: the vault has it."
            continue
        }
        if (Test-CanAsk) { $value = Read-Host "$variable (hidden; nothing to leave it out)" -MaskInput }
    }
    if ($value) {
        Set-Secret $variable $value
        Say "${variable}: put into the vault."
    }
    else {
        $missing += $variable
    }
}
if ($missing) {
    Fail "No value for: $missing. Set these environment variables and run: azd hooks run postprovision. Or take them out of GATEWAY_PROVIDER_KEYS and run: azd provision"
}

# The apps read their references anew.
foreach ($app in Get-Objects (Get-Setting GATEWAY_APPS)) {
    $answer = Invoke-Arm POST "$group/providers/Microsoft.Web/sites/$($app.name)/config/configreferences/appsettings/refresh?api-version=2022-03-01"
    if ($answer.Status -lt 200 -or $answer.Status -ge 300) {
        Say "warning: $($app.name) does not read its secrets anew yet ($($answer.Status)); its next start does."
    }
}
