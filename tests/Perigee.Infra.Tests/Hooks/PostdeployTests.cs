using System.Text.RegularExpressions;

namespace Perigee.Infra.Tests.Hooks;

/// <summary>One package to every region, each seen to serve.</summary>
public sealed class PostdeployTests
{
    private static readonly string[] Three = ["westeurope", "eastus2", "japaneast"];

    public static TheoryData<string> Languages() => ["sh", "pwsh"];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Same_package_goes_to_all_other_regions_at_once(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        TaskCompletionSource both = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int under = 0;
        azure.When("POST /scm/", _ =>
        {
            // Neither is answered before both are there: one after the other would never end.
            if (Interlocked.Increment(ref under) == 2)
                both.SetResult();
            return new FakeAnswer(202, "\"d\"", both.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        });

        (int exit, string output, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal((0, ""), (exit, errors));
        FakeRequest[] published = azure.Of("POST /scm/");
        Assert.Equal(["POST /scm/eastus2/api/publish", "POST /scm/japaneast/api/publish"], published.Select(p => p.Line).Order(StringComparer.Ordinal));
        byte[] package = await File.ReadAllBytesAsync(hook.Package, TestContext.Current.CancellationToken);
        Assert.All(published, p =>
        {
            Assert.Equal(package, p.Body);
            Assert.Equal("application/zip", p.ContentType);
            Assert.Equal($"Bearer {FakeAzure.Token}", p.Authorization);
        });
        foreach (string region in Three)
        {
            Assert.Matches($"(?m)^{region} +deployed +ready +answered +{Regex.Escape(azure.Url)}/app/{region}$", output);
            Assert.NotEmpty(azure.Of($"GET /app/{region}/health/ready"));
            Assert.Equal($"Bearer {FakeAzure.CallerKey}", Assert.Single(azure.Of($"POST /app/{region}/v1/chat/completions")).Authorization);
        }

        Assert.Single(azure.Of("POST /app/westeurope/manage/v1/keys"));
        Assert.Single(azure.Of("DELETE /app/westeurope/manage/v1/keys/key_1"));
        Assert.Contains("/v1/chat/completions", output, StringComparison.Ordinal);
        Assert.Contains("az keyvault secret show --vault-name kv-test", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task One_region_that_fails_does_not_keep_the_others_from_serving(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        hook.Environment["GATEWAY_HOOK_TRIES"] = "3";
        azure.When("POST /scm/eastus2/", _ => new FakeAnswer(500));

        (int exit, string output, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal(1, exit);
        Assert.Equal(3, azure.Of("POST /scm/eastus2/api/publish").Length);
        Assert.Matches("(?m)^japaneast +deployed +ready +answered", output);
        Assert.Matches("(?m)^eastus2 +refused +- +-", output);
        Assert.Contains("eastus2: package refused with 500 after 3 tries", errors, StringComparison.Ordinal);
        Assert.Contains("azd hooks run postdeploy", errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_deployment_that_the_platform_refuses_is_a_failure(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        azure.When("GET /scm/japaneast/", _ => new FakeAnswer(200, """{"status": 3, "message": "the zip is broken"}"""));

        (int exit, _, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal(1, exit);
        Assert.Contains("the zip is broken", errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_slow_start_is_waited_for(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        // Not known yet, being deployed, and gone once the app restarts.
        azure.When("GET /scm/eastus2/", n => n switch { 1 or 2 => new FakeAnswer(404), 3 => new FakeAnswer(200, """{"status":1}"""), _ => new FakeAnswer(404) });
        azure.When("GET /app/eastus2/health/ready", n => n < 6 ? new FakeAnswer(503) : null);
        azure.When("POST /app/japaneast/v1/chat/completions", n => n < 4 ? new FakeAnswer(401, """{"error":{}}""") : null);

        (int exit, string output, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal(6, azure.Of("GET /app/eastus2/health/ready").Length);
        Assert.Matches("(?m)^eastus2 +deployed +ready +answered", output);
        Assert.Matches("(?m)^japaneast +deployed +ready +answered", output);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task What_passes_is_tried_again(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        azure.When("POST /scm/japaneast/", n => n switch { 1 => new FakeAnswer(403), 2 => new FakeAnswer(409), 3 => new FakeAnswer(503), _ => null });

        (int exit, _, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Equal(4, azure.Of("POST /scm/japaneast/api/publish").Length);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_package_that_is_refused_for_good_is_not_sent_again(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        azure.When("POST /scm/japaneast/", _ => new FakeAnswer(400));

        (int exit, _, _) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal(1, exit);
        Assert.Single(azure.Of("POST /scm/japaneast/api/publish"));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_region_that_never_gets_ready_or_answers_wrongly_is_named(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        (hook.Environment["GATEWAY_READY_SECONDS"], hook.Environment["GATEWAY_CHECK_SECONDS"]) = ("1", "1");
        azure.When("GET /app/eastus2/health/ready", _ => new FakeAnswer(503));
        azure.When("POST /app/japaneast/v1/chat/completions", _ => new FakeAnswer(502));

        (int exit, string output, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal(1, exit);
        Assert.Contains("not within 1 s (503)", errors, StringComparison.Ordinal);
        Assert.Contains("request failed with 502", errors, StringComparison.Ordinal);
        Assert.Matches("(?m)^westeurope +deployed +ready +answered", output);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Without_an_admin_key_at_hand_the_gateways_own_refusal_is_the_sign(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        azure.When("GET /vault/", _ => new FakeAnswer(403, """{"error":{"code":"Forbidden"}}"""));

        (int exit, string output, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Matches("(?m)^eastus2 +deployed +ready +guarded", output);
        Assert.Empty(azure.Of("POST /app/westeurope/manage/"));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_released_package_is_not_posted(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        hook.Environment["GATEWAY_PACKAGE_URI"] = "https://example.com/perigee.zip";
        hook.Environment["GATEWAY_PACKAGE"] = "/nowhere/gateway.zip";

        (int exit, _, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal((0, ""), (exit, errors));
        Assert.Empty(azure.Of("POST /scm/"));
    }

    [Theory]
    [InlineData("sh", "GATEWAY_APPS", "run: azd provision")]
    [InlineData("pwsh", "GATEWAY_APPS", "run: azd provision")]
    [InlineData("sh", "GATEWAY_ENDPOINTS", "run: azd provision")]
    [InlineData("pwsh", "GATEWAY_ENDPOINTS", "run: azd provision")]
    public async Task A_missing_variable_is_named_with_its_remedy(string language, string variable, string remedy)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        hook.Environment.Remove(variable);

        (int exit, _, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal(1, exit);
        Assert.Contains($"{variable} is not set", errors, StringComparison.Ordinal);
        Assert.Contains(remedy, errors, StringComparison.Ordinal);
        Assert.Empty(azure.Requests);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_missing_package_is_said_before_anything_is_sent(string language)
    {
        await using FakeAzure azure = await FakeAzure.StartAsync();
        using HookRun hook = new(azure, Three);
        hook.Environment["GATEWAY_PACKAGE"] = "/nowhere/gateway.zip";

        (int exit, _, string errors) = await hook.RunAsync(language, "postdeploy");

        Assert.Equal(1, exit);
        Assert.Contains("/nowhere/gateway.zip", errors, StringComparison.Ordinal);
        Assert.Empty(azure.Requests);
    }
}
