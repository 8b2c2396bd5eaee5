#requires -Version 7.2
# What the hooks share; the same as common.sh, step by step. Secrets go through variables, never through arguments of a program.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$PSNativeCommandUseErrorActionPreference = $false

# Azure Pipelines hands on $(NAME) where it has no variable of that name.
foreach ($variable in @([Environment]::GetEnvironmentVariables().GetEnumerator())) {
    if ($variable.Value -ceq ('$(' + $variable.Key + ')')) { [Environment]::SetEnvironmentVariable($variable.Key, $null) }
}

# A variable of the environment, or the default where it is not set.
function Get-Setting([string] $Name, $Default = '') {
    $value = [Environment]::GetEnvironmentVariable($Name)
    if ([string]::IsNullOrEmpty($value)) { $Default } else { $value }
}

$Arm = Get-Setting AZURE_RESOURCE_MANAGER_URL 'https://management.azure.com'
$Tries = [int](Get-Setting GATEWAY_HOOK_TRIES 5)
$Pause = [int](Get-Setting GATEWAY_HOOK_PAUSE_SECONDS 5)
$CallSeconds = [int](Get-Setting GATEWAY_HOOK_CALL_SECONDS 300)
$Tokens = @{}

function Say([string] $Text = '') { [Console]::Out.WriteLine($Text) }

function Fail([string] $Text) {
    [Console]::Error.WriteLine("error: $Text")
    exit 1
}

# The variable NAME, or an end that says what is missing and where it comes from.
function Need([string] $Name, [string] $What) {
    if (-not (Get-Setting $Name)) { Fail "$Name is not set: $What" }
}

# Whether somebody sits in front of it.
function Test-CanAsk { -not [Console]::IsInputRedirected -and (Get-Setting CI) -ne 'true' }

# The texts of a JSON array of names, or of a plain list.
function Get-Words([string] $Text) { @($Text -split '[\[\],"; \t\r\n]+' | Where-Object { $_ }) }

function ConvertTo-Array([string[]] $Names) { ConvertTo-Json -InputObject @($Names | Where-Object { $_ }) -Compress }

# The objects of a JSON array.
function Get-Objects([string] $Json) {
    try { @(ConvertFrom-Json $Json) } catch { @() }
}

# The Authorization header for a scope.
function Get-Sign([string] $Scope) {
    $answer = azd auth token --scope $Scope --output json | Out-String
    if ($LASTEXITCODE -ne 0) { Fail "azd gives no token for $Scope. Sign in with: azd auth login" }
    $token = (Get-Objects $answer | Select-Object -First 1).token
    if (-not $token) { Fail "azd gave no token for $Scope. Sign in with: azd auth login" }
    @{ Authorization = "Bearer $token" }
}

# Once, before any call of Invoke-Arm.
function Set-ArmSign { $Tokens.Arm = Get-Sign 'https://management.azure.com/.default' }

# One call: its status (0 where there was no answer) and its text.
function Invoke-Call([hashtable] $Headers, [string] $Method, [string] $Url, [hashtable] $More = @{}) {
    $request = @{ TimeoutSec = $CallSeconds }
    foreach ($name in $More.Keys) { $request[$name] = $More[$name] }
    try {
        $answer = Invoke-WebRequest -Uri $Url -Method $Method -Headers $Headers -SkipHttpErrorCheck -SkipHeaderValidation -MaximumRedirection 0 @request
        $text = if ($answer.Content -is [byte[]]) { [Text.Encoding]::UTF8.GetString($answer.Content) } else { [string] $answer.Content }
        @{ Status = [int] $answer.StatusCode; Text = $text }
    }
    catch {
        @{ Status = 0; Text = '' }
    }
}

# Whether a status is worth another try. 401 and 403: a role that was just assigned takes a while to be known.
function Test-Passing([int] $Status) { $Status -in 0, 401, 403, 408, 409, 429 -or $Status -ge 500 }

# Before try N + 1; each is twice as long as the one before.
function Wait-Pause([int] $Try) { Start-Sleep -Seconds ($Pause * [math]::Pow(2, $Try - 1)) }

# A call of Azure Resource Manager, again where that may help.
function Invoke-Arm([string] $Method, [string] $Path, [hashtable] $More = @{}) {
    for ($try = 1; ; $try++) {
        $headers = $Tokens.Arm.Clone()
        if ($More.ContainsKey('IfMatch')) { $headers['If-Match'] = $More.IfMatch }
        $rest = @{}
        foreach ($name in 'Body', 'ContentType') { if ($More.ContainsKey($name)) { $rest[$name] = $More[$name] } }
        $answer = Invoke-Call $headers $Method "$Arm$Path" $rest
        if ($try -ge $Tries -or -not (Test-Passing $answer.Status)) { return $answer }
        Wait-Pause $try
    }
}

# A text, shortened for a message.
function Get-Short([string] $Text) { $Text.Substring(0, [math]::Min(500, $Text.Length)) }

# A text member of a JSON answer.
function Get-Member1([string] $Json, [string] $Name) {
    if ($Json -match ('"' + [regex]::Escape($Name) + '"\s*:\s*"([^"]*)"')) { $Matches[1] } else { '' }
}
