using System.Net;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Starting;

/// <summary>A real browser opens the page that a gateway shows at its root.</summary>
public sealed class BrowserTests(Rig rig)
{
    private static readonly string[] s_places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    [Theory, BothHosts]
    public async Task Chromium_shows_the_curl_line(HostKind kind)
    {
        string? chromium = s_places.FirstOrDefault(File.Exists);
        Assert.SkipWhen(chromium is null, "There is no Chromium on this machine.");
        Gateway gateway = await rig.GatewayAsync(kind);
        using HttpClient client = gateway.Client(Gateway.AdminKey);
        using JsonDocument root = JsonDocument.Parse(await client.GetStringAsync("/", TestContext.Current.CancellationToken));
        string curl = root.RootElement.GetProperty("curl").GetString()!;

        using TemporaryFolder folder = new();
        // Without its own sandbox, which root may not use. The page is the gateway's own and the browser sees nothing else.
        (int code, string page, string errors) = await Bash.RunAsync(
            $"{chromium} --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --user-data-dir=profile "
            + $"--window-size=900,700 --virtual-time-budget=2000 --screenshot=page.png --dump-dom '{gateway.Url}/'",
            folder.Path);
        Assert.True(code == 0, errors);
        Assert.Contains(curl, WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains("<h1>Perigee</h1>", page, StringComparison.Ordinal);
        // The style sheet is let through by the page's own policy: a page without style would be laid out in one narrow font.
        Assert.DoesNotContain("Refused to apply", errors, StringComparison.Ordinal);
        byte[] picture = await File.ReadAllBytesAsync(Path.Combine(folder.Path, "page.png"), TestContext.Current.CancellationToken);
        Assert.True(picture.Length > 5_000, $"The picture has {picture.Length} bytes.");
    }
}
