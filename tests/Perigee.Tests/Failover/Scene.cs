using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Perigee.Tests.Failover;

/// <summary>A gateway with a few providers that speak OpenAI's dialect and do what the test says.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private Scene(FaultyUpstream upstream, GatewayRig gateway) => (Upstream, Gateway) = (upstream, gateway);

    public FaultyUpstream Upstream { get; }

    public GatewayRig Gateway { get; }

    /// <summary>Starts it.</summary>
    /// <param name="providers">Their names, divided by spaces. One that ends in ! is dead.</param>
    /// <param name="routes">The text of <c>routes</c>.</param>
    /// <param name="more">Further members of perigee.json.</param>
    /// <param name="variables">Further variables of the gateway's environment.</param>
    public static Task<Scene> StartAsync(string providers, string routes, string more = "", params (string Name, string? Value)[] variables) =>
        StartAsync(providers, routes, more, null, variables);

    /// <summary>Starts it.</summary>
    /// <param name="providers">Their names, divided by spaces. One that ends in ! is dead.</param>
    /// <param name="routes">The text of <c>routes</c>.</param>
    /// <param name="more">Further members of perigee.json.</param>
    /// <param name="services">Adds to the gateway's services, after all others.</param>
    /// <param name="variables">Further variables of the gateway's environment.</param>
    public static async Task<Scene> StartAsync(string providers, string routes, string more, Action<WebApplicationBuilder>? services, params (string Name, string? Value)[] variables)
    {
        FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        IEnumerable<string> entries = providers.Split(' ').Select(name => name.EndsWith('!')
            ? $$"""  "{{name[..^1]}}": {"kind": "custom", "network": "loopback", "baseUrl": "{{FaultyUpstream.Nobody}}/v1"}"""
            : $$"""  "{{name}}": {"kind": "custom", "network": "loopback", "baseUrl": "{{upstream.Url}}/{{name}}/v1"}""");
        return new Scene(upstream, await GatewayRig.StartAsync($$"""
            {
              "providers": { {{string.Join(", ", entries)}} },
              "routes": { {{routes}} }{{(more.Length > 0 ? ", " + more : "")}}
            }
            """, services, variables));
    }

    /// <summary>A provider that answers with its own name, to whole questions.</summary>
    public Scene Works(string name, bool stream = false) => On(name, talk => talk.AnswerAsync(), stream);

    public Scene On(string name, Func<Talk, Task> script, bool stream = false)
    {
        Upstream.On(name, http => script(new Talk(http, Tongue.OpenAi, stream, name)));
        return this;
    }

    public Scene Raw(string name, Func<HttpContext, Task> script)
    {
        Upstream.On(name, script);
        return this;
    }

    public Scene Fails(string name, int status, params (string Name, string Value)[] headers) =>
        On(name, talk => talk.SendAsync(status, talk.Tongue.Error(status, "Not now."), headers));

    public Task<Heard> AskAsync(string model = "r", bool stream = false, params (string Name, string Value)[] headers) =>
        Gateway.AskAsync(Tongue.OpenAi, model, stream, headers);

    public async Task<Heard> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        await GatewayRig.HearAsync(Tongue.OpenAi, await Gateway.SendAsync(path, body, TestContext.Current.CancellationToken, headers));

    public int Calls(string name) => Upstream.Calls(name);

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Upstream.DisposeAsync();
    }
}
