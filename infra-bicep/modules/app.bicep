metadata description = 'One region\'s Flex Consumption plan and function app.'

param planName string
param name string
param location string
param tags object

@description('azd finds the home app by this name; null in the other regions, as azd wants exactly one.')
param azdServiceName string?

@description('The app\'s identity, in the same resource group.')
param identityName string

@description('Where the package lies, as https://ACCOUNT.blob.../CONTAINER.')
param packageContainerUrl string

@description('Megabytes of an instance: 512, 2048 or 4096.')
param instanceMemoryMB int

@description('Most instances of this app.')
param maximumInstanceCount int

@description('Instances that are always running for HTTP.')
param alwaysReady int

@description('Requests that one instance serves at the same time before another is started.')
param httpConcurrency int

param zoneRedundant bool

@description('All app settings.')
param settings object

@description('The virtual network that the app reaches private endpoints from; empty for none.')
param networkName string

@description('Whether Front Door alone may call the app, and which profile of it.')
param onlyFrontDoor bool
param frontDoorId string

@description('CIDR ranges that may call the app besides Front Door.')
param allowedAddresses array

@description('A released package to run; empty where a hook or a pipeline publishes it.')
param packageUri string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  kind: 'functionapp'
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

var fromFrontDoor = {
  name: 'front-door'
  priority: 100
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureFrontDoor.Backend'
  headers: {
    'x-azure-fdid': [
      frontDoorId
    ]
  }
}
var fromAddresses = [
  for (range, i) in allowedAddresses: {
    name: 'address-${i}'
    priority: 200 + i
    action: 'Allow'
    tag: 'Default'
    ipAddress: range
  }
]

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, azdServiceName == null ? {} : { 'azd-service-name': azdServiceName! })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(networkName)
      ? null
      : resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'app')
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady == 0
          ? []
          : [
              {
                name: 'http'
                instanceCount: alwaysReady
              }
            ]
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      // The publishing endpoint is guarded by Entra ID and is called from wherever the deployment runs.
      scmIpSecurityRestrictionsUseMain: false
      ipSecurityRestrictionsDefaultAction: onlyFrontDoor ? 'Deny' : 'Allow'
      ipSecurityRestrictions: onlyFrontDoor ? concat([fromFrontDoor], fromAddresses) : []
    }
  }

  resource appsettings 'config' = {
    name: 'appsettings'
    properties: settings
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }

  // A released package without a build of one's own.
  resource package 'extensions@2025-03-01' = if (!empty(packageUri)) {
    name: 'onedeploy'
    #disable-next-line BCP187 // The platform takes it, the published type lacks it.
    properties: {
      packageUri: packageUri
      remoteBuild: false
    }
    dependsOn: [
      appsettings
    ]
  }
}

var labels = split(site.properties.defaultHostName, '.')

output hostName string = site.properties.defaultHostName

@description('Where packages are published.')
output publishHostName string = '${labels[0]}.scm.${join(skip(labels, 1), '.')}'
