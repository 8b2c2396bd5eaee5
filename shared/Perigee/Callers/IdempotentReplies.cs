using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>
/// <c>Idempotency-Key</c> on POST: within a day the same key gets the same answer, and nothing is made twice. The answer is stored before the
/// thing is made, so that a crash between the two cannot make another. One with a secret is sealed by AES-GCM under the asker's own
/// credential and the idempotency key, neither of which is stored: who has both is given it again, and nobody else can read it.
/// </summary>
internal sealed class IdempotentReplies(SharedTables tables, TimeProvider time)
{
    /// <summary>How long an answer is given again.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>After this long whoever made the first call is taken to be gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Header = "Idempotency-Key";
    private const int Longest = 255;
    private const int MostSwept = 50;

    private readonly ITable _table = tables.HomeStorage.Table("idempotency");

    /// <summary>Looks whether the call was made before.</summary>
    /// <param name="http">The request, behind the guard.</param>
    /// <param name="body">Its body.</param>
    /// <param name="happened">Whether the thing of that id was made: asked of a call that did not come to its end.</param>
    public async ValueTask<IdempotentCall> BeginAsync(HttpContext http, ReadOnlyMemory<byte> body, Func<string, ValueTask<bool>> happened)
    {
        if (http.Request.Headers[Header].Count == 0)
            return new IdempotentCall(this, null, null);
        string key = http.Request.Headers[Header].ToString();
        if (key.Length is 0 or > Longest || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return Refused(new GatewayError(ErrorKind.BadRequest,
                $"'{Header}' must be 1 to {Longest} printable characters without spaces, such as a UUID.", Header));
        }

        Manager who = Manager.Of(http);
        string hash = Hex(Encoding.UTF8.GetBytes($"{who.Id}\n{http.Request.Path}\n{key}")), bodyHash = Hex(body.Span);
        TableRow? row = await _table.FindAsync(hash[..2], hash, http.RequestAborted);
        DateTimeOffset now = time.GetUtcNow();
        if (row is null || row.Moment("createdAt") + Lifetime <= now)
            return new IdempotentCall(this, new TableRow(hash[..2], hash) { ETag = row?.ETag }.Set("body", bodyHash), SealOf(who, key));
        if (row.Text("body") != bodyHash)
        {
            return Refused(new GatewayError(ErrorKind.Conflict, $"'{Header}' was used for a call with another body within the last 24 hours.", Header)
            { Code = "idempotency_key_reused" });
        }

        string subject = row.Text("subject") ?? "";
        if (row.Text("state") != "done" && !await happened(subject))
        {
            return now - row.Moment("createdAt") < Patience
                ? Refused(UnderWay())
                : new IdempotentCall(this, new TableRow(hash[..2], hash) { ETag = row.ETag }.Set("body", bodyHash), SealOf(who, key));
        }

        if (Open(row, SealOf(who, key)) is { } reply)
            return new IdempotentCall(this, null, null) { Reply = reply, Status = (int)(row.Number("status") ?? 201), Location = row.Text("location") };
        return Refused(new GatewayError(ErrorKind.Conflict,
            $"This call was made before, and made '{subject}'. Its secret is not kept in a way that could be opened for you: rotate or delete it.", Header)
        { Code = "idempotency_secret_gone" });
    }

    /// <summary>Stores what the answer will be. Null is good; an error says that another call came first.</summary>
    internal async ValueTask<GatewayError?> PlanAsync(TableRow row, byte[]? seal, string subject, int status, string? location, ReadOnlyMemory<byte> reply, bool secret)
    {
        row.Set("subject", subject).Set("status", status).Set("location", location).Set("state", "planned").Set("sealed", secret).Set("createdAt", time.GetUtcNow());
        if (!secret)
            RowBody.Write(row, reply.Span);
        else if (seal is not null)
            RowBody.Write(row, Seal(reply.Span, seal));
        WriteResult written = await _table.WriteAsync(row, row.ETag is null ? WriteWhen.Absent : WriteWhen.Unchanged, CancellationToken.None);
        if (!written.Written)
            return UnderWay();
        await SweepAsync(row.Partition);
        return null;
    }

