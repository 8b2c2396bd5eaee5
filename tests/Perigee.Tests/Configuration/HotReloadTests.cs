using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Perigee.Providers;

namespace Perigee.Tests.Configuration;

public sealed class HotReloadTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("perigee").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly Lines _log = new();

    private string File => Path.Combine(_folder, "perigee.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_good_change_is_in_force_after_two_seconds()
    {
        Write("""{"limits":{"requestsPerMinute":1}}""");
        (GatewayOptionsHolder holder, ConfigurationWatch watch) = await StartAsync();
        GatewayOptions first = holder.Current;

        Write("""{"limits":{"requestsPerMinute":20}}""");
        Assert.Same(first, holder.Current);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(20, holder.Current.Limits.RequestsPerMinute);
        await watch.StopAsync(default);
    }

    [Fact]
    public async Task A_bad_change_is_refused_and_logged_once_while_the_old_one_goes_on()
    {
        Write("""{"limits":{"requestsPerMinute":1}}""");
        (GatewayOptionsHolder holder, ConfigurationWatch watch) = await StartAsync();

        Write("""{"limits":{"requestsPerMinute":-1}}""");
        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(1, holder.Current.Limits.RequestsPerMinute);
        Assert.Contains("limits.requestsPerMinute", Assert.Single(_log), StringComparison.Ordinal);

        Write("""{"limits":{"requestsPerMinute":3}}""");
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(3, holder.Current.Limits.RequestsPerMinute);
        await watch.StopAsync(default);
    }

    [Fact]
    public async Task A_touched_file_of_equal_content_changes_nothing()
    {
        Write("{}");
        (GatewayOptionsHolder holder, ConfigurationWatch watch) = await StartAsync();
        GatewayOptions first = holder.Current;

        System.IO.File.SetLastWriteTimeUtc(File, new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Same(first, holder.Current);
        Assert.Empty(_log);
        await watch.StopAsync(default);
    }

    [Fact]
    public async Task A_file_that_goes_leaves_its_word_and_one_that_comes_is_read()
    {
        (GatewayOptionsHolder holder, ConfigurationWatch watch) = await StartAsync();
        Assert.Null(holder.Path);

        Write("""{"limits":{"requestsPerMinute":5}}""");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(File, holder.Path);

        System.IO.File.Delete(File);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(5, holder.Current.Limits.RequestsPerMinute);
        Assert.Single(_log, line => line.Contains("is gone", StringComparison.Ordinal));
        await watch.StopAsync(default);
    }

    [Fact]
    public void A_named_file_that_is_missing_stops_the_start() =>
        Assert.Equal("PERIGEE_CONFIG", Assert.Throws<ConfigurationException>(() => Holder(new(File, []))).Faults[0].Path);

    [Fact]
    public async Task A_host_with_a_faulty_configuration_starts_nothing()
    {
        Write("""{"cache":1}""");
        bool listened = false;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new("PERIGEE_CONFIG", File)]);
        builder.Services.AddHostedService(_ => new Server(() => listened = true));
        builder.Services.AddProviders().AddConfiguration(builder.Configuration);
        using IHost host = builder.Build();

        await Assert.ThrowsAsync<ConfigurationException>(() => host.StartAsync());

        Assert.False(listened);
    }

    private void Write(string json) => System.IO.File.WriteAllText(File, json);

    private GatewayOptionsHolder Holder(ConfigurationFile file) => new(file, Settings.Reader(), _log);

    private async Task<(GatewayOptionsHolder Holder, ConfigurationWatch Watch)> StartAsync()
    {
        GatewayOptionsHolder holder = Holder(new(null, [File]));
        ConfigurationWatch watch = new(holder, _time);
        await watch.StartAsync(default);
        return (holder, watch);
    }

    private sealed class Server(Action listen) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            listen();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Lines : List<string>, ILogger<GatewayOptionsHolder>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
                Add(formatter(state, exception));
        }
    }
}
