using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;

namespace Perigee.Azure;

/// <summary>From settings to clients.</summary>
internal static class StorageSettings
{
    private const string Connection = "PERIGEE_STORAGE_CONNECTION";
    private const string Account = "PERIGEE_STORAGE_ACCOUNT";
    private const string ClientId = "PERIGEE_STORAGE_CLIENT_ID";
    private const string Jobs = "AzureWebJobsStorage";

    public static bool AreIn(IConfiguration configuration) =>
        Value(configuration, Connection) is not null
        || Value(configuration, Account) is not null
        || Value(configuration, Jobs) is not null
        || Value(configuration, Jobs, "accountName") is not null
        || Value(configuration, Jobs, "tableServiceUri") is not null;

    public static AzureStorage Open(IConfiguration configuration)
    {
        if (Value(configuration, Connection) is { } connection)
            return FromConnection(Connection, connection);
        if (Value(configuration, Account) is { } account)
            return FromIdentity(Endpoints(Account, account), Value(configuration, ClientId));
        if (Value(configuration, Jobs) is { } jobs)
            return FromConnection(Jobs, jobs);

        string? clientId = Value(configuration, ClientId) ?? Value(configuration, Jobs, "clientId");
        if (Value(configuration, Jobs, "tableServiceUri") is { } tables)
        {
            string blobs = Value(configuration, Jobs, "blobServiceUri")
                ?? throw new ConfigurationException($"{Jobs}__tableServiceUri is set, so {Jobs}__blobServiceUri must be set, too.");
            return FromIdentity((Endpoint($"{Jobs}__tableServiceUri", tables), Endpoint($"{Jobs}__blobServiceUri", blobs)), clientId);
        }

        return Value(configuration, Jobs, "accountName") is { } name
            ? FromIdentity(Endpoints($"{Jobs}__accountName", name), clientId)
            : throw new ConfigurationException($"No storage account is named: set {Account}, {Connection} or {Jobs}.");
    }

    /// <summary>The two endpoints of an account, from its name or from any one of its endpoints.</summary>
    internal static (Uri Tables, Uri Blobs) Endpoints(string setting, string account)
    {
        if (account.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) && account.Length is >= 3 and <= 24)
            return (new Uri($"https://{account}.table.core.windows.net"), new Uri($"https://{account}.blob.core.windows.net"));

        // name.<service>.core.<cloud>: other clouds differ in the last part only.
        Uri endpoint = Endpoint(setting, account);
        string[] labels = endpoint.Host.Split('.', 3);
        if (labels.Length < 3 || labels[1] is not ("table" or "blob" or "queue" or "file" or "dfs" or "web"))
            throw new ConfigurationException($"{setting} is neither an account's name nor an endpoint such as https://NAME.blob.core.windows.net.");
        return (new Uri($"https://{labels[0]}.table.{labels[2]}"), new Uri($"https://{labels[0]}.blob.{labels[2]}"));
    }

    private static AzureStorage FromConnection(string setting, string connection)
    {
        try
        {
            TableServiceClient tables = new(connection, Tune(new TableClientOptions()));
            BlobServiceClient blobs = new(connection, Tune(new BlobClientOptions()));
            return new AzureStorage(tables, blobs);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or InvalidOperationException)
        {
            // The fault's own text may repeat the string, key and all.
            throw new ConfigurationException($"{setting} is no connection string of a storage account with tables and blobs.");
        }
    }

    private static AzureStorage FromIdentity((Uri Tables, Uri Blobs) endpoints, string? clientId)
    {
        TokenCredential credential = Credential(clientId);
        return new AzureStorage(
            new TableServiceClient(endpoints.Tables, credential, Tune(new TableClientOptions())),
            new BlobServiceClient(endpoints.Blobs, credential, Tune(new BlobClientOptions())));
    }

    /// <summary>On Azure the managed identity alone; elsewhere what a developer or a pipeline has at hand, never a browser.</summary>
    internal static TokenCredential Credential(string? clientId)
    {
        if (clientId is not null)
            return new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));
        if (Environment.GetEnvironmentVariable("IDENTITY_ENDPOINT") is not null)
            return new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned);
        return new ChainedTokenCredential(
            new EnvironmentCredential(), new WorkloadIdentityCredential(), new AzureCliCredential(), new AzureDeveloperCliCredential());
    }

    /// <summary>A gateway waits seconds, not minutes: three tries in all, and nothing of ours in the SDK's logs.</summary>
    private static T Tune<T>(T options)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = 2;
        options.Retry.Delay = TimeSpan.FromMilliseconds(100);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(1);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(10);
        options.Diagnostics.IsLoggingContentEnabled = false;
        options.Diagnostics.IsTelemetryEnabled = false;
        return options;
    }

    private static Uri Endpoint(string setting, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Query.Length == 0 && uri.UserInfo.Length == 0
            ? uri
            : throw new ConfigurationException($"{setting} is no https address without a query.");

    /// <summary>A setting, or a part of one: <c>__</c> in an environment variable's name is ':' here.</summary>
    private static string? Value(IConfiguration configuration, string name, string? part = null)
    {
        string? value = configuration[part is null ? name : $"{name}:{part}"];
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }
}
