namespace Perigee.Routing.Policies;

/// <summary>What a request needs of a target, as far as its body says: read once, and only where there is something to choose.</summary>
internal sealed record RequestNeeds
{
    /// <summary>Nothing but an answer.</summary>
    public static RequestNeeds Nothing { get; } = new();

    /// <summary>The question's tokens, estimated: four bytes of text a token; pictures, sound and files by what providers bill, not by their base64.</summary>
    public long Tokens { get; init; }

    /// <summary>The most tokens of the answer, where the request says so.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>Tools that the client runs.</summary>
    public bool Tools { get; init; }

    /// <summary>Tools that the provider runs (searches, code, computers, MCP): a call may have effects, and is never made twice at once.</summary>
    public bool ServerTools { get; init; }

    /// <summary>Pictures in the question.</summary>
    public bool Images { get; init; }

    /// <summary>Sound in the question.</summary>
    public bool Audio { get; init; }

    /// <summary>Moving pictures in the question.</summary>
    public bool Video { get; init; }

    /// <summary>Documents in the question.</summary>
    public bool Files { get; init; }

    /// <summary>Sound in the answer.</summary>
    public bool Speech { get; init; }

    /// <summary>An answer by a JSON schema.</summary>
    public bool Schema { get; init; }

    /// <summary>Reasoning, asked for by name or budget.</summary>
    public bool Reasoning { get; init; }

    /// <summary>A stream.</summary>
    public bool Stream { get; init; }

    /// <summary>The provider keeps the answer, or goes on from one that it kept: it must not be asked twice.</summary>
    public bool Kept { get; init; }

    /// <summary>The body is streamed through and can be sent once.</summary>
    public bool Upload { get; init; }

    /// <summary>The end user as the body names them, or null.</summary>
    public string? User { get; init; }

    /// <summary>The client's key for the provider's prompt cache, or null.</summary>
    public string? CacheKey { get; init; }

    /// <summary>What is expected of an answer's length, for estimates of cost and time: what was asked for, at most 500 tokens.</summary>
    public long LikelyOutput => Math.Min(MaxOutput ?? 500, 500);

    /// <summary>The abilities that are needed, in words for people: <c>vision, tools</c>.</summary>
    public IEnumerable<string> Words()
    {
        if (Images)
            yield return "vision";
        if (Audio)
            yield return "audio";
        if (Video)
            yield return "video";
        if (Files)
            yield return "files";
        if (Speech)
            yield return "speech";
        if (Tools)
            yield return "tools";
        if (Schema)
            yield return "schema";
        if (Reasoning)
            yield return "reasoning";
    }
}
