using System.Text.Json;
using Perigee.Acceptance.Tests.Running;

namespace Perigee.Acceptance.Tests.Streams;

/// <summary>A chat stream read by hand, line by line.</summary>
internal sealed class ChatStream(HttpResponseMessage response, StreamReader lines) : IAsyncDisposable
{
    /// <summary>Asks and waits for the headers.</summary>
    public static async Task<ChatStream> OpenAsync(HttpClient client, string model, CancellationToken cancel = default)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { model, stream = true, messages = new[] { new { role = "user", content = "Hello" } } }), null, "application/json"),
        };
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        return new(response, new StreamReader(await response.Content.ReadAsStreamAsync(cancel)));
    }

    /// <summary>The next line that is not empty, or null at the end.</summary>
    public async Task<string?> NextAsync()
    {
        while (true)
        {
            string? line = await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WithinAsync("the next line of the stream");
            if (line is not "")
                return line;
        }
    }

    /// <summary>Goes away, whatever is still to come.</summary>
    public ValueTask DisposeAsync()
    {
        lines.Dispose();
        response.Dispose();
        return default;
    }
}
