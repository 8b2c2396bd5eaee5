namespace Perigee.Wire.OpenAiChat;

/// <summary>Addresses that hold their own bytes: <c>data:image/png;base64,...</c> (RFC 2397).</summary>
internal static class DataUrl
{
    /// <summary>Whether an address begins as one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> url) => url.Length > 5 && System.Text.Ascii.EqualsIgnoreCase(url[..5], "data:");

    /// <summary>Takes one apart. False where it is none or not base64.</summary>
    /// <param name="url">The address, escapes resolved or harmless.</param>
    /// <param name="type">The media type without its parameters.</param>
    /// <param name="data">Base64.</param>
    public static bool TrySplit(ReadOnlySpan<byte> url, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data)
    {
        type = data = default;
        if (!IsOne(url))
            return false;
        url = url[5..];
        int comma = url.IndexOf((byte)',');
        if (comma < 0 || url[..comma].IndexOf(";base64"u8) is var mark && mark < 0)
            return false;
        type = url[..mark];
        data = url[(comma + 1)..];
        if (type.IndexOf((byte)';') is var semicolon and >= 0)
            type = type[..semicolon];
        return true;
    }
}
