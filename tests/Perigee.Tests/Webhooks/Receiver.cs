using System.Collections.Concurrent;
using System.Text.Json;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Webhooks;

/// <summary>One who wants to be told, on a port of its own.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly FaultyUpstream _server;
    private readonly ConcurrentQueue<(string Id, string Body)> _got = new();

    private Receiver(FaultyUpstream server) => _server = server;

    public int Count => _got.Count;

    public IReadOnlyList<(string Id, string Body)> All => [.. _got];

    public static async Task<Receiver> StartAsync()
    {
        Receiver receiver = new(await FaultyUpstream.StartAsync());
        receiver._server.On("hook", async http =>
        {
            using StreamReader reader = new(http.Request.Body);
            receiver._got.Enqueue((http.Request.Headers["webhook-id"].ToString(), await reader.ReadToEndAsync()));
            http.Response.StatusCode = 204;
        });
        return receiver;
    }

    /// <summary>The entry of <c>webhooks</c> for it; its secret stands in HOOK_SECRET.</summary>
    /// <param name="members">Further members, each with a comma behind it.</param>
    public string Entry(string members = "") => $$"""{ {{members}} "url": "{{_server.Url}}/hook/here?token=canary", "secretVariable": "HOOK_SECRET", "network": "loopback" }""";

    /// <summary>The data of messages of a type.</summary>
    public List<JsonElement> Of(string type) => [.. _got.Select(static one => JsonDocument.Parse(one.Body).RootElement)
        .Where(message => message.GetProperty("type").GetString() == type).Select(static message => message.GetProperty("data"))];

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
