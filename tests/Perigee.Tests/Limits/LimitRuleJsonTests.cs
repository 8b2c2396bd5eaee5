using System.Buffers;
using System.Text;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Tests.Limits;

public sealed class LimitRuleJsonTests
{
    [Fact]
    public void A_limit_says_what_it_is_and_the_rest_is_filled_in()
    {
        LimitRule rule = Good("""{"meter":"requests","amount":60,"per":"minute"}""");
        Assert.Equal(new LimitRule
        {
            Name = "requests-minute", Level = LimitLevel.Team, Owner = "team_1", Meter = LimitMeter.Requests, Amount = 60,
            Period = LimitPeriod.Minute, Window = LimitWindow.Sliding, TimeZone = "UTC",
        }, rule);
        rule = Good("""{"name":"eu","meter":"money","amount":12.345678,"per":"day","timeZone":"Europe/Vienna","model":"openai/*","storageDown":"share","strict":true,"clamp":true}""");
        Assert.Equal(new LimitRule
        {
            Name = "eu", Level = LimitLevel.Team, Owner = "team_1", Meter = LimitMeter.Money, Amount = 12_345_678, Period = LimitPeriod.Day,
            Window = LimitWindow.Fixed, TimeZone = "Europe/Vienna", Model = "openai/*", StorageDown = WhenStorageDown.Share, Strict = true, Clamp = true,
        }, rule);
    }

    [Theory]
    [InlineData("tokens", "day", LimitWindow.Sliding)]
    [InlineData("tokens", "month", LimitWindow.Fixed)]
    [InlineData("requests", "total", LimitWindow.Fixed)]
    [InlineData("money", "hour", LimitWindow.Sliding)]
    [InlineData("money", "day", LimitWindow.Fixed)]
    [InlineData("money", "week", LimitWindow.Fixed)]
    [InlineData("money", "month", LimitWindow.Fixed)]
    [InlineData("money", "total", LimitWindow.Fixed)]
    internal void Calendars_are_for_money_and_for_months(string meter, string per, LimitWindow window) =>
        Assert.Equal(window, Good($$"""{"meter":"{{meter}}","amount":5,"per":"{{per}}"}""").Window);

    [Fact]
    public void Concurrency_has_no_period() =>
        Assert.Equal((LimitPeriod.None, "concurrency"), Good("""{"meter":"concurrency","amount":5}""") is var rule ? (rule.Period, rule.Name) : default);

