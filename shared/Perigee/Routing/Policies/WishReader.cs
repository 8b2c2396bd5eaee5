using System.Collections.Frozen;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Routing.Policies;

/// <summary>
/// Reads <see cref="Wishes"/> from the top level of a body: <c>models</c>, <c>provider</c>, <c>route</c> and <c>session_id</c> as OpenRouter has
/// them, <c>fallbacks</c> as LiteLLM does; its <c>cache</c> is the cache's, which has read it by now. What cannot be honoured is refused by name.
/// </summary>
internal static class WishReader
{
    private const int MostNames = RouteWalk.Most;

    private static readonly FrozenSet<string> Members = new[] { "cache", "fallbacks", "models", "provider", "route", "session_id" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> OfOpenRouter = new[] { "models", "provider", "route", "session_id" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The members of a body that may hold wishes; allocates only where there is one.</summary>
    public static FrozenSet<string> FieldsOf(JsonIndex? question)
    {
        if (question is null)
            return FrozenSet<string>.Empty;
        List<string>? found = null;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            if ((tokens[i].Escaped || tokens[i].Length - 2 is 5 or 6 or 8 or 9 or 10) && question.NameIn(tokens[i], Members))
                (found ??= []).Add(question.Text(tokens[i]));
        }

        return found is null ? FrozenSet<string>.Empty : found.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Those of the members that are left where all goes to OpenRouter, which has the others itself.</summary>
    public static FrozenSet<string> WithoutOpenRouters(FrozenSet<string> fields) => fields.Except(OfOpenRouter, StringComparer.Ordinal).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Reads them.</summary>
    /// <param name="question">The body.</param>
    /// <param name="fields">Which of its members are the gateway's.</param>
    /// <param name="options">The configuration in force.</param>
    /// <param name="error">What is wrong with them.</param>
    public static Wishes? Read(JsonIndex question, FrozenSet<string> fields, GatewayOptions options, out GatewayError? error)
    {
        error = null;
        JsonValue body = new(question, 0);
        IReadOnlyList<string> models = [], fallbacks = [];
        ProviderWish? provider = null;
        if (fields.Contains("models"))
            models = Names(body["models"u8], "models", objects: false, ref error);
        if (fields.Contains("fallbacks"))
            fallbacks = Names(body["fallbacks"u8], "fallbacks", objects: true, ref error);
        if (fields.Contains("provider") && body["provider"u8].IsThere)
            provider = ProviderWishReader.Read(body["provider"u8], options, ref error);

        // Once OpenRouter's way to ask for what "models" asks for by itself.
        if (fields.Contains("route") && body["route"u8] is { IsThere: true } route && route.Word != "fallback")
            error ??= new GatewayError(ErrorKind.BadRequest, "'route' must be \"fallback\" or absent; a route of this gateway is named in 'model'.", "route");
        if (fields.Contains("session_id") && body["session_id"u8] is { IsThere: true, IsText: false })
            error ??= new GatewayError(ErrorKind.BadRequest, "'session_id' must be a string.", "session_id");
        return error is null ? new() { Models = models, Fallbacks = fallbacks, Provider = provider, Fields = fields } : null;
    }

    private static List<string> Names(JsonValue list, string field, bool objects, ref GatewayError? error)
    {
        List<string> names = [];
        if (!list.IsThere)
            return names;
        string wanted = objects ? "names of models, or objects with 'model' alone" : "names of models";
        if (!list.IsArray)
        {
            error ??= new GatewayError(ErrorKind.BadRequest, $"'{field}' must be a list of {wanted}.", field);
            return names;
        }

        foreach ((_, JsonValue item) in list)
        {
            string at = $"{field}[{names.Count}]";
            string name = item.Word;
            if (objects && item.IsObject)
            {
                name = item["model"u8].Word;
                foreach ((string member, _) in item)
                {
                    if (member != "model")
                        error ??= new GatewayError(ErrorKind.BadRequest, $"'{at}.{ModelResolver.Shown(member)}' cannot be honoured: a fallback gets the same request. Give 'model' alone.", $"{at}.{ModelResolver.Shown(member)}");
                }
            }

            if (name.Length == 0)
                error ??= new GatewayError(ErrorKind.BadRequest, $"'{at}' must name a model: '{field}' is a list of {wanted}.", at);
            names.Add(name);
            if (names.Count > MostNames)
            {
                error ??= new GatewayError(ErrorKind.BadRequest, $"'{field}' names more than {MostNames} models.", field);
                break;
            }
        }

        return names;
    }
}
