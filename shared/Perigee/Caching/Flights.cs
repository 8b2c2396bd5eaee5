using System.Collections.Concurrent;

namespace Perigee.Caching;

/// <summary>The calls that are being answered now by this process and may be joined, by what was asked.</summary>
internal sealed class Flights
{
    private readonly ConcurrentDictionary<FlightKey, Flight> _running = new();

    /// <summary>How many may be joined now.</summary>
    public int Count => _running.Count;

    /// <summary>Joins the call of that question, if there is one.</summary>
    public Flight? Join(in FlightKey key) => _running.TryGetValue(key, out Flight? flight) && flight.TryJoin() ? flight : null;

    /// <summary>Joins the call of that question, or makes the exchange the leader of a new one.</summary>
    /// <returns>The flight, and whether the exchange leads it.</returns>
    public (Flight Flight, bool Leads) JoinOrLead(in FlightKey key, Exchange exchange)
    {
        Flight? mine = null;
        while (true)
        {
            if (!_running.TryGetValue(key, out Flight? running))
            {
                if (_running.TryAdd(key, mine ??= new Flight(exchange)))
                    return (mine, true);
            }
            else if (running.TryJoin())
            {
                mine?.Dispose();
                return (running, false);
            }
            else if (_running.TryUpdate(key, mine ??= new Flight(exchange), running))
            {
                // Nobody may join that one any more: it is over, outgrown or deserted.
                return (mine, true);
            }
        }
    }

    /// <summary>From now on nobody joins it.</summary>
    public void Remove(in FlightKey key, Flight flight) => _running.TryRemove(new KeyValuePair<FlightKey, Flight>(key, flight));
}

/// <summary>What makes two questions in flight equal: what makes answers interchangeable, and whether others than the first target may be tried.</summary>
/// <param name="Question">The cache's key: tenant, operation, model and the canonical question.</param>
/// <param name="NoFallback">Whether <c>x-perigee-no-fallback</c> was set.</param>
internal readonly record struct FlightKey(string Question, bool NoFallback);