    [Theory]
    [InlineData("5", "l", "is a number; an object such as")]
    [InlineData("""{"amount":5,"per":"day"}""", "l.meter", "is needed: requests")]
    [InlineData("""{"meter":"dollars","amount":5,"per":"day"}""", "l.meter", "is none of")]
    [InlineData("""{"meter":"requests","per":"day"}""", "l.amount", "is needed")]
    [InlineData("""{"meter":"requests","amount":-1,"per":"day"}""", "l.amount", "1 to 1000000000000000")]
    [InlineData("""{"meter":"requests","amount":0,"per":"day"}""", "l.amount", "1 to 1000000000000000")]
    [InlineData("""{"meter":"requests","amount":1.5,"per":"day"}""", "l.amount", "1 to 1000000000000000")]
    [InlineData("""{"meter":"requests","amount":1e300,"per":"day"}""", "l.amount", "1 to 1000000000000000")]
    [InlineData("""{"meter":"requests","amount":"NaN","per":"day"}""", "l.amount", "is a string; a number")]
    [InlineData("""{"meter":"requests","amount":null,"per":"day"}""", "l.amount", "is null; a number")]
    [InlineData("""{"meter":"money","amount":-0.5,"per":"day"}""", "l.amount", "more than 0")]
    [InlineData("""{"meter":"money","amount":1e99,"per":"day"}""", "l.amount", "more than 0")]
    [InlineData("""{"meter":"money","amount":0.0000001,"per":"day"}""", "l.amount", "6 decimals")]
    [InlineData("""{"meter":"requests","amount":5}""", "l.per", "is needed")]
    [InlineData("""{"meter":"requests","amount":5,"per":"year"}""", "l.per", "is none of")]
    [InlineData("""{"meter":"concurrency","amount":5,"per":"day"}""", "l.per", "does not go with")]
    [InlineData("""{"meter":"requests","amount":5,"per":"month","window":"sliding"}""", "l.window", "'fixed'")]
    [InlineData("""{"meter":"requests","amount":5,"per":"day","timeZone":"Europe/Vienna"}""", "l.timeZone", "fixed window only")]
    [InlineData("""{"meter":"money","amount":5,"per":"day","timeZone":"../etc/passwd"}""", "l.timeZone", "IANA")]
    [InlineData("""{"meter":"money","amount":5,"per":"day","timeZone":"Europe/Nowhere"}""", "l.timeZone", "IANA")]
    [InlineData("""{"meter":"requests","amount":5,"per":"day","model":"a b"}""", "l.model", "as clients name it")]
    [InlineData("""{"meter":"requests","amount":5,"per":"day","clamp":true}""", "l.clamp", "money")]
    [InlineData("""{"meter":"requests","amount":5,"per":"day","strict":1}""", "l.strict", "true or false")]
    [InlineData("""{"meter":"requests","amount":5,"per":"day","name":"a/b"}""", "l.name", "letters")]
    [InlineData("""{"meter":"requests","amount":5,"amount":6,"per":"day"}""", "l.amount", "twice")]
    [InlineData("""{"meter":"requests","amount":5,"per":"day","__proto__":{}}""", "l.__proto__", "is unknown")]
    public void What_is_wrong_is_named(string json, string path, string expected)
    {
        List<(string Path, string Message)> faults = [];
        Assert.Null(LimitRuleJson.Read(JsonDocument.Parse(json).RootElement, LimitLevel.Key, "key_1", "l", faults));
        (string at, string message) = Assert.Single(faults);
        Assert.Equal(path, at);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_named_at_once()
    {
        List<(string Path, string Message)> faults = [];
        LimitRuleJson.Read(JsonDocument.Parse("""{"meter":"x","amount":"y","per":"z","more":1}""").RootElement, LimitLevel.Key, "key_1", "", faults);
        Assert.Equal(["more", "meter", "amount", "per"], faults.Select(static fault => fault.Path));
    }

    [Fact]
    public void Two_that_would_share_a_counter_are_refused()
    {
        List<(string Path, string Message)> faults = [];
        const string Twice = """[{"meter":"tokens","amount":5,"per":"day"},{"meter":"tokens","amount":6,"per":"day"},{"meter":"tokens","amount":6,"per":"day","model":"a/b"}]""";
        Assert.Equal(2, LimitRuleJson.ReadAll(JsonDocument.Parse(Twice).RootElement, LimitLevel.Key, "key_1", "limits", faults).Count);
        Assert.Equal("limits[1].name", Assert.Single(faults).Path);
    }

    [Theory]
    [InlineData("""{"meter":"requests","amount":60,"per":"minute"}""")]
    [InlineData("""{"meter":"concurrency","amount":6}""")]
    [InlineData("""{"meter":"money","amount":0.000001,"per":"total","clamp":true}""")]
    [InlineData("""{"meter":"money","amount":1000000000,"per":"week","timeZone":"Asia/Tokyo","model":"fast"}""")]
    [InlineData("""{"meter":"tokens","amount":7,"per":"day","window":"fixed","timeZone":"America/New_York","storageDown":"share","strict":true}""")]
    public void What_is_written_is_read_again(string json)
    {
        LimitRule rule = Good(json);
        ArrayBufferWriter<byte> written = new();
        using (Utf8JsonWriter writer = new(written))
            LimitRuleJson.Write(writer, rule);
        Assert.Equal(rule, Good(Encoding.UTF8.GetString(written.WrittenSpan)));
    }

    [Theory]
    [InlineData("""{"meter":"requests","amount":60,"per":"minute","model":"openai/*"}""")]
    [InlineData("""{"meter":"input-tokens","amount":60,"per":"total","model":"*"}""")]
    public void A_name_is_safe_in_a_table_key(string json) => TableLimits.Check(new TableRow(Good(json).Name, Good(json).Owner));

    private static LimitRule Good(string json)
    {
        List<(string Path, string Message)> faults = [];
        LimitRule? rule = LimitRuleJson.Read(JsonDocument.Parse(json).RootElement, LimitLevel.Team, "team_1", "limits[0]", faults);
        Assert.Empty(faults);
        return rule!;
    }
}
