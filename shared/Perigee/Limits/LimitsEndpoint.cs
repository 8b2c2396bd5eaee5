using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee.Limits;

/// <summary><c>GET /manage/v1/limits?owner=key_...</c>: how an owner's limits stand. Without an owner the gateway's.</summary>
internal sealed class LimitsEndpoint(ILimitLedger ledger, ILimitOwners owners, IGatewayOptions options, TimeProvider time)
{
    private const string Gateway = "gateway";
    private const int LongestOwner = 128;

    /// <summary>Answers.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        string owner = http.Request.Query["owner"].ToString() is { Length: > 0 } given ? given : Gateway;
        IReadOnlyList<LimitRule>? rules = owner == Gateway ? options.Current.Limits.Rules
            : owner.Length > LongestOwner ? null
            : await owners.RulesOfAsync(owner, http.RequestAborted);
        if (rules is null)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound,
                "There is no such owner of limits: name a key, team or organisation by its id in 'owner', or leave it out for the gateway's own.", "owner"));
            return;
        }

        IReadOnlyList<LimitStand> stands = rules.Count == 0 ? [] : await ledger.StandAsync(rules, http.RequestAborted);
        ArrayBufferWriter<byte> body = new(512);
        using (Utf8JsonWriter json = new(body))
            Write(json, owner, stands);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.WrittenCount;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    private void Write(Utf8JsonWriter json, string owner, IReadOnlyList<LimitStand> stands)
    {
        json.WriteStartObject();
        json.WriteString("owner"u8, owner);
        json.WriteStartArray("limits"u8);
        foreach (LimitStand stand in stands)
        {
            LimitRule rule = stand.Rule;
            json.WriteStartObject();
            json.WritePropertyName("limit"u8);
            LimitRuleJson.Write(json, rule);
            if (rule.Meter == LimitMeter.Money)
            {
                json.WriteNumber("spent"u8, stand.Spent / 1_000_000m);
                json.WriteNumber("remaining"u8, stand.Remaining / 1_000_000m);
            }
            else
            {
                json.WriteNumber("spent"u8, stand.Spent);
                json.WriteNumber("remaining"u8, stand.Remaining);
            }

            if (rule.Period is LimitPeriod.None or LimitPeriod.Total)
                json.WriteNull("reset"u8);
            else
                json.WriteString("reset"u8, (time.GetUtcNow() + stand.Reset).UtcDateTime);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
