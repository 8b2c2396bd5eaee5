using Microsoft.Extensions.DependencyInjection;
using Perigee.Storage;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Regions;

/// <summary>A provider's key that is rotated in the vault is in force without a restart.</summary>
public sealed class RotatedSecretsTests : IAsyncDisposable
{
    private readonly TestStorage _storage = new();
    private readonly MovedClock _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
    private readonly Vault _vault = new();
    private Provider? _provider;

    public async ValueTask DisposeAsync()
    {
        if (_provider is not null)
            await _provider.DisposeAsync();
        _storage.Dispose();
    }

    [Fact]
    public async Task A_rotated_key_is_taken_within_a_minute_and_before_that_where_the_provider_refuses_the_old_one()
    {
        string valid = "first-key-of-the-vault";
        _vault.Secrets["UPSTREAM_KEY"] = valid;
        await using Instance instance = await StartAsync(asked => asked.Http.Request.Headers.Authorization == "Bearer " + valid);
        Assert.Equal(200, (await instance.AskAsync(Form.OpenAi, "openai/m", "one")).Status);

        // The old key still works: the new one is taken at the next look.
        _vault.Secrets["UPSTREAM_KEY"] = valid = "second-key-of-the-vault";
        _time.Advance(TimeSpan.FromSeconds(61));
        await Eventually.IsTrueAsync(async () => (await instance.AskAsync(Form.OpenAi, "openai/m", "two")).Status == 200, "the second key is used");

        // The old key is refused: the vault is looked at because of that.
        _time.Advance(TimeSpan.FromSeconds(15));
        _vault.Secrets["UPSTREAM_KEY"] = valid = "third-key-of-the-vault";
        Assert.Equal(401, (await instance.AskAsync(Form.OpenAi, "openai/m", "three")).Status);
        await Eventually.IsTrueAsync(async () => (await instance.AskAsync(Form.OpenAi, "openai/m", "four")).Status == 200, "the third key is used");
    }

    [Fact]
    public async Task A_vault_that_is_down_leaves_what_is_known_and_is_not_asked_for_every_refusal()
    {
        _vault.Secrets["UPSTREAM_KEY"] = "first-key-of-the-vault";
        await using Instance instance = await StartAsync(static asked => asked.Http.Request.Headers.Authorization == "Bearer first-key-of-the-vault" && asked.Body.Contains("good", StringComparison.Ordinal));
        _vault.Down = true;
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(200, (await instance.AskAsync(Form.OpenAi, "openai/m", "good")).Status);
        _time.Advance(TimeSpan.FromSeconds(15));
        int reads = _vault.Reads;
        for (int i = 0; i < 20; i++)
            Assert.Equal(401, (await instance.AskAsync(Form.OpenAi, "openai/m", $"bad {i}")).Status);
        Assert.InRange(_vault.Reads - reads, 0, 1);
    }

    [Fact]
    public async Task Settings_of_the_gateway_itself_are_not_taken_from_a_vault()
    {
        _vault.Secrets["PERIGEE_OPEN"] = "true";
        _vault.Secrets["PERIGEE_REQUESTS_PER_MINUTE"] = "1";
        await using Instance instance = await StartAsync(static _ => true);
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await instance.AskAsync(Form.OpenAi, "openai/m", $"{i}")).Status);
    }

    private async Task<Instance> StartAsync(Func<Asked, bool> accepts)
    {
        _provider = await Provider.StartAsync();
        _provider.Instead = async asked =>
        {
            if (accepts(asked))
                return false;
            await Provider.SendAsync(asked.Http, 401, """{"error":{"message":"no such key","type":"invalid_request_error","code":"invalid_api_key"}}""");
            return true;
        };
        return await Instance.StartAsync(
            _storage, _time, "{\"providers\":{" + _provider.Configuration + "},\"cache\":{\"enabled\":false}}", services => services.AddSingleton<ISecretSource>(_vault));
    }

    private sealed class Vault : ISecretSource
    {
        public Dictionary<string, string> Secrets { get; } = [];

        public bool Down { get; set; }

        public int Reads { get; private set; }

        public string Location => "a vault";

        public ValueTask<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancel)
        {
            Reads++;
            return Down ? throw new StorageException("down for a test") : new(new Dictionary<string, string>(Secrets));
        }
    }
}
