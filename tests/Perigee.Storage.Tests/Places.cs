using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Azure;
using Perigee.Embedded;
using Perigee.Testing;

[assembly: AssemblyFixture(typeof(Perigee.Storage.Tests.AzuritePlace))]

namespace Perigee.Storage.Tests;

/// <summary>A place that holds data; every storage opened on it sees the same.</summary>
public interface IPlace
{
    IStorage Open();
}

public sealed class EmbeddedPlace : IPlace, IDisposable
{
    private readonly List<EmbeddedStorage> _opened = [];

    public string Directory { get; } = Path.Combine(Path.GetTempPath(), "perigee-" + Guid.NewGuid().ToString("N"));

    public IStorage Open()
    {
        ServiceCollection services = new();
        services.AddPerigeeEmbedded(Directory);
        EmbeddedStorage storage = (EmbeddedStorage)services.BuildServiceProvider().GetRequiredService<IStorage>();
        lock (_opened)
            _opened.Add(storage);
        return storage;
    }

    public void Dispose()
    {
        foreach (EmbeddedStorage storage in _opened)
            storage.Dispose();
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
    }
}

public sealed class AzuritePlace : IPlace, IAsyncLifetime
{
    private Azurite? _azurite;

    public string ConnectionString => _azurite!.ConnectionString;

    public static IStorage Open(params (string Name, string Value)[] settings)
    {
        ServiceCollection services = new();
        services.AddPerigeeAzure(Settings(settings));
        return services.BuildServiceProvider().GetRequiredService<IStorage>();
    }

    public static IConfiguration Settings(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static setting => new KeyValuePair<string, string?>(setting.Name, setting.Value)))
        .Build();

    public IStorage Open() => Open(("PERIGEE_STORAGE_CONNECTION", ConnectionString));

    public async ValueTask InitializeAsync() => _azurite = await Azurite.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
    }
}
