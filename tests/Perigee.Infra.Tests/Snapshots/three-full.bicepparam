using '../../../infra-bicep/main.bicep'

param environmentName = 'three'
param location = 'westeurope'
param regions = ['eastus2', 'japaneast']
param frontDoor = 'standard'
param privateNetworking = true
param immutabilityDays = 7
param providerKeys = ['OPENAI_API_KEY', 'PERIGEE_ADMIN_KEY']
