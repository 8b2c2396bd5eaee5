using '../../../infra-bicep/main.bicep'

param environmentName = 'one'
param location = 'westeurope'
param alwaysReady = 2
param zoneRedundant = true
param storageRedundancy = 'Standard_ZRS'
param frontDoor = 'standard'
param allowedAddresses = ['203.0.113.0/24']
param privateNetworking = true
param immutabilityDays = 30
param logRetentionDays = 30
param purgeProtection = true
param providerKeys = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY']
param settings = {
  PERIGEE_LOG_FLUSH_SECONDS: '30'
  AZURE_OPENAI_ENDPOINT: 'https://example.openai.azure.com'
}
param packageUri = 'https://example.com/perigee.zip'
param tags = {
  owner: 'platform'
}
