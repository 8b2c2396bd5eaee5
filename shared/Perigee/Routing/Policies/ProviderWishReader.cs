using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Perigee.Catalog;
using Perigee.Providers;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Routing.Policies;

/// <summary>Reads OpenRouter's <c>provider</c>. Every member is honoured or refused.</summary>
internal static class ProviderWishReader
{
    private const string Field = "provider";

    /// <summary>Reads it.</summary>
    public static ProviderWish? Read(JsonValue value, GatewayOptions options, ref GatewayError? error)
    {
        if (!value.IsObject)
        {
            error ??= Bad(Field, "must be an object with 'order', 'only', 'ignore', 'allow_fallbacks', 'require_parameters', 'sort' or 'max_price'");
            return null;
        }

        ProviderWish wish = new();
        foreach ((string name, JsonValue member) in value)
        {
            if (!member.IsThere)
                continue;
            string at = $"{Field}.{ModelResolver.Shown(name)}";
            switch (name)
            {
                case "order":
                    wish = wish with { Order = Providers(member, at, options, strict: true, ref error) };
                    break;
                case "only":
                    wish = wish with { Only = Providers(member, at, options, strict: true, ref error).ToFrozenSet(StringComparer.Ordinal) };
                    break;
                case "ignore":
                    wish = wish with { Ignore = Providers(member, at, options, strict: false, ref error).ToFrozenSet(StringComparer.Ordinal) };
                    break;
                case "allow_fallbacks":
                    wish = wish with { AllowFallbacks = Flag(member, at, ref error) };
                    break;
                case "require_parameters":
                    wish = wish with { RequireParameters = Flag(member, at, ref error) };
                    break;
                case "sort":
                    wish = wish with { Sort = Sort(member, at, ref error) };
                    break;
                case "max_price":
                    wish = wish with { MostPaid = Cap(member, at, ref error) };
                    break;

                // What asks for nothing needs no honouring.
                case "data_collection" when member.Word == "allow":
                case "zdr" or "enforce_distillable_text" when member.Type == JsonTokenType.False:
                    break;
                case "data_collection" or "zdr" or "enforce_distillable_text" or "quantizations" or "preferred_min_throughput" or "preferred_max_latency" or "preferred_max_price":
                    error ??= Bad(at, "cannot be honoured here: this gateway does not know that of providers. Leave it out, and choose by 'only' or 'ignore'");
                    break;
                default:
                    error ??= Bad(at, "is unknown: there are 'order', 'only', 'ignore', 'allow_fallbacks', 'require_parameters', 'sort' and 'max_price'");
                    break;
            }
        }

        return wish;
    }

    // As the provider is called here or titled in the list of providers, in any case.
    private static List<string> Providers(JsonValue list, string at, GatewayOptions options, bool strict, ref GatewayError? error)
    {
        List<string> names = [];
        if (!list.IsArray)
        {
            error ??= Bad(at, "must be a list of providers' names");
            return names;
        }

        foreach ((_, JsonValue item) in list)
        {
            string asked = item.Word;
            if (asked.Length == 0)
                error ??= Bad(at, "must be a list of providers' names");
            else if (Find(asked, options) is { } name)
                names.Add(name);
            else if (strict)
                error ??= Unknown(asked, at, options);
        }

        return names;
    }

    private static string? Find(string asked, GatewayOptions options)
    {
        foreach (Provider provider in options.Providers.Values)
        {
            if (provider.Name.Equals(asked, StringComparison.OrdinalIgnoreCase) || provider.Title.Equals(asked, StringComparison.OrdinalIgnoreCase))
                return provider.Name;
        }

        return options.Off.Keys.FirstOrDefault(name => name.Equals(asked, StringComparison.OrdinalIgnoreCase));
    }

    private static GatewayError Unknown(string asked, string at, GatewayOptions options)
    {
        IReadOnlyList<string> near = NearestNames.Of(asked, options.Providers.Keys.Concat(options.Off.Keys), 1);
        return Bad(at, $"names '{ModelResolver.Shown(asked)}', which is no provider here; " + (near.Count > 0
            ? $"did you mean '{near[0]}'?"
            : $"on are {string.Join(", ", options.Providers.Keys.Order(StringComparer.Ordinal))}"));
    }

    private static bool Flag(JsonValue value, string at, ref GatewayError? error)
    {
        if (!value.IsBool)
            error ??= Bad(at, "must be true or false");
        return value.IsTrue;
    }

    private static OfferSort? Sort(JsonValue value, string at, ref GatewayError? error)
    {
        switch (value.Word)
        {
            case "price":
                return OfferSort.Price;
            case "throughput":
                return OfferSort.Throughput;
            case "latency":
                return OfferSort.Latency;
            default:
                error ??= Bad(at, "must be \"price\", \"throughput\" or \"latency\"");
                return null;
        }
    }

    private static PriceCap? Cap(JsonValue value, string at, ref GatewayError? error)
    {
        if (!value.IsObject)
        {
            error ??= Bad(at, "must be an object of dollars: 'prompt' and 'completion' per million tokens, 'request' per request");
            return null;
        }

        PriceCap cap = new(null, null, null, null);
        foreach ((string name, JsonValue member) in value)
        {
            if (!member.IsThere)
                continue;
            string part = $"{at}.{ModelResolver.Shown(name)}";
            switch (name)
            {
                case "prompt":
                    cap = cap with { Input = Dollars(member, part, ref error) };
                    break;
                case "completion":
                    cap = cap with { Output = Dollars(member, part, ref error) };
                    break;
                case "audio":
                    cap = cap with { Audio = Dollars(member, part, ref error) };
                    break;
                case "request":
                    cap = cap with { Request = Dollars(member, part, ref error) };
                    break;
                case "image":
                    error ??= Bad(part, "cannot be honoured here: the catalogue has no prices of single pictures. Leave it out");
                    break;
                default:
                    error ??= Bad(part, "is unknown: there are 'prompt', 'completion', 'audio' and 'request'");
                    break;
            }
        }

        return cap;
    }

    // OpenRouter takes numbers and texts of numbers. A micro-dollar is the catalogue's unit.
    private static long? Dollars(JsonValue value, string at, ref GatewayError? error)
    {
        decimal dollars = 0;
        bool read = value.Type == JsonTokenType.Number
            ? Utf8Parser.TryParse(value.Raw.Span, out dollars, out int used) && used == value.Raw.Length
            : value.IsText && decimal.TryParse(value.Word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out dollars);
        if (read && dollars is >= 0 and <= 1_000_000)
            return (long)(dollars * 1_000_000);
        error ??= Bad(at, "must be dollars, as a number of at least 0");
        return null;
    }

    private static GatewayError Bad(string field, string what) => new(ErrorKind.BadRequest, $"'{field}' {what}{(what.EndsWith('?') ? "" : ".")}", field);
}
