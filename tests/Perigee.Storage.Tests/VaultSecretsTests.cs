using System.Net;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Configuration;
using Perigee.Azure;

namespace Perigee.Storage.Tests;

/// <summary>What Key Vault is asked for, by the REST API as Microsoft documents it (api-version 7.x).</summary>
public sealed class VaultSecretsTests : IDisposable
{
    private readonly FakeVault _vault = new();
    private readonly VaultSecrets _secrets;

    public VaultSecretsTests() => _secrets = new VaultSecrets(new SecretClient(
        new Uri("https://test.vault.azure.net"), new FixedToken(), new SecretClientOptions { Transport = new HttpClientTransport(_vault), Retry = { MaxRetries = 0 } }));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _vault.Dispose();

    [Fact]
    public async Task Secrets_come_by_the_names_of_their_variables_and_only_what_changed_is_read_again()
    {
        _vault.Set("OPENAI-API-KEY", "one");
        _vault.Set("groq-api-key", "two");
        IReadOnlyDictionary<string, string> first = await _secrets.ReadAsync(Cancel);
        Assert.Equal(["GROQ_API_KEY", "OPENAI_API_KEY"], first.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("one", first["OPENAI_API_KEY"]);
        Assert.Equal(2, _vault.Reads);

        await _secrets.ReadAsync(Cancel);
        Assert.Equal(2, _vault.Reads);

        _vault.Set("OPENAI-API-KEY", "three");
        Assert.Equal("three", (await _secrets.ReadAsync(Cancel))["OPENAI_API_KEY"]);
        Assert.Equal(3, _vault.Reads);

        _vault.Disable("groq-api-key");
        Assert.Equal(["OPENAI_API_KEY"], (await _secrets.ReadAsync(Cancel)).Keys);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task A_vault_that_does_not_give_them_is_a_storage_that_does_not_answer(HttpStatusCode status)
    {
        _vault.Set("OPENAI-API-KEY", "canary-of-the-vault");
        await _secrets.ReadAsync(Cancel);
        _vault.Instead = status;
        StorageException fault = await Assert.ThrowsAsync<StorageException>(async () => await _secrets.ReadAsync(Cancel));
        Assert.Contains($"{(int)status}", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://test.vault.azure.net")]
    [InlineData("test")]
    public void An_address_that_is_none_is_told_at_start(string address) => Assert.Contains(
        "PERIGEE_KEYVAULT",
        Assert.Throws<ConfigurationException>(() => VaultSecrets.Of(new ConfigurationBuilder().AddInMemoryCollection([new("PERIGEE_KEYVAULT", address)]).Build())).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Without_an_address_there_is_none() => Assert.Null(VaultSecrets.Of(new ConfigurationBuilder().Build()));

    private sealed class FixedToken : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => new("token", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }

    /// <summary>Lists and gives secrets; asks for a token first, as the service does.</summary>
    private sealed class FakeVault : HttpMessageHandler
    {
        private readonly Dictionary<string, (string Value, long Updated, bool Enabled)> _all = [];
        private long _now = 1_790_000_000;

        public int Reads { get; private set; }

        public HttpStatusCode? Instead { get; set; }

        public void Set(string name, string value) => _all[name] = (value, _now++, true);

        public void Disable(string name) => _all[name] = _all[name] with { Enabled = false, Updated = _now++ };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Answer(request));

        private HttpResponseMessage Answer(HttpRequestMessage request)
        {
            if (request.Headers.Authorization is null)
            {
                HttpResponseMessage challenge = new(HttpStatusCode.Unauthorized);
                challenge.Headers.TryAddWithoutValidation("WWW-Authenticate", """Bearer authorization="https://login.example.com/tenant", resource="https://vault.azure.net" """);
                return challenge;
            }

            if (Instead is { } status)
                return new HttpResponseMessage(status);
            string[] path = request.RequestUri!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
            if (path.Length == 1)
                return Json($$"""{"value":[{{string.Join(',', _all.Select(pair => Shown(pair.Key, "")))}}],"nextLink":null}""");
            Reads++;
            return Json(Shown(path[1], $"\"value\":\"{_all[path[1]].Value}\","));
        }

        private string Shown(string name, string value) =>
            "{" + value + $"\"id\":\"https://test.vault.azure.net/secrets/{name}\",\"attributes\":{{\"enabled\":{(_all[name].Enabled ? "true" : "false")},\"created\":1,\"updated\":{_all[name].Updated}}}}}";

        private static HttpResponseMessage Json(string text) => new(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
    }
}
