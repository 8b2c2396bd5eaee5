using Microsoft.AspNetCore.Http;

namespace Perigee.Callers;

/// <summary>Who uses the management API.</summary>
/// <param name="Kind"><c>owner</c> (PERIGEE_ADMIN_KEY), <c>open</c> (nobody is asked), <c>admin-key</c> or <c>jwt</c>.</param>
/// <param name="Id">A public id: of the admin key, of the token's subject, or the kind again.</param>
/// <param name="Name">For people: the key's name, or the user that a token names.</param>
/// <param name="Role">What it may do.</param>
internal sealed record Manager(string Kind, string Id, string Name, ManagementRole Role)
{
    public static Manager TheOwner { get; } = new("owner", "owner", "PERIGEE_ADMIN_KEY", ManagementRole.Owner);

    public static Manager Nobody { get; } = new("open", "open", "open gateway", ManagementRole.Owner);

    /// <summary>The lasting secret that it proved itself with, in no log and in no row; empty where it has none.</summary>
    public string Credential { get; init; } = "";

    /// <summary>Who uses the API in this request, behind the guard.</summary>
    public static Manager Of(HttpContext http) => (Manager)http.Items[typeof(Manager)]!;

    /// <summary>Whether a key is its own.</summary>
    public bool Owns(KeyRecord key) => key.Settings.OwnedBy is { } owner && (owner == Id || (Kind == "jwt" && owner == Name));

    /// <summary>Without the credential.</summary>
    public override string ToString() => Id;
}
