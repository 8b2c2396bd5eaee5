#requires -Version 7.2
# After azd deployed the home app: takes the same package to every other region, all at once, and sees each region answer: ready, and a
# real request. At the end a table of the endpoints and how to call them.
. (Join-Path $PSScriptRoot 'common.ps1')

Need GATEWAY_APPS 'an output of the deployment; run: azd provision'
Need GATEWAY_ENDPOINTS 'an output of the deployment; run: azd provision'
$package = Get-Setting GATEWAY_PACKAGE (Join-Path $PSScriptRoot '../../functions/obj/gateway.zip')
$packageUri = Get-Setting GATEWAY_PACKAGE_URI
# A new address of Front Door takes long to be known everywhere.
$readySeconds = [int](Get-Setting GATEWAY_READY_SECONDS $(if ((Get-Setting GATEWAY_FRONT_DOOR off) -eq 'off') { 300 } else { 1800 }))
$deploySeconds = [int](Get-Setting GATEWAY_DEPLOY_SECONDS 600)
$checkSeconds = [int](Get-Setting GATEWAY_CHECK_SECONDS 60)
$poll = [int](Get-Setting GATEWAY_POLL_SECONDS 2)

$apps = @(Get-Objects (Get-Setting GATEWAY_APPS))
if ($apps.Count -eq 0) { Fail "GATEWAY_APPS names no app: $(Get-Setting GATEWAY_APPS)" }
$urls = @{}
foreach ($endpoint in Get-Objects (Get-Setting GATEWAY_ENDPOINTS)) { $urls[$endpoint.region] = $endpoint.url }
$homeRegion = $apps[0].region
if ($apps.Count -gt 1 -and -not $packageUri -and -not (Test-Path $package)) {
    Fail "There is no package at ${package}: azd package makes it, or name a released one with GATEWAY_PACKAGE."
}
Set-ArmSign

Say "Deploying to $($apps.region)..."
$common = Join-Path $PSScriptRoot 'common.ps1'
$sign = $Tokens.Arm
$states = @($apps | ForEach-Object -ThrottleLimit 25 -Parallel {
    . $using:common
    # Functions of the block do not see what is used from outside: these do.
    $urls = $using:urls; $sign = $using:sign; $package = $using:package; $deploySeconds = $using:deploySeconds; $poll = $using:poll; $homeRegion = $using:homeRegion; $packageUri = $using:packageUri; $readySeconds = $using:readySeconds
    $app = $_
    $url = $urls[$app.region]
    $state = @{ Region = $app.region; Url = $url; Package = '-'; Ready = '-'; Request = '-' }

    # Posts the package and waits until the platform has taken it.
    function Publish-Package {
        for ($try = 1; ; $try++) {
            $answer = Invoke-Call $sign POST "$($app.publishUrl)/api/publish" @{ ContentType = 'application/zip'; InFile = $package }
            if ($answer.Status -in 200, 202) { break }
            if ($try -ge $Tries -or -not (Test-Passing $answer.Status)) { return "refused with $($answer.Status) after $try tries" }
            Wait-Pause $try
        }
        $id = $answer.Text.Trim('"', ' ', "`r", "`n")
        $end = (Get-Date).AddSeconds($deploySeconds)
        $seen = $false
        $unknown = 0
        while ((Get-Date) -lt $end) {
            $answer = Invoke-Call $sign GET "$($app.publishUrl)/api/deployments/$id"
            $code = if ($answer.Text -match '"status"\s*:\s*(\d+)') { [int] $Matches[1] } else { -1 }
            if ($answer.Status -eq 200) {
                # 4 is done, 3, 5 and 6 are ends that are none.
                if ($code -eq 4) { return 'deployed' }
                if ($code -in 3, 5, 6) { return "the platform could not deploy it (${code}: $(Get-Member1 $answer.Text message))" }
                $seen = $true
            }
            elseif ($answer.Status -eq 404) {
                # The record goes when the app restarts with the new package; right at the start it may not be there yet.
                $unknown++
                if ($seen) { return 'deployed' }
                if ($unknown -gt 10) { return 'the platform does not know the deployment' }
            }
            Start-Sleep -Seconds $poll
        }
        "not deployed within $($deploySeconds) s"
    }

    $state.Package = if ($app.region -eq $homeRegion -or $packageUri) { 'deployed' } else { Publish-Package }
    if ($state.Package -eq 'deployed') {
        $end = (Get-Date).AddSeconds($readySeconds)
        while ($true) {
            $answer = Invoke-Call @{} GET "$url/health/ready" @{ TimeoutSec = 30 }
            if ($answer.Status -eq 200) { $state.Ready = 'ready'; break }
            if ((Get-Date) -ge $end) { $state.Ready = "not within $($readySeconds) s ($($answer.Status))"; break }
            Start-Sleep -Seconds $poll
        }
    }
    $state
})

