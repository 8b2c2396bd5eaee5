using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Callers;

/// <summary>
/// Callers with the end user whom a request names: made once for each that is seen often, so that no request pays for it. Two generations
/// bound the memory, for users are as many as the key's holder says.
/// </summary>
internal sealed class UserCallers
{
    private const int MostEntries = 20_000;

    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<(string Key, string User), Made> _young = new();
    private volatile ConcurrentDictionary<(string Key, string User), Made> _old = new();

    /// <summary>The caller for one end user.</summary>
    /// <param name="caller">Whose request it is.</param>
    /// <param name="user">The user as the request names it, or null: those whom nobody names share what one user has.</param>
    public Caller Of(Caller caller, string? user)
    {
        (string, string) key = (caller.KeyId, user ?? "");
        if ((_young.TryGetValue(key, out Made? made) || _old.TryGetValue(key, out made)) && ReferenceEquals(made.Base, caller))
            return made.Caller;
        made = new Made(caller, Make(caller, user));
        lock (_gate)
        {
            if (_young.Count >= MostEntries)
                (_old, _young) = (_young, new());
        }

        _young[key] = made;
        return made.Caller;
    }

    private static Caller Make(Caller caller, string? user) => caller with
    {
        User = user,
        Limits = [.. caller.Limits, .. caller.UserLimits.Select(rule => rule with { Owner = OwnerOf(rule.Owner, user ?? "") })],
    };

    /// <summary>Who a user is, below the level that limits it: the same through each of a team's keys, and nobody's name.</summary>
    private static string OwnerOf(string level, string user)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{level}\n{user}"));
        return "user_" + Convert.ToHexStringLower(hash.AsSpan(0, 16));
    }

    private sealed record Made(Caller Base, Caller Caller);
}
