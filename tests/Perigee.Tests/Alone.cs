namespace Perigee.Tests;

/// <summary>Tests that measure what the whole process holds: nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
