namespace Perigee.Embedding;

/// <summary>Makes a vector of a text, so that texts of like meaning can be found by their cosine.</summary>
internal interface ITextEmbedder
{
    /// <summary>What made the vectors, with its version: those of different ones are never compared. Safe in a table key.</summary>
    string Version { get; }

    /// <summary>Numbers in a vector; 0 as long as that is not known, see <see cref="PrepareAsync"/>.</summary>
    int Dimensions { get; }

    /// <summary>The cosine from which on two texts may be worth a closer look.</summary>
    double Threshold { get; }

    /// <summary>Loads or learns what is needed before the first vector. May take seconds: no request waits for it.</summary>
    /// <returns>Whether there can be vectors now. Never throws but for <paramref name="cancel"/>.</returns>
    ValueTask<bool> PrepareAsync(CancellationToken cancel) => new(Dimensions > 0);

    /// <summary>Makes the vector, of length 1.</summary>
    /// <param name="text">The text.</param>
    /// <param name="vector">Takes it: <see cref="Dimensions"/> numbers.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>False where there is none: the text is empty, or whoever makes it failed. Never throws but for <paramref name="cancel"/>.</returns>
    ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel);
}
