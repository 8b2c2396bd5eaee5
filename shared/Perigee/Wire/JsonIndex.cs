namespace Perigee.Wire;

/// <summary>Placeholder until the first pass lands.</summary>
internal sealed class JsonIndex;
