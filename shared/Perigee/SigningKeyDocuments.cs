using System.Net;
using Perigee.Forwarding;

namespace Perigee;

/// <summary>Fetches over the same connections as providers: every address is checked when it is dialled, and nothing is redirected.</summary>
internal sealed class SigningKeyDocuments(Upstreams upstreams, TimeProvider time) : ISigningKeyDocuments
{
    private const int MostBytes = 512 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> FetchAsync(Uri address, JwtIssuer issuer, CancellationToken cancel)
    {
        using CancellationTokenSource limit = new(Patience, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        try
        {
            using HttpResponseMessage answer = await upstreams.Within(issuer.Network).SendAsync(request, both.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
                throw new IOException($"The issuer's document was answered with {(int)answer.StatusCode}.");
            await using Stream body = await answer.Content.ReadAsStreamAsync(both.Token);
            byte[] bytes = new byte[MostBytes + 1];
            int length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, both.Token);
            return length <= MostBytes ? bytes.AsMemory(0, length) : throw new IOException($"The issuer's document is larger than {MostBytes} bytes.");
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new IOException("The issuer's document cannot be fetched.", e);
        }
    }
}