    /// <summary>Notes how the call ended. Should that fail, the next call finds out by looking whether the thing is there.</summary>
    internal async ValueTask EndAsync(TableRow row, bool made)
    {
        try
        {
            if (made)
                await _table.WriteAsync(row.Set("state", "done"), WriteWhen.Always, CancellationToken.None);
            else
                await _table.RemoveAsync(row.Partition, row.Row, null, CancellationToken.None);
        }
        catch (StorageException)
        {
            // See above.
        }
    }

    private async ValueTask SweepAsync(string partition)
    {
        try
        {
            List<TableRow> old = [];
            await foreach (TableRow row in _table.ReadAsync(partition, null, null, CancellationToken.None))
            {
                if (row.Moment("createdAt") + Lifetime <= time.GetUtcNow())
                    old.Add(row);
                if (old.Count == MostSwept)
                    break;
            }

            foreach (TableRow row in old)
                await _table.RemoveAsync(row.Partition, row.Row, row.ETag, CancellationToken.None);
        }
        catch (StorageException)
        {
            // The next one sweeps.
        }
    }

    private IdempotentCall Refused(GatewayError error) => new(this, null, null) { Error = error };

    private static GatewayError UnderWay() => new(ErrorKind.Conflict, $"A call with this '{Header}' is under way: ask again in a moment.", Header, TimeSpan.FromSeconds(5))
    {
        Code = "idempotency_under_way",
    };

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[]? SealOf(Manager who, string key) => who.Credential.Length == 0 ? null
        : HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(who.Credential), 32, Encoding.UTF8.GetBytes(key), "perigee idempotent reply"u8.ToArray());

    private static byte[] Seal(ReadOnlySpan<byte> text, byte[] key)
    {
        byte[] whole = new byte[12 + 16 + text.Length];
        RandomNumberGenerator.Fill(whole.AsSpan(0, 12));
        using AesGcm aes = new(key, 16);
        aes.Encrypt(whole.AsSpan(0, 12), text, whole.AsSpan(28), whole.AsSpan(12, 16));
        return whole;
    }

    private static ReadOnlyMemory<byte>? Open(TableRow row, byte[]? key)
    {
        if (RowBody.Read(row) is not { } body)
            return null;
        if (!row.TryGet("sealed", out bool isSealed) || !isSealed)
            return body;
        if (key is null || body.Length < 28)
            return null;
        byte[] text = new byte[body.Length - 28];
        try
        {
            using AesGcm aes = new(key, 16);
            aes.Decrypt(body.Span[..12], body.Span[28..], body.Span[12..28], text);
            return text;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

/// <summary>One call that may have been made before.</summary>
internal sealed class IdempotentCall(IdempotentReplies replies, TableRow? row, byte[]? seal)
{
    /// <summary>Why it is refused, or null.</summary>
    public GatewayError? Error { get; init; }

    /// <summary>The answer that it got before, or null.</summary>
    public ReadOnlyMemory<byte>? Reply { get; init; }

    /// <summary>The status of that.</summary>
    public int Status { get; init; }

    /// <summary>The location of that.</summary>
    public string? Location { get; init; }

    /// <summary>Gives the answer of before, or the refusal. False where the call is to be made.</summary>
    public async ValueTask<bool> AnswerAsync(HttpContext http)
    {
        if (Error is { } error)
        {
            await ManageJson.RefuseAsync(http, error);
            return true;
        }

        if (Reply is not { } reply)
            return false;
        http.Response.Headers["Idempotent-Replayed"] = "true";
        if (Location is not null)
            http.Response.Headers.Location = Location;
        await ManageJson.WriteAsync(http, Status, reply);
        return true;
    }

    /// <summary>Stores what the answer will be, before the thing is made.</summary>
    /// <param name="subject">What is made.</param>
    /// <param name="status">The status.</param>
    /// <param name="location">The location, or null.</param>
    /// <param name="reply">The body.</param>
    /// <param name="secret">Whether it holds a secret.</param>
    public ValueTask<GatewayError?> PlanAsync(string subject, int status, string? location, ReadOnlyMemory<byte> reply, bool secret) =>
        row is null ? default : replies.PlanAsync(row, seal, subject, status, location, reply, secret);

    /// <summary>Notes how it ended.</summary>
    public ValueTask EndAsync(bool made) => row is null ? default : replies.EndAsync(row, made);
}
