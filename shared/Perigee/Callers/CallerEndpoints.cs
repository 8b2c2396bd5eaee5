using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Callers;

/// <summary>The management of who may ask: keys, organisations, teams, admin keys, and the record of what was done.</summary>
internal static class CallerEndpoints
{
    public static void MapCallers(this IEndpointRouteBuilder endpoints)
    {
        IServiceProvider services = endpoints.ServiceProvider;
        AdminGuard guard = services.GetRequiredService<AdminGuard>();
        KeyEndpoints keys = services.GetRequiredService<KeyEndpoints>();
        const string Keys = KeyEndpoints.Root;
        endpoints.MapMethods(Keys, ["POST"], guard.Protect(keys.CreateAsync));
        endpoints.MapMethods(Keys, ["GET"], guard.Protect(keys.ListAsync, ManagementRole.KeyOwner));
        endpoints.MapMethods(Keys + "/{id}", ["GET"], guard.Protect(keys.ShowAsync, ManagementRole.KeyOwner));
        endpoints.MapMethods(Keys + "/{id}", ["PATCH"], guard.Protect(keys.ChangeAsync));
        endpoints.MapMethods(Keys + "/{id}", ["DELETE"], guard.Protect(keys.RevokeAsync));
        endpoints.MapMethods(Keys + "/{id}:rotate", ["POST"], guard.Protect(services.GetRequiredService<KeyRotation>().RotateAsync, ManagementRole.KeyOwner));

        OwnerEndpoints owners = services.GetRequiredService<OwnerEndpoints>();
        foreach (LevelKind kind in (LevelKind[])[LevelKind.Organisation, LevelKind.Team])
        {
            string root = OwnerEndpoints.RootOf(kind);
            endpoints.MapMethods(root, ["POST"], guard.Protect(http => owners.CreateAsync(http, kind)));
            endpoints.MapMethods(root, ["GET"], guard.Protect(http => owners.ListAsync(http, kind), ManagementRole.Viewer));
            endpoints.MapMethods(root + "/{id}", ["GET"], guard.Protect(http => owners.ShowAsync(http, kind), ManagementRole.Viewer));
            endpoints.MapMethods(root + "/{id}", ["PATCH"], guard.Protect(http => owners.ChangeAsync(http, kind)));
            endpoints.MapMethods(root + "/{id}", ["DELETE"], guard.Protect(http => owners.DeleteAsync(http, kind)));
        }

        AdminKeyEndpoints admins = services.GetRequiredService<AdminKeyEndpoints>();
        const string Admins = "/manage/v1/admin-keys";
        endpoints.MapMethods(Admins, ["POST"], guard.Protect(admins.CreateAsync, ManagementRole.Owner));
        endpoints.MapMethods(Admins, ["GET"], guard.Protect(admins.ListAsync, ManagementRole.Owner));
        endpoints.MapMethods(Admins + "/{id}", ["GET"], guard.Protect(admins.ShowAsync, ManagementRole.Owner));
        endpoints.MapMethods(Admins + "/{id}", ["DELETE"], guard.Protect(admins.RevokeAsync, ManagementRole.Owner));

        endpoints.MapMethods("/manage/v1/audit", ["GET"], guard.Protect(services.GetRequiredService<AuditEndpoint>().ListAsync, ManagementRole.Admin));
    }
}
