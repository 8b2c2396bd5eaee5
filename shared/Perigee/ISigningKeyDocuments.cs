namespace Perigee;

/// <summary>Fetches what an issuer of tokens publishes about its signing keys.</summary>
internal interface ISigningKeyDocuments
{
    /// <summary>Fetches a small JSON document.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="issuer">For whom: says which addresses may be dialled.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="IOException">It cannot be had.</exception>
    ValueTask<ReadOnlyMemory<byte>> FetchAsync(Uri address, JwtIssuer issuer, CancellationToken cancel);
}
