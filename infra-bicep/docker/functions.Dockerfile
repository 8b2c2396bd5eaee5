# The gateway on the image of the Functions host: for Functions on Container Apps, Premium or Kubernetes. Build at the repository's root:
#   docker build -f infra-bicep/docker/functions.Dockerfile -t perigee-functions .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish functions -c Release -p:FunctionsWorker=microsoft -o /app

FROM mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true
COPY --from=build /app /home/site/wwwroot
EXPOSE 80
