using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Functions;

/// <summary>One HTTP-triggered function, as its attributes describe it.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Route">Its route, without a prefix.</param>
/// <param name="Methods">Its HTTP methods; empty means all.</param>
/// <param name="AuthLevel">Which key the Functions host asks for.</param>
/// <param name="Parameter">The name of the request parameter.</param>
/// <param name="Method">The method itself.</param>
internal sealed record HttpFunction(string Name, string Route, string[] Methods, AuthorizationLevel AuthLevel, string Parameter, MethodInfo Method)
{
    /// <summary>The HTTP-triggered functions of an assembly, by name.</summary>
    public static IReadOnlyList<HttpFunction> In(Assembly assembly)
    {
        var found =
            from type in assembly.GetExportedTypes()
            from method in type.GetMethods()
            let function = method.GetCustomAttribute<FunctionAttribute>()
            where function is not null
            from parameter in method.GetParameters()
            let trigger = parameter.GetCustomAttribute<HttpTriggerAttribute>()
            where trigger is not null
            orderby function.Name
            select new HttpFunction(function.Name, trigger.Route ?? function.Name, trigger.Methods ?? [], trigger.AuthLevel, parameter.Name!, method);
        return [.. found];
    }
}

/// <summary>Serves the functions' methods as endpoints, where it is not the Functions host that calls them.</summary>
internal static class FunctionEndpoints
{
    /// <summary>Maps every HTTP-triggered function of an assembly. Reflection ends here: a request costs one delegate call.</summary>
    /// <param name="endpoints">Where they are mapped.</param>
    /// <param name="assembly">Where the functions are.</param>
    /// <param name="prefixes">Takes over what needs no router; null where nothing goes before it.</param>
    public static void MapFunctions(this IEndpointRouteBuilder endpoints, Assembly assembly, FunctionPrefixes? prefixes = null)
    {
        Dictionary<Type, object> instances = [];
        IReadOnlyList<HttpFunction> functions = HttpFunction.In(assembly);
        foreach (HttpFunction function in functions)
        {
            Type type = function.Method.DeclaringType!;
            if (!instances.TryGetValue(type, out object? instance))
                instances[type] = instance = ActivatorUtilities.CreateInstance(endpoints.ServiceProvider, type);

            var call = function.Method.CreateDelegate<Func<HttpRequest, Task>>(instance);
            IEndpointConventionBuilder endpoint = function.Methods.Length == 0
                ? endpoints.Map(function.Route, context => call(context.Request))
                : endpoints.MapMethods(function.Route, function.Methods, context => call(context.Request));
            endpoint.WithDisplayName(function.Name);
            prefixes?.Add(function, functions, call);
        }
    }
}
