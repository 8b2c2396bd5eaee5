# The gateway by itself, without a Functions host: for Container Apps, Kubernetes or a machine of your own. Build at the repository's root:
#   docker build -f infra-bicep/docker/plain.Dockerfile -t perigee .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish functions -c Release -p:FunctionsWorker=microsoft -o /app && mkdir /data

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
ENV PERIGEE_URLS=http://0.0.0.0:8080 \
    PERIGEE_DATA=/data
COPY --from=build /app .
COPY --from=build --chown=$APP_UID:$APP_UID /data /data
USER $APP_UID
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["dotnet", "Perigee.Functions.dll"]
