using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Perigee.Front;
using Perigee.Providers;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests;

/// <summary>Exchanges without a server, for the parts that need only one.</summary>
internal static class Exchanges
{
    public static Provider Provider { get; } = new() { Name = "test", Title = "Test", BaseUrl = "https://test.invalid/v1", Auth = AuthStyle.Bearer, Key = "sk-test-0123456789" };

    public static GatewayOptions Options { get; } = new()
    {
        Providers = new[] { Provider }.ToFrozenDictionary(provider => provider.Name),
        Aliases = FrozenDictionary<string, string>.Empty,
    };

    public static Exchange Make(string operation, out MemoryStream sent, IDialect? dialect = null)
    {
        sent = new MemoryStream();
        DefaultHttpContext http = new();
        http.Response.Body = sent;
        http.TraceIdentifier = "test";
        Exchange exchange = new()
        {
            Http = http,
            Id = "test",
            Operation = Operations.All.Single(candidate => candidate.Name == operation),
            Options = Options,
            Dialect = dialect ?? OpenAiChatDialect.Chat,
            StartedAt = DateTimeOffset.UnixEpoch,
            Started = 0,
            Stream = true,
            Caller = Caller.Open(null),
            Plan = new() { Targets = [new Target(Provider, "model")], Timeouts = new(), Retries = new() },
        };
        http.Features.Set(exchange);
        return exchange;
    }
}
