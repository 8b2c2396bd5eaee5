using '../../../infra-bicep/main.bicep'

param environmentName = 'one'
param location = 'westeurope'