# A key for the checks, made at home and gone at the end; it may take some seconds until all regions know it.
function Get-AdminSign {
    $admin = Get-Setting PERIGEE_ADMIN_KEY
    if (-not $admin -and (Get-Setting GATEWAY_KEY_VAULT_URI)) {
        $vault = Get-Sign 'https://vault.azure.net/.default'
        $answer = Invoke-Call $vault GET "$(Get-Setting GATEWAY_KEY_VAULT_URI)secrets/PERIGEE-ADMIN-KEY?api-version=7.4" @{ TimeoutSec = 30 }
        if ($answer.Status -eq 200) { $admin = Get-Member1 $answer.Text value }
    }
    if ($admin) { @{ Authorization = "Bearer $admin" } }
}

$caller = @{}
$keyId = ''
$adminSign = $null
$homeState = $states | Where-Object { $_.Region -eq $homeRegion }
if ($homeState.Ready -eq 'ready') { $adminSign = Get-AdminSign }
if ($adminSign) {
    $answer = Invoke-Call $adminSign POST "$($urls[$homeRegion])/manage/v1/keys" @{ TimeoutSec = 60; ContentType = 'application/json'; Body = '{"name":"deployment check","allowedModels":["demo/*"]}' }
    if ($answer.Status -in 200, 201) {
        $keyId = Get-Member1 $answer.Text id
        $caller = @{ Authorization = "Bearer $(Get-Member1 $answer.Text key)" }
    }
    else {
        Say "warning: home made no key for the check ($($answer.Status)); the regions are asked without one."
    }
}

# One real request. With a key the answer of demo/echo, without one the refusal that only the gateway itself gives.
$states = @($states | ForEach-Object -ThrottleLimit 25 -Parallel {
    . $using:common
    $state = $_
    $caller = $using:caller
    if ($state.Ready -eq 'ready') {
        $end = (Get-Date).AddSeconds($using:checkSeconds)
        while ($true) {
            $answer = Invoke-Call $caller POST "$($state.Url)/v1/chat/completions" @{ TimeoutSec = 60; ContentType = 'application/json'; Body = '{"model":"demo/echo","messages":[{"role":"user","content":"Hello"}]}' }
            if ($caller.Count -gt 0 -and $answer.Status -eq 200 -and $answer.Text.Contains('"choices"')) { $state.Request = 'answered'; break }
            if ($caller.Count -eq 0 -and $answer.Status -eq 401 -and $answer.Text.Contains('"error"')) { $state.Request = 'guarded (401; no admin key at hand to ask with)'; break }
            if ((Get-Date) -ge $end) { $state.Request = "failed with $($answer.Status)"; break }
            Start-Sleep -Seconds $using:poll
        }
    }
    $state
})
if ($keyId) { $null = Invoke-Call $adminSign DELETE "$($urls[$homeRegion])/manage/v1/keys/$keyId" @{ TimeoutSec = 60 } }

# The table
Say
$form = '{0,-20} {1,-10} {2,-8} {3,-10} {4}'
Say ($form -f 'REGION', 'PACKAGE', 'READY', 'REQUEST', 'ENDPOINT')
$failed = @()
foreach ($app in $apps) {
    $state = $states | Where-Object { $_.Region -eq $app.region }
    Say ($form -f $state.Region, $state.Package.Split(' ')[0], $state.Ready.Split(' ')[0], $state.Request.Split(' ')[0], $state.Url)
    if ($state.Package -ne 'deployed' -or $state.Ready -ne 'ready' -or $state.Request -notmatch '^(answered|guarded)') { $failed += $state }
}
$entry = Get-Setting GATEWAY_GLOBAL_ENDPOINT $urls[$homeRegion]
Say @"

Make a key, and call the gateway:

  `$env:PERIGEE_URL = '$entry'
  `$env:PERIGEE_ADMIN_KEY = az keyvault secret show --vault-name $(Get-Setting GATEWAY_KEY_VAULT VAULT) --name PERIGEE-ADMIN-KEY --query value --output tsv
  curl -s "`$env:PERIGEE_URL/manage/v1/keys" -H "Authorization: Bearer `$env:PERIGEE_ADMIN_KEY" -H 'Content-Type: application/json' -d '{"name":"my app"}'
  curl -s "`$env:PERIGEE_URL/v1/chat/completions" -H "Authorization: Bearer pk-..." -H 'Content-Type: application/json' ``
    -d '{"model":"demo/echo","messages":[{"role":"user","content":"Hello"}]}'

"@
if ($failed) {
    foreach ($state in $failed) { [Console]::Error.WriteLine("$($state.Region): package $($state.Package); $($state.Ready); request $($state.Request)") }
    Fail "Not all regions serve: $($failed.Region). The others do. Once the cause is gone: azd hooks run postdeploy"
}
