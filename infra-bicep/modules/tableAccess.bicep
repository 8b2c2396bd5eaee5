metadata description = 'Lets one region\'s app read and write some tables of another region, and no others.'

param accountName string
param tables array
@description('The identity of that app.')
param identityName string
param principalId string

var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName

  resource service 'tableServices' existing = {
    name: 'default'

    resource table 'tables' existing = [
      for table in tables: {
        name: table
      }
    ]
  }
}

resource contributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (table, i) in tables: {
    scope: account::service::table[i]
    name: guid(account.id, table, identityName, storageTableDataContributor)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    }
  }
]
