using System.Net.Http.Headers;

namespace Perigee.Forwarding;

/// <summary>Stands in until it is written.</summary>
internal static class RateHeadroom
{
    public static (double Left, TimeSpan Reset)? Read(HttpResponseHeaders headers, DateTimeOffset now) => null;
}
