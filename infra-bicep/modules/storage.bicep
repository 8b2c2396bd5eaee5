metadata description = 'One region\'s storage account: its tables and containers, without shared keys.'

param name string
param location string
param tags object

@description('How the account keeps its copies.')
param redundancy string

@description('Whether only private endpoints reach the account.')
param private bool

param tables array
param containers array

@description('Days after which log records are deleted.')
param logRetentionDays int

@description('Days that a log record can neither be changed nor deleted; 0 for none.')
param immutabilityDays int

@description('The identity of the app of the same region.')
param ownerName string
param ownerPrincipalId string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var coolAfterDays = 30

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: redundancy
  }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    networkAcls: {
      bypass: 'None'
      defaultAction: private ? 'Deny' : 'Allow'
    }
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      containerDeleteRetentionPolicy: {
        enabled: false
      }
      deleteRetentionPolicy: {
        enabled: false
      }
    }

    resource container 'containers' = [
      for container in containers: {
        name: container
        properties: {
          publicAccess: 'None'
        }
      }
    ]
  }

  resource tableService 'tableServices' = {
    name: 'default'
    properties: {}

    resource table 'tables' = [
      for table in tables: {
        name: table
      }
    ]
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            enabled: true
            name: 'logs'
            type: 'Lifecycle'
            definition: {
              filters: {
                blobTypes: [
                  'blockBlob'
                ]
                prefixMatch: [
                  'logs/'
                ]
              }
              actions: {
                baseBlob: union(
                  {
                    delete: {
                      daysAfterModificationGreaterThan: logRetentionDays
                    }
                  },
                  logRetentionDays > 2 * coolAfterDays
                    ? {
                        tierToCool: {
                          daysAfterModificationGreaterThan: coolAfterDays
                        }
                      }
                    : {}
                )
              }
            }
          }
        ]
      }
    }
    dependsOn: [
      blobs
    ]
  }
}

// Unlocked: the policy binds everybody who writes, and an operator can still take it off, or no tear-down would ever end.
resource immutability 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-06-01' = if (immutabilityDays > 0) {
  name: '${name}/default/logs/default'
  properties: {
    immutabilityPeriodSinceCreationInDays: immutabilityDays
  }
  dependsOn: [
    account::blobs::container
  ]
}

// The Functions host keeps its leases and the deployed package here; it is documented to need the owner's role for its blobs.
resource blobOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, ownerName, storageBlobDataOwner)
  properties: {
    principalId: ownerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
  }
}

// The cache makes and drops tables of its own, one a span of time.
resource tableContributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, ownerName, storageTableDataContributor)
  properties: {
    principalId: ownerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}
