using Perigee.Routing.Policies;

namespace Perigee.Routing;

/// <summary>
/// What a provider keeps goes to that provider and to no other: a draft loses every target that did not make what the question names. Where
/// none is left the client is told, and nothing is left out of its question.
/// </summary>
internal sealed class Affinity(Origins origins)
{
    // Encrypted reasoning of a long conversation: its latest turns are enough to know who made it.
    private const int MostLookUps = 32;

    /// <summary>Restricts a draft to the maker of these ids. All look-ups at once, none for what this process remembers.</summary>
    /// <exception cref="Storage.StorageException">The storage does not answer.</exception>
    public async ValueTask<GatewayError?> RestrictAsync(PlanDraft draft, List<KeptId> ids)
    {
        Exchange exchange = draft.Request.Exchange;
        (KeptId Id, string Maker)? made = null;
        KeptId? unknown = null;
        List<KeptId> asked = [];
        List<Task<string?>> looking = [];
        for (int i = ids.Count - 1; i >= 0; i--)
        {
            if (ids[i].Key is not { } key)
            {
                unknown ??= ids[i];
            }
            else if (origins.TryRecall(exchange.Caller!.Tenant, key, out string? maker))
            {
                if (Join(ref made, ids[i], maker) is { } error)
                    return error;
            }
            else if (looking.Count < MostLookUps)
            {
                asked.Add(ids[i]);
                looking.Add(origins.FindAsync(exchange.Caller.Tenant, key, exchange.Http.RequestAborted).AsTask());
            }
        }

        string?[] makers = await Task.WhenAll(looking);
        for (int i = 0; i < makers.Length; i++)
        {
            if (makers[i] is not { } maker)
                unknown = asked[i];
            else if (Join(ref made, asked[i], maker) is { } error)
                return error;
            if (makers[i] is null && asked[i].Field == "previous_response_id" && !exchange.Caller!.IsOpen)
                return Unknown("previous_response_id");
        }

        return made is { } known ? Keep(draft, known.Id, known.Maker) : unknown is { } id ? KeepOne(draft, id) : null;
    }

    /// <summary>An id that was not made with this tenant's keys.</summary>
    public static GatewayError Unknown(string? field) => new(ErrorKind.NotFound,
        field is null ? "No object of this id was made with this key's tenant." : $"'{field}' names nothing that was made with this key's tenant.", field);

    private static GatewayError? Join(ref (KeptId Id, string Maker)? made, KeptId id, string maker)
    {
        if (made is not { } other)
        {
            made = (id, maker);
            return null;
        }

        return other.Maker == maker ? null : new GatewayError(ErrorKind.Conflict,
            $"'{id.Field}' names something that the provider '{maker}' made, '{other.Id.Field}' something of '{other.Maker}': no provider knows both. {Remedy(id.Field, maker)}", id.Field)
        { Code = "made_by_different_providers" };
    }

    private static GatewayError? Keep(PlanDraft draft, KeptId id, string maker)
    {
        GatewayOptions options = draft.Request.Options;
        if (!options.Providers.ContainsKey(maker))
        {
            return new GatewayError(ErrorKind.Conflict, $"'{id.Field}' names something that the provider '{maker}' made, which is off"
                + (options.Off.TryGetValue(maker, out string? how) ? $"; to turn it on, {how}." : " or no longer configured.") + " " + Remedy(id.Field, null), id.Field)
            { Code = "maker_is_off" };
        }

        if (Leave(draft, maker, id.Field, $"did not make what '{id.Field}' names: '{maker}' did"))
            return null;
        string others = string.Join(", ", draft.Targets.Select(target => $"'{target.Provider.Name}'").Distinct(StringComparer.Ordinal));
        return new GatewayError(ErrorKind.Conflict,
            $"'{id.Field}' names something that the provider '{maker}' made, but this request can go to {others} only. {Remedy(id.Field, maker)}", id.Field)
        { Code = "made_by_another_provider" };
    }

    // Nobody here knows who made it. It goes to one provider, always the same, and not from one to the next.
    private static GatewayError? KeepOne(PlanDraft draft, KeptId id)
    {
        Target one = draft.Targets.Where(target => target.Provider.Dialect == draft.Request.Exchange.Operation.Speaks).MinBy(target => target.Provider.Order) ?? draft.Targets[0];
        Leave(draft, one.Provider.Name, id.Field, $"'{id.Field}' names something that one provider keeps, and is taken to be of '{one.Provider.Name}'");
        return null;
    }

    private static bool Leave(PlanDraft draft, string maker, string field, string reason)
    {
        if (!draft.Targets.Exists(target => target.Provider.Name == maker))
            return false;
        if (draft.Targets.Exists(target => target.Provider.Name != maker))
            draft.Chosen = $"'{maker}' has what '{field}' names";
        draft.Skipped.AddRange(draft.Targets.Where(target => target.Provider.Name != maker).Select(target => new SkippedTarget(target.Name, reason)));
        draft.Targets = [.. draft.Targets.Where(target => target.Provider.Name == maker)];
        draft.OnContextWindow = [.. draft.OnContextWindow.Where(target => target.Provider.Name == maker)];
        draft.OnContentPolicy = [.. draft.OnContentPolicy.Where(target => target.Provider.Name == maker)];
        return true;
    }

    private static string Remedy(string field, string? maker)
    {
        string or = maker is null ? "Or" : $"Use a model of '{maker}', or";
        return field switch
        {
            "previous_response_id" or "conversation" or "item_reference" => $"{or} send the conversation in 'input'.",
            "encrypted_content" => $"{or} leave the reasoning items of that turn out.",
            "cachedContent" or "cached_content" or "container" => $"{or} leave '{field}' out.",
            _ => $"{or} give the file to the provider that shall read it ('{HeaderNames.Provider}' chooses it).",
        };
    }
}
