using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Perigee.Logs;
using Perigee.Providers;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Logs;

/// <summary>What is taken out of texts, what is not, and that the pieces in which a text comes do not matter.</summary>
public sealed class RedactorTests
{
    private static readonly Redactor All = Planted.Redactor();

    /// <summary>A text, and what is left of it.</summary>
    public static TheoryData<string, string> Texts => new()
    {
        { "mail john.doe+x@example.co.uk, please", "mail [email], please" },
        { "müller@exämple.de", "[email]" },
        { "call +49 170 1234567 or (555) 123-4567.", "call [phone] or [phone]." },
        { "555-123-4567 / 1-555-123-4567 / 020 7946 0958 / 0170 1234567 / 0049 170 1234567", "[phone] / [phone] / [phone] / [phone] / [phone]" },
        { "card 4111 1111 1111 1111 12/27", "card [card] 12/27" },
        { "4111111111111111,378282246310005;5555-5555-5555-4444", "[card],[card];[card]" },
        { "to DE89 3704 0044 0532 0130 00 today", "to [iban] today" },
        { "GB82WEST12345698765432", "[iban]" },
        { "from 192.168.10.20:443 and [2001:db8::8a2e:370:7334]", "from [ip]:443 and [[ip]]" },
        { "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "[ip]" },
        { "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=Zm9vYmFyMTIzNDU2Nzg5MA==;EndpointSuffix=core.windows.net", "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=[redacted];EndpointSuffix=core.windows.net" },
        { "Server=tcp:db;User ID=sa;Password=p@ss-Word!;Encrypt=True", "Server=tcp:db;User ID=sa;Password=[redacted];Encrypt=True" },
        { "Endpoint=sb://b.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=abc123=", "Endpoint=sb://b.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=[redacted]" },
        { "postgres://admin:s3cret@db.example.com:5432/x", "postgres://[redacted]@db.example.com:5432/x" },
        { "https://a.blob.core.windows.net/c?sv=2024&sig=abc123%2Bdef%3D&se=1", "https://a.blob.core.windows.net/c?sv=2024&sig=[redacted]&se=1" },
        { """{"password":"hunter","n":1}""", """{"password":"[redacted]","n":1}""" },
        { """{"arguments":"{\"password\":\"a\\\"b\",\"to\":\"j@x.org\"}"}""", """{"arguments":"{\"password\":\"[redacted]\",\"to\":\"[email]\"}"}""" },
        { """{"t":"john\u0040example.com"}""", """{"t":"[email]"}""" },
        { "q=john%40example.com&x=1", "q=[email]&x=1" },
        { """{"x-api-key": "abcdef123456"}""", """{"x-api-key": "[redacted]"}""" },
        { "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nrest", "[redacted]\nrest" },
        { """{"k":"-----BEGIN PRIVATE KEY-----\nMIIEvg\n-----END PRIVATE KEY-----\n"}""", """{"k":"[redacted]\n"}""" },
        { "Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]" },
        { "Known0Key+With/Signs= and known0key", "[redacted] and known0key" },
        { """{"k":"Known0Key\u002BWith\/Signs="}""", """{"k":"[redacted]"}""" },
    };

    /// <summary>Texts that hold nothing of the kind.</summary>
    public static TheoryData<string> Ordinary =>
    [
        "The model 'gpt-4o-2024-08-06' answered at 2026-11-22T18:30:20.123Z (12:30:45), 1700000000 and 1700000000000.",
        "openai/gpt-5-mini 5.1.2.3.4 127.0.0.1:7071 ::1 std::vector a::b 00:1a:2b:3c:4d:5e",
        "{\"embedding\":[-0.41111111111111111,0.5555555555554444],\"created\":1716000000,\"usage\":{\"total_tokens\":1234567}}",
        "0190c0de-1234-7abc-8def-0123456789ab chatcmpl-9abcDEF",
        "password is wrong; the secret of success; key=value; a key: 12; user@host; @scope/package; DE12 is no account",
        "Use Bearer authentication or basic information. task-force, risk-management, sk-1",
        "4111111111111112 is no card, 22.11.2026 18:30 and 05/11/2026 are dates, 1,234,567.89 is money",
        "C:\\new\\table 100% of \\d+ \\\\ x",
        "DE00370400440532013000",
        "id 7f9c24e8-3b12-4ef4-a6d1-1c2b3d4e5f60, sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, md5 d41d8cd98f00b204e9800998ecf8427e, commit 2664537ab",
        "Rate limit reached for gpt-4o in organization org-AbCd on tokens per min (TPM): Limit 30000, Used 29000, Requested 1500. Please try again in 1.2s.",
        "prompt_tokens: 12345, completion_tokens=678901, total 690.246 tokens in 1234 ms; max_tokens: 100000 > 8192; 1,048,576 context",
        "2026-11-29T20:21:16.123456Z, 20261129T202116Z, Sun Nov 29 20:21:16 2026, 1764447676, 1764447676123, 12:34:56.789, 2026-W48",
        "claude-3-5-sonnet-20241022, gpt-4.1-mini-2025-04-14, text-embedding-3-large, accounts/fireworks/models/llama-v3p1-405b-instruct, o4-mini",
        "for (int i = 0; i < 16384; i++) { values[i] = Math.Pow(2.0, -i) * 0x7fffffff; } // see RFC 9110, section 15.5.21 and ISO 13616",
        "version 10.0.100-preview.7.25380.108, 1.2.3.4.5, v3.11.2+build.20260101, net10.0, python 3.12.1, CVE-2024-12345, ISBN 978-3-16-148410-0",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "internationalization ThisIsALongIdentifierInSomeCode aVeryLongMethodNameThatNobodyReads SGVsbG8gd29ybGQsIHRoaXMgaXMgdGV4dA==",
        "pi 3.14159265358979323846, e-10, 6.02214076e23, -0.000123456789, 5 000 000, 12 34 56, 1/3, 50%, $1,234.56, 40°26'46\"N 79°58'56\"W",
        "msg_01XFDUDYJgAACzvnptvVoYEL req_011CSHoEeqs5C35K2UUqR7Fy resp_68a1b2c3d4e5f6 call_abc123 toolu_01A09q90qw90lq917835lq9 file-abc123 batch_1",
        "The password must have 8 characters; a secret key is needed; bearer bonds; basic training; token: the smallest unit; key signature: C major",
        "{\"logprobs\":[{\"token\":\" 2024\",\"logprob\":-0.0001234567}],\"seed\":123456789012345,\"fingerprint\":\"fp_44709d6fcb\"}",
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void What_must_go_goes_and_nothing_else(string text, string left) => Assert.Equal(left, All.Redact(text));

    [Theory]
    [MemberData(nameof(Ordinary))]
    public void Ordinary_text_stays_the_same_string(string text) => Assert.Same(text, All.Redact(text));

    /// <summary>A redactor says of each what it leaves of it, in all the ways in which it can be written down.</summary>
    [Fact]
    public void Every_planted_value_goes_however_it_is_written()
    {
        List<string> leaks = [];
        foreach ((string kind, string value, string telling) in Planted.Values)
        {
            string json = JsonSerializer.Serialize(value), all = string.Concat(value.Select(static c => $"\\u{(int)c:x4}"));
            (string Written, Func<string, string> Read)[] ways =
            [
                (value, static text => text), ($"see {value} there", static text => text), ($"({value}), \"{value}\"", static text => text), ($"x={value};", static text => text), ($"<{value}>", static text => text),
                ($"{{\"a\":{json},\"b\":[{json}]}}", Regex.Unescape), ($"{{\"a\":{JsonSerializer.Serialize($"{{\"a\":{json}}}")}}}", static text => Regex.Unescape(Regex.Unescape(text))),
                ($"{{\"a\":\"{all}\"}}", Regex.Unescape), ($"q={Uri.EscapeDataString(value)}&x=1", Uri.UnescapeDataString),
                ($"/v1/{string.Concat(Encoding.UTF8.GetBytes(value).Select(static b => $"%{b:X2}"))}/x", Uri.UnescapeDataString),
            ];
            foreach ((string written, Func<string, string> read) in ways)
            {
                if (read(All.Redact(written)).Contains(telling, StringComparison.Ordinal))
                    leaks.Add($"{kind}: {written} -> {All.Redact(written)}");
            }
        }

        Assert.True(leaks.Count == 0, $"{leaks.Count}\n" + string.Join('\n', leaks.Take(60)));
    }

    [Fact]
    public void Keys_of_every_provider_go()
    {
        foreach (ProviderRow row in ProviderRows.Shipped.All)
        {
            foreach (string pattern in row.KeyPatterns)
            {
                foreach (string rest in (string[])["a1B2c3D4e5F6g7H8", "abcdefghijklmnopqrstuvwxyz", "AbC-dEf_1234567890"])
                {
                    Assert.Equal("[redacted]", All.Redact(pattern + rest));
                    Assert.Equal("The key [redacted] is wrong.", All.Redact($"The key {pattern}{rest} is wrong."));
                    Assert.Equal("""{"k":"[redacted]"}""", All.Redact($$"""{"k":"{{pattern}}{{rest}}"}"""));
                }
            }

            // What has no beginning of its own is known by what it is called.
            foreach (string variable in row.KeyVariables)
            {
                Assert.Equal($"{variable}=[redacted]", All.Redact($"{variable}=0123456789abcdef0123456789abcdef"));
                Assert.Equal($"{{\"{variable}\": \"[redacted]\"}}", All.Redact($"{{\"{variable}\": \"0123456789abcdef0123456789abcdef\"}}"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void The_pieces_do_not_matter(string text, string left)
    {
        byte[] bytes = Encoding.UTF8.GetBytes($"before {text} after");
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second += 1 + (bytes.Length / 40))
                Assert.Equal($"before {left} after", Redacted(All, bytes, first, second));
        }

        Assert.Equal($"before {left} after", Redacted(All, bytes, [.. Enumerable.Range(1, bytes.Length - 1)]));
    }

    [Fact]
    public void Every_split_of_a_long_text_with_everything_in_it_gives_the_same()
    {
        Random random = new(7007);
        StringBuilder text = new();
        while (text.Length < 40_000)
        {
            text.Append(Planted.Filler(random)).Append(random.Next(3) == 0 ? "\n" : " ").Append(Planted.Values[random.Next(Planted.Values.Count)].Text).Append(' ');
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        string whole = Redacted(All, bytes);
        Assert.Equal(All.Redact(text.ToString()), whole);
        for (int run = 0; run < 200; run++)
        {
            int[] cuts = [.. Enumerable.Range(0, random.Next(1, 400)).Select(_ => random.Next(bytes.Length)).Order()];
            Assert.True(whole == Redacted(All, bytes, cuts), $"Seed 7007, run {run}.");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public void Own_patterns_find_across_pieces_and_blocks(int piece)
    {
        Redactor own = new([], new Fixed(Settings.Read("""{"logs":{"redaction":{"patterns":{"badge":"EMP-[0-9]{6}"}}}}""")));
        string text = string.Concat(Enumerable.Range(0, 6000).Select(i => $"ü EMP-{i:D6},"));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int[] cuts = [.. Enumerable.Range(1, (bytes.Length - 1) / piece).Select(i => i * piece)];
        Assert.Equal(string.Concat(Enumerable.Repeat("ü [badge],", 6000)), Redacted(own, bytes, cuts));
        Assert.Equal("[badge] [email]", own.Redact("EMP-123456 a@b.de"));
    }

    [Fact]
    public void What_is_switched_off_stays_and_secrets_cannot_be()
    {
        Redactor some = new([], new Fixed(Settings.Read("""{"logs":{"redaction":{"email":false,"phone":false,"card":false,"iban":false,"ip":false}}}""")));
        const string text = "a@b.de +49 170 1234567 4111111111111111 DE89370400440532013000 10.1.2.3 ";
        Assert.Equal(text + "[redacted]", some.Redact(text + "sk-abcdef123456"));
    }

    [Fact]
    public void A_key_that_is_configured_while_the_gateway_runs_is_known_at_once()
    {
        Fixed options = new(Settings.Read(""));
        Redactor redactor = new([], options);
        Assert.Equal("Plain9Secret8Value", redactor.Redact("Plain9Secret8Value"));
        options.Current = Settings.Read("", ("MISTRAL_API_KEY", "Plain9Secret8Value"));
        Assert.Equal("[redacted]", redactor.Redact("Plain9Secret8Value"));
    }

    [Fact]
    public void A_cut_text_shows_no_half_of_anything()
    {
        foreach ((string _, string value, string telling) in Planted.Values)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("word ", 400)) + value);
            for (int length = bytes.Length - Encoding.UTF8.GetByteCount(value); length <= bytes.Length; length++)
            {
                ArrayBufferWriter<byte> output = new();
                using StreamRedactor stream = new(All, output);
                stream.Write(bytes.AsSpan(0, length));
                stream.End(cut: true);
                Assert.DoesNotContain(telling[..Math.Min(4, telling.Length)], Encoding.UTF8.GetString(output.WrittenSpan).Replace("word", "", StringComparison.Ordinal), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Time_is_linear_in_hostile_texts()
    {
        string[] hostile = ["a.", "sk-", "+1 ", "4111 ", "password=", "://", "DE89 ", "2001:", "\\", "\\u00", "%4", "-----BEGIN ", "Bearer ", "a@", "1-", "\"password\":\""];
        foreach (string part in hostile)
        {
            string small = string.Concat(Enumerable.Repeat(part, 100_000 / part.Length)), large = string.Concat(Enumerable.Repeat(part, 1_600_000 / part.Length));
            All.Redact(small);
            double one = Milliseconds(() => All.Redact(small)), most = Math.Max(one, 5) * 100, many = double.MaxValue;

            // Sixteen times the text: quadratic time would take 256 times as long, each time. Others use the machine, too: so the best of five.
            for (int tried = 0; many >= most && tried < 5; tried++)
                many = Milliseconds(() => All.Redact(large));
            Assert.True(many < most, $"{part}: {one} ms for 100 kB, {many} ms for 1.6 MB.");
        }
    }

    private static double Milliseconds(Action action)
    {
        long start = TimeProvider.System.GetTimestamp();
        action();
        return TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
    }

    private static string Redacted(Redactor redactor, byte[] bytes, params int[] cuts)
    {
        ArrayBufferWriter<byte> output = new();
        using StreamRedactor stream = new(redactor, output);
        int at = 0;
        foreach (int cut in cuts)
        {
            stream.Write(bytes.AsSpan(at, cut - at));
            at = cut;
        }

        stream.Write(bytes.AsSpan(at));
        stream.End();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private sealed class Fixed(GatewayOptions options) : IGatewayOptions
    {
        public GatewayOptions Current { get; set; } = options;
    }
}
