using '../../../infra-bicep/main.bicep'

param environmentName = 'three'
param location = 'westeurope'
param regions = ['westeurope', 'eastus2', 'japaneast']
param alwaysReady = 0
param principalId = ''
