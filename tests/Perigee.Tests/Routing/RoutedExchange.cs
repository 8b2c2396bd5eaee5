using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Routing;

/// <summary>RoutedExchange as the steps before routing leave them.</summary>
internal static class RoutedExchange
{
    public static Exchange Of(Operation operation, GatewayOptions options, string? json = null, string tenant = "t1", string? id = null, long started = 0)
    {
        DefaultHttpContext http = new();
        http.Response.Body = new MemoryStream();
        JsonIndex? question = null;
        string? fault = null;
        Assert.True(json is null || JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out question, out fault), fault);
        Exchange exchange = new()
        {
            Http = http,
            Id = "x",
            Operation = operation,
            Options = options,
            Dialect = OpenAiChatDialect.Chat,
            StartedAt = DateTimeOffset.UnixEpoch,
            Started = started,
            Question = question,
            Caller = tenant == "open" ? Caller.Open(null) : new("key_1", tenant, "n", null),
            Model = question is not null && question.TryGetTopLevelString("model"u8, out string? model) ? model : null,
        };
        http.Features.Set(exchange);
        if (id is not null)
            http.Request.RouteValues["id"] = id;
        return exchange;
    }

    /// <summary>The JSON that the client got.</summary>
    public static async Task<JsonElement> AnswerAsync(this Exchange exchange)
    {
        await exchange.Http.Response.BodyWriter.FlushAsync();
        byte[] bytes = ((MemoryStream)exchange.Http.Response.Body).ToArray();
        return JsonDocument.Parse(bytes).RootElement;
    }
}
