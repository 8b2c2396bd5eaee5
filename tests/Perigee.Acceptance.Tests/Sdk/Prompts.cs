namespace Perigee.Acceptance.Tests.Sdk;

/// <summary>What the tests ask.</summary>
internal static class Prompts
{
    /// <summary>A PNG of one red pixel, as a data URL.</summary>
    public const string RedPixel =
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

    /// <summary>A prompt that no other test asks: neither the cache nor aimock's journal may mix them up.</summary>
    public static string New(string text) => $"{text} ({Guid.NewGuid():N})";
}
