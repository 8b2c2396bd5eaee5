using Microsoft.AspNetCore.Http;

namespace Perigee.Functions;

/// <summary>
/// The functions that take everything behind a first segment (<c>v1/{*path}</c>), called without asking the router: the gateway looks the
/// path up itself, and to have it matched twice is a measurable part of what a replayed answer costs. What is no POST goes the usual way.
/// </summary>
internal sealed class FunctionPrefixes
{
    private const string Rest = "/{*path}";

    private readonly List<(string Prefix, Func<HttpRequest, Task> Call)> _prefixes = [];

    /// <summary>Takes a function over if its route is of that kind and no other function's route lies behind the same segment.</summary>
    public void Add(HttpFunction function, IEnumerable<HttpFunction> all, Func<HttpRequest, Task> call)
    {
        if (!function.Route.EndsWith(Rest, StringComparison.Ordinal) || function.Route.AsSpan(0, function.Route.Length - Rest.Length).ContainsAny('{', '/'))
            return;
        string prefix = function.Route[..^(Rest.Length - 1)];
        if ((function.Methods.Length == 0 || function.Methods.Contains("post", StringComparer.OrdinalIgnoreCase))
            && !all.Any(other => other != function && other.Route.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        {
            _prefixes.Add(('/' + prefix, call));
        }
    }

    /// <summary>The middleware: goes before the router.</summary>
    public RequestDelegate Before(RequestDelegate next) => http =>
    {
        HttpRequest request = http.Request;
        if (HttpMethods.IsPost(request.Method) && request.Path.Value is { } path)
        {
            foreach ((string prefix, Func<HttpRequest, Task> call) in _prefixes)
            {
                if (path.StartsWith(prefix, StringComparison.Ordinal))
                    return call(request);
            }
        }

        return next(http);
    };
}
