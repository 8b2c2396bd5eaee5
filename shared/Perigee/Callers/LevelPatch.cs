using System.Text.Json;

namespace Perigee.Callers;

/// <summary>Changes of settings by merge patch.</summary>
internal static class LevelPatch
{
    /// <summary>Why a patch cannot be meant, or null.</summary>
    public static GatewayError? Refused(JsonElement patch, LevelKind kind)
    {
        string[] fixedOnes = [.. kind.Places.Where(place => patch.TryGetProperty(place, out _))];
        return fixedOnes.Length == 0 ? null : new GatewayError(ErrorKind.BadRequest,
            $"{string.Join(", ", fixedOnes.Select(static place => $"'{place}'"))} is said when a {kind.Word} is made and cannot be changed.", fixedOnes[0]);
    }

    /// <summary>The settings as the patch makes them; read again as a whole, so that nothing comes about that could not be made.</summary>
    public static LevelSettings? Apply(LevelSettings settings, JsonElement patch, LevelKind kind, string id, DateTimeOffset now, out GatewayError? error)
    {
        using JsonDocument old = JsonDocument.Parse(settings.ToJson());

        // A member given twice would be merged to one: the patch itself is looked at, too.
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in patch.EnumerateObject())
        {
            if (seen.Add(member.Name))
                continue;
            error = new GatewayError(ErrorKind.BadRequest, $"'{member.Name}' is not allowed twice: keep one.", member.Name);
            return null;
        }

        using JsonDocument merged = JsonDocument.Parse(MergePatch.Apply(old.RootElement, patch));
        return LevelReader.Read(merged.RootElement, kind, id, patch.TryGetProperty("expiresAt", out _) ? now : null, out error);
    }

    /// <summary>The client has seen another version.</summary>
    public static GatewayError Outdated() => new(ErrorKind.Conflict, "It was changed since: read it again ('If-Match' names another version).", "If-Match")
    {
        Status = 412,
        Code = "precondition_failed",
    };
}
