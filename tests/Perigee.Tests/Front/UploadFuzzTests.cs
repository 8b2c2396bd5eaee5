using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Front;

/// <summary>Odd forms and files on a raw connection, whole and broken, to a provider that reads them with a parser that is not ours.</summary>
public sealed class UploadFuzzTests
{
    private const string Configuration = """
        {
          "providers": {
            "o": {"kind": "custom", "network": "loopback", "baseUrl": "URL/o/v1"},
            "down": {"kind": "custom", "network": "loopback", "baseUrl": "URL/down/v1"},
          },
          "routes": { "r": {"targets": ["down/m1", "o/m2"]} },
        }
        """;

    private static readonly string[] Paths = ["/v1/audio/transcriptions", "/v1/images/edits", "/v1/files"];

    /// <summary>File names as browsers, curl and SDKs write them, and as nobody should.</summary>
    private static readonly string[] Names =
    [
        "a.wav", "a \\\"b\\\".wav", "%22a%22.wav", "\u00C3\u00A4\u00F0\u009F\u0098\u0080.wav", "..\\..\\a.wav", "../../etc/passwd", "", "a;b.wav", "a; name=model; b", "a\\", "a%0D%0Ab.wav", "name=\\\"model\\\"",
    ];

    [Theory]
    [InlineData("o/m2")]
    [InlineData("r")]
    public async Task A_form_that_is_whole_arrives_as_it_was(string model)
    {
        (FaultyUpstream upstream, GatewayRig gateway, ConcurrentQueue<string> log) = await StartAsync();
        await using (upstream)
        await using (gateway)
        {
            Random random = new(20261130);
            await Parallel.ForEachAsync(Enumerable.Range(0, 240), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) =>
            {
                string path = Paths[number % 3], name = Names[number / 3 % Names.Length], boundary, file;
                bool chunked, modelFirst, expect;
                lock (random)
                {
                    boundary = new[] { "b", "----WebKitFormBoundary7MA4", "a'b(c)+_,-./:=?d", new string('x', 70) }[random.Next(4)];
                    (chunked, modelFirst, expect) = (random.Next(2) == 0, random.Next(2) == 0, random.Next(4) == 0);
                    file = new[] { "", "x", "\r\n--" + boundary[..^1], "\r\n--" + boundary + "x\r\n", "\r\n\r\nname=\"model\"\r\n\r\nq", new string('y', random.Next(200_000)) }[random.Next(6)];
                }

                // One character more than the delimiter makes it, for some parsers, a delimiter: no form to ask about.
                if (file.EndsWith("x\r\n", StringComparison.Ordinal))
                    file = "z";
                string ofModel = $"--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n";
                string named = name.EndsWith('\\') ? $"name=file; filename=\"{name}\"" : $"filename=\"{name}\"; name=\"file\"";
                string ofFile = $"--{boundary}\r\ncontent-type: audio/x\r\nContent-Disposition: form-data; {named}\r\n\r\n{file}\r\n";
                string body = (path == "/v1/files" ? ofFile : modelFirst ? ofModel + ofFile : ofFile + ofModel) + $"--{boundary}--\r\n";
                string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, Request(path, $"multipart/form-data; x=\"\u00C3\u00A4\"; boundary=\"{boundary}\"", body, chunked, expect));
                string wanted = $"model={(path == "/v1/files" ? "" : "m2")} file={(name.Length == 0 ? "" : file.Length)}";
                Assert.True(RawClient.Status(heard) == 200 && RawClient.Body(heard).Contains(wanted, StringComparison.Ordinal),
                    $"{number}: {path} {name} {boundary} {chunked} {modelFirst}, file of {file.Length}: {wanted}\n{heard}");
            });
            Assert.Empty(log);
        }
    }

    [Fact]
    public async Task A_form_that_is_broken_is_the_clients_fault_and_nobody_elses()
    {
        (FaultyUpstream upstream, GatewayRig gateway, ConcurrentQueue<string> log) = await StartAsync();
        await using (upstream)
        await using (gateway)
        {
            const string Type = "multipart/form-data; boundary=b";
            string form = Part("model", "o/m2") + Part("file", new string('y', 40_000)) + "--b--\r\n";
            string early = Part("file", new string('y', 40_000)) + Part("model", "o/m2") + "--b--\r\n";
            (string What, string Said)[] cases =
            [
                ("a chunk without a length behind the model", Head(Paths[0], Type) + "Transfer-Encoding: chunked\r\n\r\n" + Chunk(Part("model", "o/m2")) + "zz\r\nx\r\n"),
                ("a chunk without a length before the model", Head(Paths[0], Type) + "Transfer-Encoding: chunked\r\n\r\n" + Chunk(early[..100]) + "zz\r\nx\r\n"),
                ("a chunk without a length in a file", Head(Paths[2], Type) + "Transfer-Encoding: chunked\r\n\r\n" + Chunk(early[..100]) + "zz\r\nx\r\n"),
                ("a chunk longer than it says, to a route", Head(Paths[0], Type) + "Transfer-Encoding: chunked\r\n\r\n" + Chunk(Part("model", "r")) + "3\r\nabcdef\r\n0\r\n\r\n"),
                ("no model", Request(Paths[0], Type, Part("file", "y") + "--b--\r\n")),
                ("an empty form", Request(Paths[0], Type, "--b--\r\n")),
                ("nothing", Request(Paths[0], Type, "")),
                ("another boundary", Request(Paths[0], "multipart/form-data; boundary=c", form)),
                ("no boundary", Request(Paths[0], "multipart/form-data", form)),
                ("an empty boundary", Request(Paths[0], "multipart/form-data; boundary=\"\"", form)),
                ("a boundary that is no ASCII", Request(Paths[0], "multipart/form-data; boundary=\u00C3\u00A4", form.Replace("--b", "--\u00C3\u00A4", StringComparison.Ordinal))),
                ("another media type", Request(Paths[1], "application/x-www-form-urlencoded", "model=o%2Fm2")),
                ("no media type", Request(Paths[1], "", form)),
                ("the model twice", Request(Paths[0], Type, Part("model", "o/m2") + Part("model", "o/other") + Part("file", "y") + "--b--\r\n")),
                ("the model twice around the file", Request(Paths[0], Type, Part("model", "o/m2") + Part("file", new string('y', 100_000)) + Part("model", "o/other") + "--b--\r\n")),
                ("a model that is not known", Request(Paths[0], Type, Part("model", "n\u0001o\u00FF\r\npe") + "--b--\r\n")),
                ("a very long model", Request(Paths[0], Type, Part("model", new string('m', 5000)) + "--b--\r\n")),
                ("headers without end", Request(Paths[0], Type, "--b\r\nContent-Disposition: form-data; " + new string('h', 40_000))),
                ("compressed", Head(Paths[0], Type) + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
                ("JSON where a form belongs", Request(Paths[0], "application/json", "{\"model\":5}")),
            ];
            List<string> faults = [];
            foreach ((string what, string said) in cases)
            {
                string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, said);
                if (RawClient.Status(heard) is < 400 or >= 500 || !RawClient.Body(heard).Contains("\"error\"", StringComparison.Ordinal))
                    faults.Add($"{what}: {(heard.Length > 800 ? heard[..800] : heard)}");
            }

            // Cut off anywhere: whoever is still there hears an error, and the provider is not to blame.
            string whole = Request(Paths[0], Type, form), left = Request(Paths[0], Type, early);
            Random random = new(20261130);
            for (int i = 0; i < 60; i++)
            {
                string cut = i % 2 == 0 ? whole : left;
                cut = cut[..random.Next(cut.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, cut.Length - 1)];
                string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, cut, halfClose: true);
                if (heard.Length > 0 && (RawClient.Status(heard) is < 400 or >= 500 || !RawClient.Body(heard).Contains("\"error\"", StringComparison.Ordinal)))
                    faults.Add($"cut off at {cut.Length}: {heard}");
            }

            Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(20))}");
            string health = await gateway.Http.GetStringAsync("/manage/v1/health/targets", TestContext.Current.CancellationToken);
            Assert.True(RawClient.Status(await RawClient.SayAsync(gateway.Http.BaseAddress!, whole)) == 200, "The breaker opened: " + health);
            Assert.Empty(log);
        }
    }

    [Theory]
    [InlineData(3_000_000, 200)]
    [InlineData(6_000_000, 503)]
    public async Task A_form_too_large_to_be_said_twice_fails_where_it_failed(int size, int status)
    {
        (FaultyUpstream upstream, GatewayRig gateway, ConcurrentQueue<string> log) = await StartAsync();
        await using (upstream)
        await using (gateway)
        {
            upstream.On("down", static async http =>
            {
                await http.Request.Body.CopyToAsync(Stream.Null);
                await new Talk(http, Tongue.OpenAi, false, "down").SendAsync(503, Tongue.OpenAi.Error(503, "Down."), ("Retry-After", "3600"));
            });
            string heard = await RawClient.SayAsync(gateway.Http.BaseAddress!, Request(Paths[0], "multipart/form-data; boundary=b", Part("model", "r") + Part("file", new string('y', size)) + "--b--\r\n"));
            Assert.True(RawClient.Status(heard) == status, heard);
            Assert.Equal((1, status == 200 ? 1 : 0), (upstream.Calls("down"), upstream.Calls("o")));
            Assert.Equal(status == 200, heard.Contains("o/m2", StringComparison.Ordinal));
            Assert.Empty(log);
        }
    }

    private static string Part(string name, string value) => $"--b\r\nContent-Disposition: form-data; name=\"{name}\"{(name == "file" ? "; filename=\"f\"" : "")}\r\n\r\n{value}\r\n";

    private static string Head(string path, string type) =>
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-perigee-provider: o\r\n{(type.Length > 0 ? $"Content-Type: {type}\r\n" : "")}";

    private static string Chunk(string text) => $"{text.Length:x}\r\n{text}\r\n";

    private static string Request(string path, string type, string body, bool chunked = false, bool expect = false)
    {
        string head = Head(path, type) + (expect ? "Expect: 100-continue\r\n" : "");
        if (!chunked)
            return $"{head}Content-Length: {body.Length}\r\n\r\n{body}";
        StringBuilder text = new(head + "Transfer-Encoding: chunked\r\n\r\n");
        for (int at = 0, size = 1; at < body.Length; at += size, size = Math.Min(size * 3, body.Length - at))
            text.Append(Chunk(body.Substring(at, Math.Min(size, body.Length - at))));
        return text.Append("0\r\n\r\n").ToString();
    }

    private static async Task<(FaultyUpstream Upstream, GatewayRig Gateway, ConcurrentQueue<string> Log)> StartAsync()
    {
        FaultyUpstream upstream = await FaultyUpstream.StartAsync();
        ConcurrentQueue<string> log = new();
        GatewayRig gateway = await GatewayRig.StartAsync(Configuration.Replace("URL", upstream.Url, StringComparison.Ordinal), builder => builder.Services.AddSingleton<ILoggerProvider>(new OwnErrors(log)));
        int calls = 0;
        upstream.On("down", async http =>
        {
            // Sometimes it has read everything, sometimes nothing.
            if (Interlocked.Increment(ref calls) % 2 == 0)
                await http.Request.Body.CopyToAsync(Stream.Null);
            await new Talk(http, Tongue.OpenAi, false, "down").SendAsync(503, Tongue.OpenAi.Error(503, "Down."));
        });
        upstream.On("o", static async http =>
        {
            Talk talk = new(http, Tongue.OpenAi, false, "o");
            try
            {
                IFormCollection form = await http.Request.ReadFormAsync();
                long length = form.Files.Count > 0 ? form.Files[0].Length : -1;
                await talk.SendAsync(200, string.Create(CultureInfo.InvariantCulture, $$"""{"id":"file-1","object":"file","text":"model={{form["model"]}} file={{length}}"}"""));
            }
            catch (Exception e) when (e is InvalidDataException or IOException or InvalidOperationException)
            {
                await talk.SendAsync(400, Tongue.OpenAi.Error(400, "No form: " + e.Message));
            }
        });
        return (upstream, gateway, log);
    }
}
