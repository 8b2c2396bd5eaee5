#requires -Version 7.2
# Before anything is provisioned: which regions, and which providers' keys. Asks where somebody sits in front of it, else takes them from
# the environment. Names only: the keys themselves go from the environment into the vault (postprovision), and into no file.
. (Join-Path $PSScriptRoot 'common.ps1')

Need AZURE_ENV_NAME 'azd sets it; run this as a hook of azd, or name the environment yourself.'

# Regions
$types = Get-Content (Join-Path $PSScriptRoot '../types.bicep')
$known = @($types | Where-Object { $_ -match "^ *\| '([a-z0-9]*)'$" } | ForEach-Object { $_ -replace "^ *\| '|'$", '' })
$location = Get-Setting AZURE_LOCATION
$regions = Get-Words (Get-Setting GATEWAY_REGIONS)
if (-not $regions -and (Test-CanAsk)) {
    Say 'In which regions shall the gateway run? The first one is the home of configuration and keys.'
    $default = if ($location) { $location } else { 'westeurope' }
    $answer = Read-Host "Regions, such as: westeurope eastus2 japaneast [$default]"
    $regions = Get-Words $(if ($answer) { $answer } else { $default })
}
if (-not $regions) {
    Need AZURE_LOCATION "name the home region with: azd env set AZURE_LOCATION westeurope (and all regions with: azd env set GATEWAY_REGIONS '[""westeurope"",""eastus2""]')"
    $regions = @($location)
}
foreach ($region in $regions) {
    if ($known -cnotcontains $region) { Fail "GATEWAY_REGIONS names '$region', which is no region with Flex Consumption. Known: $known" }
}
$first = if ($location) { $location } else { @($regions)[0] }
$regions = @(@($first) + $regions | Select-Object -Unique)

# Providers' keys
$providers = Get-Content -Raw (Join-Path $PSScriptRoot '../../shared/Perigee/Providers/providers.json') | ConvertFrom-Json
$keys = Get-Words (Get-Setting GATEWAY_PROVIDER_KEYS)
if (-not $keys) {
    $keys = @($providers | ForEach-Object { if ($_.PSObject.Properties['keyVariables']) { $_.keyVariables } } | Where-Object { Get-Setting $_ })
    if (Test-CanAsk) {
        if ($keys) { Say "Found in the environment: $keys" }
        $answer = Read-Host 'Further providers, by the variable of their key (such as OPENAI_API_KEY ANTHROPIC_API_KEY), or nothing'
        $keys = @($keys) + @(Get-Words $answer)
    }
}
$keys = @($keys | Where-Object { $_ } | Select-Object -Unique)
foreach ($variable in $keys) {
    if ($variable -cnotmatch '^[A-Z][A-Z0-9_]*$') {
        Fail "GATEWAY_PROVIDER_KEYS names '$variable', which is no variable's name. Names belong there, such as OPENAI_API_KEY; the keys themselves into the variables."
    }
}
if (-not $keys) {
    Say "No provider's key is named: the built-in model demo/echo will answer. Add keys later: azd env set GATEWAY_PROVIDER_KEYS '[""OPENAI_API_KEY""]', then azd provision."
}

azd env set AZURE_LOCATION $first
azd env set GATEWAY_REGIONS (ConvertTo-Array $regions)
azd env set GATEWAY_PROVIDER_KEYS (ConvertTo-Array $keys)
Say "Home: $first. Regions: $regions"
