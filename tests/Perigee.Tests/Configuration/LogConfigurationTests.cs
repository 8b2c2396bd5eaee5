namespace Perigee.Tests.Configuration;

public sealed class LogConfigurationTests
{
    [Theory]
    [InlineData(""" "busyFlushSeconds": 0 """, "logs.busyFlushSeconds")]
    [InlineData(""" "busyRecords": 0 """, "logs.busyRecords")]
    [InlineData(""" "busyRecords": "many" """, "logs.busyRecords")]
    [InlineData(""" "memoryBytes": 1000 """, "logs.memoryBytes")]
    [InlineData(""" "bodies": 101 """, "logs.bodies")]
    [InlineData(""" "bodies": -1 """, "logs.bodies")]
    [InlineData(""" "bodies": "all" """, "logs.bodies")]
    [InlineData(""" "bodyBytes": 10 """, "logs.bodyBytes")]
    [InlineData(""" "headers": "x-app" """, "logs.headers")]
    [InlineData(""" "headers": ["x app"] """, "logs.headers")]
    [InlineData(""" "headers": ["Authorization"] """, "logs.headers")]
    [InlineData(""" "headers": ["x-my-api-key"] """, "logs.headers")]
    [InlineData(""" "headers": ["set-cookie"] """, "logs.headers")]
    [InlineData(""" "redaction": true """, "logs.redaction")]
    [InlineData(""" "redaction": {"email": "no"} """, "logs.redaction.email")]
    [InlineData(""" "redaction": {"secrets": false} """, "logs.redaction.secrets")]
    [InlineData(""" "redaction": {"patterns": {"a b": "x+"}} """, "logs.redaction.patterns[\"a b\"]")]
    [InlineData(""" "redaction": {"patterns": {"open": "(x"}} """, "logs.redaction.patterns.open")]
    [InlineData(""" "redaction": {"patterns": {"look": "(?<=a)b"}} """, "logs.redaction.patterns.look")]
    [InlineData(""" "redaction": {"patterns": {"empty": "x*"}} """, "logs.redaction.patterns.empty")]
    [InlineData(""" "redaction": {"patterns": {"number": 5}} """, "logs.redaction.patterns.number")]
    [InlineData(""" "body": 5 """, "logs.body")]
    public void A_wrong_value_is_told_with_its_path(string member, string path)
    {
        string fault = Assert.Single(Settings.Faults($$"""{"content":"on","logs":{ {{member}} } }"""));
        Assert.StartsWith(path + ":", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once() =>
        Assert.Equal(
            ["logs.bodyBytes", "logs.headers", "logs.redaction.phone"],
            Settings.Faults("""{"logs":{"bodyBytes":1,"headers":["cookie"],"redaction":{"phone":3}}}""").Select(fault => fault.Split(':')[0]).Order(StringComparer.Ordinal));

    [Fact]
    public void What_is_set_is_taken()
    {
        LogOptions logs = Settings.Read("""{"content":"on","logs":{"bodies":12.5,"bodyBytes":4096,"headers":["X-App"],"busyRecords":7,"busyFlushSeconds":2,"redaction":{"ip":false,"patterns":{"badge":"EMP-[0-9]{6}"}}}}""").Logs;
        Assert.Equal((12.5, 4096, 7, TimeSpan.FromSeconds(2)), (logs.Bodies, logs.BodyBytes, logs.BusyRecords, logs.BusyFlushAfter));
        Assert.Equal(["x-app"], logs.Headers);
        Assert.True(logs.Redaction is { Ip: false, Email: true } && logs.Redaction.Patterns.Single().Name == "badge");
    }
}
