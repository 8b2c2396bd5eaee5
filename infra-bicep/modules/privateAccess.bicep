metadata description = 'What private networking needs beside the networks: zones, endpoints, and home\'s way to each other region.'

param regions array
param tags object
param networkNames array
param storageNames array
param vaultName string

@description('What names of private endpoints begin with.')
param prefix string

var count = length(regions)
var services = ['blob', 'table']

module storageZones 'privateZone.bicep' = [
  for service in services: {
    params: {
      name: 'privatelink.${service}.${environment().suffixes.storage}'
      tags: tags
      networks: networkNames
    }
  }
]

module vaultZone 'privateZone.bicep' = {
  params: {
    name: 'privatelink.vaultcore.azure.net'
    tags: tags
    networks: networkNames
  }
}

// One endpoint an account, in its own region: home reaches the others, and they home, through the peerings.
module storageEndpoints 'privateEndpoint.bicep' = [
  for i in range(0, count * 2): {
    params: {
      name: '${prefix}${storageNames[i / 2]}-${services[i % 2]}'
      location: regions[i / 2]
      tags: tags
      subnetId: resourceId('Microsoft.Network/virtualNetworks/subnets', networkNames[i / 2], 'private-endpoints')
      targetId: resourceId('Microsoft.Storage/storageAccounts', storageNames[i / 2])
      service: services[i % 2]
      zoneId: storageZones[i % 2].outputs.id
    }
  }
]

module vaultEndpoint 'privateEndpoint.bicep' = {
  params: {
    name: '${prefix}${vaultName}'
    location: regions[0]
    tags: tags
    subnetId: resourceId('Microsoft.Network/virtualNetworks/subnets', networkNames[0], 'private-endpoints')
    targetId: resourceId('Microsoft.KeyVault/vaults', vaultName)
    service: 'vault'
    zoneId: vaultZone.outputs.id
  }
}

module peerings 'peering.bicep' = [
  for i in range(1, count - 1): {
    params: {
      networkName: networkNames[0]
      otherNetworkName: networkNames[i]
    }
  }
]

module peeringsBack 'peering.bicep' = [
  for i in range(1, count - 1): {
    params: {
      networkName: networkNames[i]
      otherNetworkName: networkNames[0]
    }
  }
]
