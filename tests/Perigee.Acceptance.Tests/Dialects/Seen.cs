using System.Text.Json;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>What a step of dialects.mjs saw.</summary>
internal static class Seen
{
    /// <summary>A text of it.</summary>
    public static string? Text(this JsonElement seen, string name) => seen.Answered().GetProperty(name).GetString();

    /// <summary>The step itself, once it is sure that it did not fail.</summary>
    public static JsonElement Answered(this JsonElement seen)
    {
        Assert.False(seen.TryGetProperty("error", out _), seen.GetRawText());
        return seen;
    }

    /// <summary>The error that the SDK raised.</summary>
    public static JsonElement Error(this JsonElement seen)
    {
        Assert.True(seen.TryGetProperty("error", out JsonElement error), $"No error: {seen.GetRawText()}");
        return error;
    }

    /// <summary>Checks figures of the usage.</summary>
    public static void Used(this JsonElement seen, params (string Figure, int Value)[] expected)
    {
        JsonElement usage = seen.Answered().GetProperty("usage");
        Assert.Equal(
            string.Join(' ', expected.Select(e => $"{e.Figure}={e.Value}")),
            string.Join(' ', expected.Select(e => $"{e.Figure}={(usage.ValueKind == JsonValueKind.Object ? usage.GetProperty(e.Figure).GetRawText() : "none")}")));
    }
}
