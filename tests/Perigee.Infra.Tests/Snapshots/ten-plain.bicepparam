using '../../../infra-bicep/main.bicep'

param environmentName = 'ten'
param location = 'westeurope'
param regions = [
  'westeurope'
  'eastus2'
  'japaneast'
  'australiasoutheast'
  'brazilsouth'
  'centralindia'
  'southafricanorth'
  'uaenorth'
  'swedencentral'
  'westus3'
]
