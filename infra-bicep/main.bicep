metadata description = 'Perigee in one or more regions: each complete by itself, one of them the home of configuration and keys.'

targetScope = 'subscription'

import { gatewaySettings, regionName } from 'types.bicep'

@description('Name of the azd environment; part of the resource group\'s name.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('The home region: here configuration, keys and budgets are kept.')
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('All regions that serve. The home region is always one of them, named or not.')
@maxLength(24)
param regions regionName[] = []

@description('Megabytes of an instance. 2048 is one core.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances a region. All Flex Consumption apps of a subscription share 250 cores a region unless Microsoft raised that.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances a region that are always running. 0 is cheapest, and the first request after a pause waits for a cold start.')
@minValue(0)
@maxValue(1000)
param alwaysReady int = 1

@description('Requests that one instance serves at the same time before another one is started.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 100

@description('Spreads a region\'s instances over its zones. Wants two instances that are always ready, and a region with zones.')
param zoneRedundant bool = false

@description('How storage accounts keep their copies.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS', 'Standard_RAGRS', 'Standard_RAGZRS'])
param storageRedundancy string = 'Standard_LRS'

@description('One address for all regions through Front Door.')
@allowed(['off', 'standard', 'premium'])
param frontDoor string = 'off'

@description('CIDR ranges that may call the apps themselves where Front Door is on: probes and pipelines of yours.')
param allowedAddresses string[] = []

@description('Storage and Key Vault are reached from the apps\' virtual networks only.')
param privateNetworking bool = false

@description('The range that regions take a /20 each of; at least a /15.')
param networkRange string = '10.64.0.0/15'

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 30

@description('Gigabytes of telemetry a day and region after which no more is taken; -1 for no cap.')
@minValue(-1)
param telemetryDailyCapGb int = 1

@description('Days that log records are kept in the blob container `logs`.')
@minValue(1)
@maxValue(3650)
param logRetentionDays int = 365

@description('Days that a log record can neither be changed nor deleted; 0 for none. Above 0 they hold up a tear-down until a hook takes the policy off.')
@minValue(0)
@maxValue(3650)
param immutabilityDays int = 0

@description('Environment variables that hold providers\' keys, such as OPENAI_API_KEY: each becomes a reference to the vault. Names, never values.')
param providerKeys string[] = []

@description('Further settings of the gateway, without secrets.')
param settings gatewaySettings = {}

@description('A deleted vault can be purged by nobody before 7 days are over. Leaves something behind after a tear-down.')
param purgeProtection bool = false

@description('Who may read the admin key in the vault: whoever deploys, unless said otherwise. Empty for nobody.')
param principalId string = deployer().objectId

@description('Address of a released package that every region runs; empty where azd and its hook publish a build.')
param packageUri string = ''

@description('Tags of every resource.')
param tags object = {}

var abbreviations = loadJsonContent('abbreviations.json')
var places = loadJsonContent('storage.json')

var home = location
var all = union([home], regions)
var count = length(all)
var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var tokens = [for region in all: toLower(uniqueString(subscription().id, environmentName, location, region))]
var storageNames = [for token in tokens: '${abbreviations.storageStorageAccounts}${token}']
var appNames = [for (region, i) in all: '${abbreviations.webSitesFunctions}${tokens[i]}-${region}']
var identityNames = [
  for (region, i) in all: '${abbreviations.managedIdentityUserAssignedIdentities}${tokens[i]}-${region}'
]
var networkNames = [for (region, i) in all: '${abbreviations.networkVirtualNetworks}${tokens[i]}-${region}']
var vaultName = '${abbreviations.keyVaultVaults}${resourceToken}'
var vaultUri = 'https://${vaultName}${environment().suffixes.keyvaultDns}/'
var storages = [
  for (region, i) in all: {
    region: region
    tables: 'https://${storageNames[i]}.table.${environment().suffixes.storage}'
    blobs: 'https://${storageNames[i]}.blob.${environment().suffixes.storage}'
  }
]

var everyTag = union(tags, { 'azd-env-name': environmentName })
var behindFrontDoor = frontDoor != 'off'

// Front Door's own limits: 10 endpoints a profile in Standard, 25 in Premium; one is the global one.
var endpointsAllowed = frontDoor == 'premium' ? 25 : 10
var endpointNames = behindFrontDoor && count + 1 > endpointsAllowed
  ? fail('Front Door ${frontDoor} has at most ${endpointsAllowed} endpoints a profile: one global and one for each of ${count} regions are more. Take premium, fewer regions, or off.')
  : map(tokens, token => '${abbreviations.cdnProfilesAfdEndpoints}${token}')
var alwaysReadyChecked = zoneRedundant && alwaysReady < 2
  ? fail('zoneRedundant wants alwaysReady of at least 2.')
  : alwaysReady

var secrets = toObject(
  union(['PERIGEE_ADMIN_KEY'], providerKeys),
  variable => variable,
  variable => '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${replace(variable, '_', '-')})'
)
var homeSettings = {
  PERIGEE_REGIONS: string(storages)
}
var otherSettings = {
  PERIGEE_HOME_STORAGE: storages[0].tables
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourcesResourceGroups}${environmentName}'
  location: home
  tags: everyTag
}

