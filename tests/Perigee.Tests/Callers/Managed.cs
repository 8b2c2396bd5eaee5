using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Callers;

/// <summary>The management API of an instance, in the shortest words.</summary>
internal static class Managed
{
    /// <summary>Makes something and says what it is.</summary>
    public static async Task<JsonElement> MakeAsync(this Instance gateway, string what, string body, params (string Name, string Value)[] headers)
    {
        Reply reply = await gateway.ManageAsync("POST", "/manage/v1/" + what, body, headers);
        Assert.True(reply.Status == 201, reply.Body);
        return reply.Json;
    }

    /// <summary>A new key's text and id.</summary>
    public static async Task<(string Key, string Id)> MakeKeyAsync(this Instance gateway, string members = "")
    {
        JsonElement made = await gateway.MakeAsync("keys", $$"""{"name":"k"{{(members.Length > 0 ? "," + members : "")}}}""");
        return (made.GetProperty("key").GetString()!, made.GetProperty("id").GetString()!);
    }

    /// <summary>Asks as the owner, unless a header <c>key</c> says otherwise.</summary>
    public static async Task<Reply> ManageAsync(this Instance gateway, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, method == "PATCH" ? "application/merge-patch+json" : "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Instance.AdminKey);
        foreach ((string name, string value) in headers)
        {
            if (name == "key")
                request.Headers.Authorization = value.Length == 0 ? null : new AuthenticationHeaderValue("Bearer", value);
            else
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await Reply.OfAsync(await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>Asks a model with a key.</summary>
    public static Task<Reply> AskAsync(this Instance gateway, string key, string model, Form? form = null, string more = "", params (string Name, string Value)[] headers) =>
        gateway.AskAsync(form ?? Form.OpenAi, model, more: more, headers: [("key", key), ("x-perigee-cache", "off"), .. headers]);

    /// <summary>The message of an error, in whatever dialect.</summary>
    public static string Message(this Reply reply) => reply.Json.GetProperty("error").GetProperty("message").GetString()!;
}
