using '../../../infra-bicep/main.bicep'

// The longest environment name and the regions with the longest names: every name has to stay within its limit.
param environmentName = 'e234567890123456789012345678901234567890123456789012345678901234'
param location = 'australiasoutheast'
param regions = [
  'germanywestcentral'
  'southafricanorth'
  'northcentralus'
  'southcentralus'
  'westcentralus'
  'swedencentral'
  'southeastasia'
  'australiaeast'
  'canadacentral'
]
param frontDoor = 'premium'
param privateNetworking = true
param immutabilityDays = 365
param providerKeys = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GEMINI_API_KEY']
