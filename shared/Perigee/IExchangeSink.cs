namespace Perigee;

/// <summary>
/// Where the records of exchanges go: to blobs, to rollups, to a tail, to metrics. Every sink is handed the same record, once, when the exchange
/// is over, on the request's own path.
/// </summary>
internal interface IExchangeSink
{
    /// <summary>Whether records are wanted at present: where no sink wants one, none is made.</summary>
    /// <param name="options">The configuration of the exchange.</param>
    bool Wants(GatewayOptions options);

    /// <summary>Takes a record. Never waits, never throws: what cannot be kept is counted.</summary>
    /// <param name="record">What is kept of the exchange. It is shared with the other sinks.</param>
    void Take(ExchangeRecord record);
}