module identities 'modules/identity.bicep' = [
  for (region, i) in all: {
    scope: group
    params: {
      name: identityNames[i]
      location: region
      tags: everyTag
    }
  }
]

module monitoring 'modules/monitoring.bicep' = [
  for (region, i) in all: {
    scope: group
    params: {
      workspaceName: '${abbreviations.operationalInsightsWorkspaces}${tokens[i]}-${region}'
      insightsName: '${abbreviations.insightsComponents}${tokens[i]}-${region}'
      location: region
      tags: everyTag
      retentionDays: telemetryRetentionDays
      dailyCapGb: telemetryDailyCapGb
      writerName: identityNames[i]
      writerPrincipalId: identities[i].outputs.principalId
    }
  }
]

module storage 'modules/storage.bicep' = [
  for (region, i) in all: {
    scope: group
    params: {
      name: storageNames[i]
      location: region
      tags: everyTag
      redundancy: storageRedundancy
      private: privateNetworking
      tables: places.tables
      containers: places.containers
      logRetentionDays: logRetentionDays
      immutabilityDays: immutabilityDays
      ownerName: identityNames[i]
      ownerPrincipalId: identities[i].outputs.principalId
    }
  }
]

// A region leases its budgets at home and is managed there, and home publishes configuration and keys to every region: these tables and containers and no others.
module leases 'modules/tableAccess.bicep' = [
  for i in range(1, count - 1): {
    scope: group
    params: {
      accountName: storageNames[0]
      tables: places.tablesThatRegionsUseAtHome
      identityName: identityNames[i]
      principalId: identities[i].outputs.principalId
    }
    dependsOn: [
      storage
    ]
  }
]

module publishing 'modules/tableAccess.bicep' = [
  for i in range(1, count - 1): {
    scope: group
    params: {
      accountName: storageNames[i]
      tables: places.tablesThatHomePublishes
      identityName: identityNames[0]
      principalId: identities[0].outputs.principalId
    }
    dependsOn: [
      storage
    ]
  }
]

module configurationsAtHome 'modules/containerAccess.bicep' = [
  for i in range(1, count - 1): {
    scope: group
    params: {
      accountName: storageNames[0]
      containers: places.containersThatRegionsUseAtHome
      identityName: identityNames[i]
      principalId: identities[i].outputs.principalId
    }
    dependsOn: [
      storage
    ]
  }
]

module configurations 'modules/containerAccess.bicep' = [
  for i in range(1, count - 1): {
    scope: group
    params: {
      accountName: storageNames[i]
      containers: places.containersThatHomePublishes
      identityName: identityNames[0]
      principalId: identities[0].outputs.principalId
    }
    dependsOn: [
      storage
    ]
  }
]

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: vaultName
    location: home
    tags: everyTag
    private: privateNetworking
    purgeProtection: purgeProtection
    readerNames: identityNames
    readerPrincipalIds: [for (region, i) in all: identities[i].outputs.principalId]
    administratorPrincipalId: principalId
  }
}

module networks 'modules/network.bicep' = [
  for (region, i) in all: if (privateNetworking) {
    scope: group
    params: {
      name: networkNames[i]
      location: region
      tags: everyTag
      addressPrefix: cidrSubnet(networkRange, 20, i)
    }
  }
]

module privateAccess 'modules/privateAccess.bicep' = if (privateNetworking) {
  scope: group
  params: {
    regions: all
    tags: everyTag
    networkNames: networkNames
    storageNames: storageNames
    vaultName: vaultName
    prefix: abbreviations.networkPrivateEndpoints
  }
  dependsOn: [
    networks
    storage
    vault
  ]
}

