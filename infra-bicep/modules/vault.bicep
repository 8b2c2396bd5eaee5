metadata description = 'The Key Vault of all regions: the admin key and the providers\' keys. The hooks write the secrets, no template holds one.'

param name string
param location string
param tags object

@description('Whether only private endpoints reach the vault.')
param private bool

@description('Whether a deleted vault can be purged by nobody before 7 days are over.')
param purgeProtection bool

@description('The identities of the apps that read secrets.')
param readerNames array
param readerPrincipalIds array

@description('Who deploys: may read the admin key. Empty for nobody.')
param administratorPrincipalId string

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    // The service takes true or nothing: false is refused once it was true.
    enablePurgeProtection: purgeProtection ? true : null
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: private ? 'Deny' : 'Allow'
    }
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  }
}

resource readers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (principalId, i) in readerPrincipalIds: {
    scope: vault
    name: guid(vault.id, readerNames[i], keyVaultSecretsUser)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    }
  }
]

// A person or a pipeline: the type is left to the directory.
resource administrator 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorPrincipalId)) {
  scope: vault
  name: guid(vault.id, administratorPrincipalId, keyVaultSecretsUser)
  properties: {
    principalId: administratorPrincipalId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}
