metadata description = 'Front Door: one address for all regions, the nearest answers, and one address a region.'

param profileName string
param tags object

@allowed(['standard', 'premium'])
param tier string

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: profileName
  location: 'global'
  tags: tags
  sku: {
    name: tier == 'premium' ? 'Premium_AzureFrontDoor' : 'Standard_AzureFrontDoor'
  }
  properties: {
    originResponseTimeoutSeconds: 240
  }
}

output frontDoorId string = profile.properties.frontDoorId