module frontDoorProfile 'modules/frontDoor.bicep' = if (frontDoor != 'off') {
  scope: group
  params: {
    profileName: '${abbreviations.cdnProfiles}${resourceToken}'
    tags: everyTag
    tier: frontDoor == 'premium' ? 'premium' : 'standard'
  }
}

module apps 'modules/app.bicep' = [
  for (region, i) in all: {
    scope: group
    params: {
      planName: '${abbreviations.webServerFarms}${tokens[i]}-${region}'
      name: appNames[i]
      location: region
      tags: everyTag
      azdServiceName: i == 0 ? 'gateway' : null
      identityName: identityNames[i]
      packageContainerUrl: '${storages[i].blobs}/deployments'
      instanceMemoryMB: instanceMemoryMB
      maximumInstanceCount: maximumInstanceCount
      alwaysReady: alwaysReadyChecked
      httpConcurrency: httpConcurrency
      zoneRedundant: zoneRedundant
      networkName: privateNetworking ? networkNames[i] : ''
      onlyFrontDoor: behindFrontDoor
      frontDoorId: frontDoorProfile.?outputs.frontDoorId ?? ''
      allowedAddresses: allowedAddresses
      packageUri: packageUri
      settings: union(
        settings,
        {
          APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identities[i].outputs.clientId};Authorization=AAD'
          APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring[i].outputs.connectionString
          AzureWebJobsStorage__blobServiceUri: storages[i].blobs
          AzureWebJobsStorage__clientId: identities[i].outputs.clientId
          AzureWebJobsStorage__credential: 'managedidentity'
          AzureWebJobsStorage__tableServiceUri: storages[i].tables
          PERIGEE_KEYVAULT: vaultUri
          PERIGEE_REGION: region
          PERIGEE_STORAGE: 'azure'
        },
        i == 0 ? homeSettings : otherSettings,
        secrets
      )
    }
    dependsOn: [
      networks
      privateAccess
      storage
      vault
    ]
  }
]

module globalEndpoint 'modules/frontDoorEndpoint.bicep' = if (frontDoor != 'off') {
  scope: group
  params: {
    profileName: '${abbreviations.cdnProfiles}${resourceToken}'
    endpointName: '${abbreviations.cdnProfilesAfdEndpoints}${resourceToken}'
    tags: everyTag
    origins: [for (region, i) in all: { name: region, hostName: apps[i].outputs.hostName }]
  }
}

@batchSize(1)
module regionEndpoints 'modules/frontDoorEndpoint.bicep' = [
  for (region, i) in all: if (frontDoor != 'off') {
    scope: group
    params: {
      profileName: '${abbreviations.cdnProfiles}${resourceToken}'
      endpointName: endpointNames[i]
      tags: everyTag
      origins: [{ name: region, hostName: apps[i].outputs.hostName }]
    }
  }
]

output AZURE_LOCATION string = home
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = appNames[0]

@description('What apps call: one address a region.')
output GATEWAY_ENDPOINTS array = [
  for (region, i) in all: {
    region: region
    url: behindFrontDoor ? 'https://${regionEndpoints[i].?outputs.hostName}' : 'https://${apps[i].outputs.hostName}'
  }
]

@description('What azd prints as the service\'s addresses.')
output SERVICE_GATEWAY_ENDPOINTS array = [
  for (region, i) in all: behindFrontDoor
    ? 'https://${regionEndpoints[i].?outputs.hostName}'
    : 'https://${apps[i].outputs.hostName}'
]

@description('The nearest region through Front Door; without it the home region.')
output GATEWAY_GLOBAL_ENDPOINT string = behindFrontDoor
  ? 'https://${globalEndpoint.?outputs.hostName}'
  : 'https://${apps[0].outputs.hostName}'

@description('For the hooks: the apps themselves, home first.')
output GATEWAY_APPS array = [
  for (region, i) in all: {
    region: region
    name: appNames[i]
    publishUrl: 'https://${apps[i].outputs.publishHostName}'
  }
]

@description('For the hooks: whose logs an immutability policy holds.')
output GATEWAY_STORAGE_ACCOUNTS array = storageNames
output GATEWAY_WORKSPACES array = [
  for (region, i) in all: '${abbreviations.operationalInsightsWorkspaces}${tokens[i]}-${region}'
]
output GATEWAY_KEY_VAULT string = vaultName
output GATEWAY_KEY_VAULT_URI string = vaultUri
output GATEWAY_IMMUTABLE bool = immutabilityDays > 0
output GATEWAY_PURGE_PROTECTION bool = purgeProtection
output GATEWAY_FRONT_DOOR string = frontDoor
