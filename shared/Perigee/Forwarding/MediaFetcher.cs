using System.Net;
using System.Text;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>
/// Fetches pictures and documents that a question names by address, for providers that do not fetch them. The address is the client's word:
/// http(s) only, no credentials, public addresses only (checked when they are dialled, at every redirect), bounded in number, size and time,
/// and of a type that a model can see.
/// </summary>
internal sealed class MediaFetcher(HttpMessageInvoker pool, TimeProvider time)
{
    private const int MostFiles = 32;
    private const int MostRedirects = 3;

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    /// <param name="upstreams">Gives the connections to public addresses.</param>
    /// <param name="time">The clock of the time-out.</param>
    public MediaFetcher(Upstreams upstreams, TimeProvider time)
        : this(upstreams.Public, time)
    {
    }

    /// <summary>The question with every file in it that this target would not fetch itself. The same question where there is none.</summary>
    public async ValueTask<(ChatQuestion Question, GatewayError? Error)> ResolveAsync(
        Exchange exchange, ChatQuestion question, ModelTraits traits, CancellationToken cancel)
    {
        List<MediaPart> wanted = [];
        foreach (ChatTurn turn in question.Turns)
            Collect(turn.Parts, traits, wanted);
        if (wanted.Count == 0)
            return (question, null);
        MediaPart first = wanted[0];
        if (!exchange.Options.Translation.FetchMedia)
        {
            return (question, Refuse(question, first,
                "the provider does not fetch files from addresses, and the gateway's owner has turned fetching off (translation.fetchMedia). Send the file as base64."));
        }

        if (wanted.Count > MostFiles)
            return (question, Refuse(question, first, $"more than {MostFiles} files would have to be fetched. Send them as base64."));
        using CancellationTokenSource limit = new(Budget, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        Dictionary<MediaPart, MediaPart> fetched = new(ReferenceEqualityComparer.Instance);
        long left = exchange.Options.Translation.MediaBytes;
        foreach (MediaPart part in wanted)
        {
            try
            {
                (byte[]? bytes, string? fault) = await FetchAsync(part.Value.Decode(), left, both.Token);
                if (bytes is null)
                    return (question, Refuse(question, part, fault!));
                left -= bytes.Length;
                if (TypeOf(bytes, part.Kind) is not { } type)
                    return (question, Refuse(question, part, "what is there is no picture (PNG, JPEG, GIF, WebP) or document (PDF, plain text)."));
                fetched[part] = type == "text/plain"
                    ? part with { Source = MediaSource.Text, Value = new WireText(WireText.Encode(bytes)), Type = WireText.Of(type) }
                    : part with { Source = MediaSource.Data, Value = new WireText(Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes))), Type = WireText.Of(type) };
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return (question, Refuse(question, part, $"it did not come within {Budget.TotalSeconds:0} s."));
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                bool refused = e is AddressRefusedException || e.InnerException is AddressRefusedException;
                return (question, Refuse(question, part, refused ? "its host is not a public one." : "it could not be fetched."));
            }
        }

        return (Replace(question, fetched), null);
    }

    private async ValueTask<(byte[]? Bytes, string? Fault)> FetchAsync(string address, long most, CancellationToken cancel)
    {
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
                return (null, "it is not an http or https address.");
            using HttpRequestMessage request = new(HttpMethod.Get, uri) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
            request.Headers.TryAddWithoutValidation("Accept", "image/*, application/pdf, text/plain");
            request.Headers.TryAddWithoutValidation("User-Agent", "Perigee");
            using HttpResponseMessage answer = await pool.SendAsync(request, cancel);
            if ((int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } next)
            {
                address = new Uri(uri, next).AbsoluteUri;
                continue;
            }

            if (answer.StatusCode != HttpStatusCode.OK)
                return (null, $"its server answered with status {(int)answer.StatusCode}.");
            if (answer.Content.Headers.ContentLength > most)
                return (null, "it is too large (translation.mediaBytes).");
            using Stream body = await answer.Content.ReadAsStreamAsync(cancel);
            using MemoryStream all = new();
            byte[] piece = new byte[16 * 1024];
            int count;
            while ((count = await body.ReadAsync(piece, cancel)) > 0)
            {
                if (all.Length + count > most)
                    return (null, "it is too large (translation.mediaBytes).");
                all.Write(piece, 0, count);
            }

            return (all.ToArray(), null);
        }

        return (null, $"it redirects more than {MostRedirects} times.");
    }

    /// <summary>What the bytes are, by their beginning: what a server calls them is not asked.</summary>
    private static string? TypeOf(ReadOnlySpan<byte> bytes, MediaKind kind) =>
        bytes is [0x89, (byte)'P', (byte)'N', (byte)'G', ..] ? "image/png"
        : bytes is [0xFF, 0xD8, 0xFF, ..] ? "image/jpeg"
        : bytes.StartsWith("GIF8"u8) ? "image/gif"
        : bytes.StartsWith("RIFF"u8) && bytes.Length > 12 && bytes[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : bytes.StartsWith("%PDF"u8) ? "application/pdf"
        : kind == MediaKind.Document && System.Text.Unicode.Utf8.IsValid(bytes) && bytes.IndexOf((byte)0) < 0 ? "text/plain"
        : null;

    private static void Collect(List<ChatPart> parts, ModelTraits traits, List<MediaPart> wanted)
    {
        foreach (ChatPart part in parts)
        {
            if (part is ToolResultPart result)
                Collect(result.Parts, traits, wanted);
            else if (part is MediaPart { Source: MediaSource.Url } media
                && (media.Kind == MediaKind.Image ? !traits.FetchesImages : media.Kind == MediaKind.Document && !traits.FetchesDocuments))
                wanted.Add(media);
        }
    }

    private static ChatQuestion Replace(ChatQuestion question, Dictionary<MediaPart, MediaPart> fetched)
    {
        ChatQuestion copy = new(question.Dialect)
        {
            Stream = question.Stream,
            Choice = question.Choice,
            Parallel = question.Parallel,
            Format = question.Format,
            Reasoning = question.Reasoning,
        };
        copy.Tools.AddRange(question.Tools);
        copy.ServerTools.AddRange(question.ServerTools);
        copy.Settings.AddRange(question.Settings);
        foreach (ChatTurn turn in question.Turns)
            copy.Turns.Add(turn with { Parts = Replace(turn.Parts, fetched) });
        return copy;
    }

    private static List<ChatPart> Replace(List<ChatPart> parts, Dictionary<MediaPart, MediaPart> fetched)
    {
        List<ChatPart> copy = new(parts.Count);
        foreach (ChatPart part in parts)
        {
            copy.Add(part switch
            {
                MediaPart media when fetched.TryGetValue(media, out MediaPart? other) => other,
                ToolResultPart result => result with { Parts = Replace(result.Parts, fetched) },
                _ => part,
            });
        }

        return copy;
    }

    private static GatewayError Refuse(ChatQuestion question, MediaPart part, string why)
    {
        string field = part.Place.In(question.Dialect);
        return new GatewayError(ErrorKind.BadRequest, $"The file in '{field}' cannot be given to the model: {why}", field) { Code = "invalid_file_url" };
    }
}
