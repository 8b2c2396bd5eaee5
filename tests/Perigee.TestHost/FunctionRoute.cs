using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Perigee.TestHost.Wire;

namespace Perigee.TestHost;

/// <summary>One function's route as the Functions host sees it: from the raw binding, in the order of names, without precedence.</summary>
internal sealed class FunctionRoute
{
    private readonly TemplateMatcher _matcher;
    private readonly HashSet<string> _methods;

    private FunctionRoute(RpcFunctionMetadata metadata, JsonElement binding, string prefix)
    {
        Metadata = metadata;
        Parameter = binding.GetProperty("name").GetString()!;
        string route = binding.TryGetProperty("route", out JsonElement given) && given.GetString() is { } text ? text : metadata.Name;
        _matcher = new TemplateMatcher(TemplateParser.Parse(prefix.Length == 0 ? route : $"{prefix}/{route}"), []);
        _methods = binding.TryGetProperty("methods", out JsonElement methods) && methods.ValueKind == JsonValueKind.Array
            ? new(methods.EnumerateArray().Select(m => m.GetString()!), StringComparer.OrdinalIgnoreCase)
            : [];
    }

    /// <summary>What the worker said of the function.</summary>
    public RpcFunctionMetadata Metadata { get; }

    /// <summary>The name of the trigger's parameter.</summary>
    public string Parameter { get; }

    /// <summary>The HTTP functions of a worker, in the order in which their routes are tried.</summary>
    public static IReadOnlyList<FunctionRoute> Of(IEnumerable<RpcFunctionMetadata> functions, string prefix)
    {
        List<FunctionRoute> routes = [];
        foreach (RpcFunctionMetadata function in functions.OrderBy(f => f.Name, StringComparer.OrdinalIgnoreCase))
        {
            foreach (string raw in function.RawBindings)
            {
                using JsonDocument binding = JsonDocument.Parse(raw);
                if (string.Equals(binding.RootElement.GetProperty("type").GetString(), "httpTrigger", StringComparison.OrdinalIgnoreCase))
                    routes.Add(new FunctionRoute(function, binding.RootElement, prefix));
            }
        }

        return routes;
    }

    /// <summary>Whether the request is for this function, and the route values.</summary>
    public bool Matches(HttpRequest request, RouteValueDictionary values) =>
        (_methods.Count == 0 || _methods.Contains(request.Method)) && _matcher.TryMatch(request.Path, values);
}
