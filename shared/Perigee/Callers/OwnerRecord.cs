using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>An organisation or a team as it is stored.</summary>
/// <param name="Id"><c>org_...</c> or <c>team_...</c>: the row key.</param>
/// <param name="Settings">What it is and what it says.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="DeletedAt">When it was deleted, or null. The row stays: its id never comes to stand for another.</param>
internal sealed record OwnerRecord(string Id, LevelSettings Settings, DateTimeOffset CreatedAt, DateTimeOffset? DeletedAt)
{
    /// <summary>Of a team: the organisation that it belongs to.</summary>
    public string? Organisation { get; init; }

    /// <summary>The version of the row that it was read from.</summary>
    public string? ETag { get; init; }

    /// <summary>What it is.</summary>
    public LevelKind Kind => KindOf(Id);

    /// <summary>What an id stands for.</summary>
    public static LevelKind KindOf(string id) => id.StartsWith(PrefixOf(LevelKind.Team), StringComparison.Ordinal) ? LevelKind.Team : LevelKind.Organisation;

    /// <summary>How ids of a kind begin.</summary>
    public static string PrefixOf(LevelKind kind) => kind == LevelKind.Team ? "team_" : "org_";

    /// <summary>Whether a text can be an id of a kind: of the operator's choice or of the gateway's.</summary>
    public static bool IsId(LevelKind kind, string id) => id.Length is > 4 and <= 64 && id.StartsWith(PrefixOf(kind), StringComparison.Ordinal)
        && id.Length > PrefixOf(kind).Length && id.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-');

    /// <summary>Reads a row; null where it cannot be read.</summary>
    public static OwnerRecord? FromRow(TableRow row) =>
        RowBody.Read(row) is { } body && LevelReader.ReadStored(body, KindOf(row.Row), row.Row) is { } settings
            ? new OwnerRecord(row.Row, settings, row.Moment("createdAt") ?? default, row.Moment("deletedAt"))
            {
                Organisation = row.Text("organisation"),
                ETag = row.ETag,
            }
            : null;

    /// <summary>Makes the row.</summary>
    public TableRow ToRow()
    {
        TableRow row = new TableRow(Kind.Word, Id)
            .Set("name", Settings.Name)
            .Set("organisation", Organisation)
            .Set("createdAt", CreatedAt)
            .Set("deletedAt", DeletedAt);
        RowBody.Write(row, Settings.ToJson());
        row.ETag = ETag;
        return row;
    }
}
