using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Perigee.Azure;
using Perigee.Embedded;
using Perigee.Testing;

namespace Perigee.Storage.Tests;

/// <summary>A storage that cannot answer says so, soon, and without secrets.</summary>
public sealed class OutageTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Azure_unreachable_is_a_storage_exception()
    {
        const string Key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
        using Socket reserved = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        IStorage storage = AzuritePlace.Open((
            "PERIGEE_STORAGE_CONNECTION",
            $"AccountName=test;AccountKey={Key};TableEndpoint=http://127.0.0.1:{port}/test;BlobEndpoint=http://127.0.0.1:{port}/test;"));
        await DownAsync(storage, "ConnectionRefused", Key);
    }

    [Fact]
    public async Task Azure_refusing_the_key_is_a_storage_exception()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        string wrong = Convert.ToBase64String(new byte[64]);
        string connection = string.Join(';', azurite.ConnectionString.Split(';').Select(part =>
            part.StartsWith("AccountKey=", StringComparison.Ordinal) ? "AccountKey=" + wrong : part));
        await DownAsync(AzuritePlace.Open(("AzureWebJobsStorage", connection)), "403", wrong);

        IStorage good = AzuritePlace.Open(("AzureWebJobsStorage", azurite.ConnectionString));
        await good.ProbeAsync(Cancel);
        await azurite.DisposeAsync();
        await DownAsync(good, "reached", azurite.ConnectionString);
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_is_a_storage_exception_until_it_can()
    {
        string path = Path.Combine(Path.GetTempPath(), "perigee-" + Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(path, "a file", Cancel);
        using EmbeddedStorage storage = new(path);
        await DownAsync(storage, "", "no secret");
        File.Delete(path);
        await storage.ProbeAsync(Cancel);
        Directory.Delete(path, recursive: true);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_a_storage_exception()
    {
        string path = Directory.CreateTempSubdirectory("perigee-").FullName;
        await File.WriteAllTextAsync(Path.Combine(path, "perigee.db"), new string('x', 10_000), Cancel);
        using EmbeddedStorage storage = new(path);
        await Assert.ThrowsAsync<StorageException>(async () => await storage.ProbeAsync(Cancel));
        Directory.Delete(path, recursive: true);
    }

    [Fact]
    public void Settings_that_cannot_be_used_are_refused_without_repeating_them()
    {
        foreach ((string name, string value) in ((string, string)[])
            [
                ("PERIGEE_STORAGE_CONNECTION", "AccountName=x;AccountKey=topsecret"), ("PERIGEE_STORAGE_CONNECTION", "topsecret"),
                ("PERIGEE_STORAGE_ACCOUNT", "http://account.blob.core.windows.net/?topsecret"), ("PERIGEE_STORAGE_ACCOUNT", "Not An Account topsecret"),
                ("PERIGEE_STORAGE_ACCOUNT", "https://example.org/topsecret"), ("AzureWebJobsStorage", "topsecret"),
                ("AzureWebJobsStorage:tableServiceUri", "https://topsecret.table.core.windows.net"), ("Unrelated", "topsecret"),
            ])
        {
            ConfigurationException fault = Assert.Throws<ConfigurationException>(() => AzuritePlace.Open((name, value)));
            Assert.DoesNotContain("topsecret", fault.ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("PERIGEE_STORAGE_ACCOUNT", "perigee01", "perigee01.table.core.windows.net")]
    [InlineData("PERIGEE_STORAGE_ACCOUNT", "https://perigee01.blob.core.chinacloudapi.cn/", "perigee01.table.core.chinacloudapi.cn")]
    [InlineData("AzureWebJobsStorage:accountName", "perigee01", "perigee01.table.core.windows.net")]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true", "127.0.0.1")]
    public void The_account_is_found_in_the_settings(string name, string value, string host)
    {
        Assert.True(AzuritePlace.Settings((name, value)).NamesAzureStorage());
        Assert.Contains(host, AzuritePlace.Open((name, value)).Location, StringComparison.Ordinal);
    }

    private static async Task DownAsync(IStorage storage, string expected, string secret)
    {
        ITable table = storage.Table("anything");
        IBlobs blobs = storage.Blobs("anything");
        TableRow row = new("p", "r");
        Func<Task>[] calls =
        [
            async () => await storage.ProbeAsync(Cancel),
            async () => await table.FindAsync("p", "r", Cancel),
            async () => await table.WriteAsync(row, WriteWhen.Always, Cancel),
            async () => await table.WriteTogetherAsync([new(row, WriteWhen.Always)], Cancel),
            async () => await table.RemoveAsync("p", "r", null, Cancel),
            async () => await table.ReadAsync("p", null, null, Cancel).CountAsync(Cancel),
            async () => await table.ScanAsync(Cancel).CountAsync(Cancel),
            async () => await storage.DropTableAsync("anything", Cancel),
            async () => await blobs.WriteAsync("b", "x"u8.ToArray(), "text/plain", Cancel),
        ];
        long started = Stopwatch.GetTimestamp();
        StorageException[] faults = await Task.WhenAll(calls.Select(static call => Assert.ThrowsAsync<StorageException>(call)));
        Assert.True(Stopwatch.GetElapsedTime(started) < Soon, $"It took {Stopwatch.GetElapsedTime(started)}.");
        Assert.All(faults, fault =>
        {
            Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, fault.ToString(), StringComparison.Ordinal);
        });
    }
}
