namespace Perigee.Testing;

/// <summary>
/// Promises of time, measured on a machine that does other things, too: one is kept if it is kept once in three tries. What must hold whatever the machine does is asserted
/// inside of each try, and fails at once.
/// </summary>
public static class Measuring
{
    private const int Tries = 3;

    /// <summary>Measures until the promise is kept.</summary>
    /// <param name="measure">Measures once, on a scene of its own; what was too slow or too little, or null where nothing was.</param>
    /// <exception cref="TimeoutException">It was not kept in any try; says what each found.</exception>
    public static async Task HoldsAsync(Func<Task<string?>> measure)
    {
        List<string> found = [];
        while (await measure() is { } fault)
        {
            found.Add(fault);
            if (found.Count == Tries)
                throw new TimeoutException($"Not kept in {Tries} tries: {string.Join("; ", found)}");
        }
    }
}
