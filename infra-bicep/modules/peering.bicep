metadata description = 'Joins home\'s network and another region\'s, seen from one of the two.'

param networkName string
param otherNetworkName string

resource other 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: otherNetworkName
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: networkName

  resource peering 'virtualNetworkPeerings' = {
    name: 'to-${otherNetworkName}'
    properties: {
      allowForwardedTraffic: false
      allowGatewayTransit: false
      allowVirtualNetworkAccess: true
      useRemoteGateways: false
      remoteVirtualNetwork: {
        id: other.id
      }
    }
  }
}
