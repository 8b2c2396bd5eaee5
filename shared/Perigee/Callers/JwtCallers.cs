using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Runtime.InteropServices;
using System.Text;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>
/// Who asks with a token. A token that was found good is good for some minutes without another look at its signature; its organisation and
/// team are believed as long as those of a key. Two generations bound the memory.
/// </summary>
internal sealed class JwtCallers(JwtReader reader, OwnerLookup owners, TimeProvider time)
{
    private const int MostEntries = 20_000;

    /// <summary>After this long the signature is checked again: an issuer may have withdrawn the key.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(6);

    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<KeyHash, Entry> _young = new();
    private volatile ConcurrentDictionary<KeyHash, Entry> _old = new();

    /// <summary>Whether tokens are taken at all, and this text can be one.</summary>
    public static bool MayBe(string? text, GatewayOptions options) => options.Jwt.Count > 0 && text is not null && JwtReader.MayBe(text);

    /// <summary>Who a token names.</summary>
    public async ValueTask<(JwtIdentity? Identity, GatewayError? Error)> IdentifyAsync(string token, GatewayOptions options, CancellationToken cancel)
    {
        (Entry? entry, GatewayError? error) = await EntryOfAsync(token, options, cancel);
        return (entry?.Identity, error);
    }

    /// <summary>The caller that a token stands for.</summary>
    /// <exception cref="StorageException">Its organisation or team is not in memory, and the storage does not answer.</exception>
    public async ValueTask<(Caller? Caller, GatewayError? Error)> FindAsync(string token, GatewayOptions options, CancellationToken cancel)
    {
        (Entry? entry, GatewayError? error) = await EntryOfAsync(token, options, cancel);
        if (entry is null)
            return (null, error);
        if (entry.Identity.Organisation is null)
        {
            return (null, new GatewayError(ErrorKind.Forbidden,
                "This token is good, but no rule of its issuer (auth.jwt in perigee.json) gives it an organisation: it may ask no models."));
        }

        Place? place = entry.Place;
        if (place is null || place.Version != owners.Version || time.GetElapsedTime(place.ReadAt) >= KeyLookup.Lifetime)
            place = await PlaceAsync(entry, place, cancel);
        else if (time.GetElapsedTime(place.ReadAt) >= RefreshAfter)
            Refresh(entry);
        if (place.Team?.Record is { } stray && stray.Organisation != entry.Identity.Organisation)
        {
            return (null, new GatewayError(ErrorKind.Forbidden,
                $"The team '{stray.Id}' is not of the organisation '{entry.Identity.Organisation}' that the rule (auth.jwt in perigee.json) names with it."));
        }

        DateTimeOffset now = time.GetUtcNow();
        return (CallerMaker.Refusal(place.Organisation, now) ?? CallerMaker.Refusal(place.Team, now)) is { } refusal
            ? (null, new GatewayError(ErrorKind.Forbidden, refusal))
            : (place.Caller, null);
    }

    private async ValueTask<(Entry? Entry, GatewayError? Error)> EntryOfAsync(string token, GatewayOptions options, CancellationToken cancel)
    {
        KeyHash hash = HashOf(token);
        if ((_young.TryGetValue(hash, out Entry? entry) || _old.TryGetValue(hash, out entry)) && ReferenceEquals(entry.Issuers, options.Jwt)
            && time.GetElapsedTime(entry.CheckedAt) < Believed && time.GetUtcNow().UtcDateTime < entry.Identity.EndsAt)
            return (entry, null);
        (JwtIdentity? identity, GatewayError? error) = await reader.ReadAsync(token, options.Jwt, cancel);
        if (identity is null)
            return (null, error);

        // The same token by the same rules is in the same place.
        Place? place = entry is not null && ReferenceEquals(entry.Issuers, options.Jwt) ? entry.Place : null;
        entry = new Entry(identity, options.Jwt, time.GetTimestamp()) { Place = place };
        lock (_gate)
        {
            if (_young.Count >= MostEntries)
                (_old, _young) = (_young, new());
        }

        _young[hash] = entry;
        return (entry, null);
    }

    /// <summary>As it is now, or as it was where the storage does not answer and it was known a while ago: as keys are believed (<see cref="KeyLookup.Grace"/>).</summary>
    private async ValueTask<Place> PlaceAsync(Entry entry, Place? known, CancellationToken cancel)
    {
        if (known is null || known.Version != owners.Version || time.GetElapsedTime(known.ReadAt) >= KeyLookup.Grace)
            return await PlaceAsync(entry).WaitAsync(cancel);
        if (known.IsAlone)
        {
            Refresh(entry);
            return known;
        }

        try
        {
            return await PlaceAsync(entry).WaitAsync(KeyLookup.Patience, time, cancel);
        }
        catch (Exception fault) when (fault is StorageException or TimeoutException)
        {
            known.IsAlone = true;
            return known;
        }
    }

    private async Task<Place> PlaceAsync(Entry entry)
    {
        JwtIdentity identity = entry.Identity;
        int version = owners.Version;
        long began = time.GetTimestamp();
        (Owner? organisation, Owner? team) = await owners.FindAsync(identity.Organisation, identity.Team);
        Caller caller = CallerMaker.Of(identity.Id, identity.User, organisation?.Record, team?.Record) with { User = identity.User };
        return entry.Place = new Place(caller, organisation, team, Math.Min(began, Math.Min(organisation?.ReadAt ?? began, team?.ReadAt ?? began)), version);
    }

    private async void Refresh(Entry entry)
    {
        if (Interlocked.Exchange(ref entry.Refreshing, 1) != 0)
            return;
        try
        {
            await PlaceAsync(entry);
        }
        catch (Exception)
        {
            // The next request tries again, and meets what it is; until then what is known goes on for the rest of its time. Nothing may leave here: it would end the process.
        }
        finally
        {
            Volatile.Write(ref entry.Refreshing, 0);
        }
    }

    private static KeyHash HashOf(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
        return MemoryMarshal.Read<KeyHash>(hash);
    }

    private sealed class Entry(JwtIdentity identity, IReadOnlyList<JwtIssuer> issuers, long checkedAt)
    {
        public int Refreshing;

        public JwtIdentity Identity { get; } = identity;

        public IReadOnlyList<JwtIssuer> Issuers { get; } = issuers;

        public long CheckedAt { get; } = checkedAt;

        public Place? Place { get; set; }
    }

    private sealed record Place(Caller Caller, Owner? Organisation, Owner? Team, long ReadAt, int Version)
    {
        /// <summary>Whether it is used though its time is over, because it could not be read again. What is read takes its place.</summary>
        public volatile bool IsAlone;
    }
}
