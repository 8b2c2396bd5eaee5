metadata description = 'A private DNS zone that all regions\' networks ask.'

param name string
param tags object
param networks array

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: name
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = [
    for network in networks: {
      name: network
      location: 'global'
      tags: tags
      properties: {
        registrationEnabled: false
        virtualNetwork: {
          id: resourceId('Microsoft.Network/virtualNetworks', network)
        }
      }
    }
  ]
}

output id string = zone.id
