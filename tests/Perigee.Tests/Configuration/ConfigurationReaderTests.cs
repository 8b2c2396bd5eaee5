using Perigee.Providers;

namespace Perigee.Tests.Configuration;

public class ConfigurationReaderTests
{
    [Fact]
    public void Without_file_and_environment_only_the_demo_is_on()
    {
        GatewayOptions options = Settings.Read("");

        Assert.Equal(["demo"], options.Providers.Keys);
        Assert.True(options.Providers["demo"].BuiltIn);
        Assert.Equal("set OPENAI_API_KEY", options.Off["openai"]);
        Assert.Equal("add \"ollama\": {} to the providers in perigee.json", options.Off["ollama"]);
        Assert.Equal(TimeSpan.FromHours(1), options.Cache.Ttl);
    }

    [Fact]
    public void A_key_variable_turns_its_provider_on()
    {
        Provider openai = Settings.Read("", ("OPENAI_API_KEY", " sk-test ")).Providers["openai"];

        Assert.Equal(("https://api.openai.com/v1", AuthStyle.Bearer, "sk-test"), (openai.BaseUrl, openai.Auth, openai.Key));
        Assert.DoesNotContain("sk-test", openai.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Azure_needs_key_and_endpoint_and_joins_them_without_a_double_slash()
    {
        Assert.Equal("set AZURE_OPENAI_ENDPOINT", Settings.Read("", ("AZURE_OPENAI_API_KEY", "k")).Off["azure"]);

        Provider azure = Settings.Read("", ("AZURE_OPENAI_API_KEY", "k"), ("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com/")).Providers["azure"];

        Assert.Equal(("https://mine.openai.azure.com/openai/v1", AuthStyle.ApiKey), (azure.BaseUrl, azure.Auth));
    }

    [Fact]
    public void Comments_trailing_commas_and_a_byte_order_mark_are_allowed()
    {
        GatewayOptions options = Settings.Read("\uFEFF" + """
            {
              // a local server
              "providers": { "ollama": {}, "my-vllm": { "baseUrl": "http://10.0.0.7:8000/v1/", "network": "private", "models": ["qwen/q3"], }, },
              "aliases": { "fast": "ollama/llama3.2", "default": "fast" },
              "limits": { "requestsPerMinute": 60 }, /* enough */
            }
            """);

        Assert.Equal(["demo", "my-vllm", "ollama"], options.Providers.Keys.Order(StringComparer.Ordinal));
        Provider mine = options.Providers["my-vllm"];
        Assert.Equal(("http://10.0.0.7:8000/v1", "custom", StreamUsage.AsSent, null), (mine.BaseUrl, mine.Kind, mine.StreamUsage, mine.Key));
        Assert.Equal(["my-vllm/qwen/q3"], options.ListedModels);
        Assert.Equal(60, options.Limits.RequestsPerMinute);
        Assert.Equal("fast", options.Aliases["default"]);
    }

    [Fact]
    public void A_keyless_provider_with_a_key_variable_sends_it_as_bearer()
    {
        Provider vllm = Settings.Read("""{"providers":{"vllm":{"keyVariable":"MY_KEY"}}}""", ("MY_KEY", "secret")).Providers["vllm"];

        Assert.Equal((AuthStyle.Bearer, "secret"), (vllm.Auth, vllm.Key));
        Assert.Equal("set MY_KEY", Settings.Read("""{"providers":{"vllm":{"keyVariable":"MY_KEY"}}}""").Off["vllm"]);
    }

    [Fact]
    public void A_provider_can_be_turned_off_and_the_demo_too()
    {
        GatewayOptions options = Settings.Read("""{"providers":{"openai":{"enabled":false},"demo":{"enabled":false}}}""", ("OPENAI_API_KEY", "k"));

        Assert.Empty(options.Providers);
        Assert.Equal("it is turned off in perigee.json (providers.openai.enabled)", options.Off["openai"]);
    }

    [Fact]
    public void The_environment_overrides_the_file()
    {
        GatewayOptions options = Settings.Read(
            """{"cache":{"enabled":true,"ttlSeconds":5},"logs":{"enabled":true}}""",
            ("PERIGEE_CACHE", "off"), ("PERIGEE_CACHE_TTL_SECONDS", "9"), ("PERIGEE_LOGS", "false"), ("PERIGEE_REQUESTS_PER_MINUTE", "7"),
            ("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "https://eu.api.openai.com/v1"));

        Assert.False(options.Cache.Enabled);
        Assert.Equal(TimeSpan.FromSeconds(9), options.Cache.Ttl);
        Assert.False(options.Logs.Enabled);
        Assert.Equal(7, options.Limits.RequestsPerMinute);
        Assert.Equal("https://eu.api.openai.com/v1", options.Providers["openai"].BaseUrl);
    }

    [Fact]
    public void Every_fault_is_reported_at_once_with_its_path()
    {
        string[] faults = Settings.Faults("""
            {
              "provider": {},
              "providers": {
                "My_Server": {},
                "a": { "kind": "opneai", "baseUrl": "https://a.example/v1" },
                "b": { "baseUrl": "http://b.example/v1", "refuse": [], "network": "everywhere" },
                "c": { "baseUrl": "https://127.0.0.1/v1", "apiKey": "sk-1234", "enabled": "yes" },
                "d": { "baseUrl": "https://${NOT_SET}/v1", "headers": { "Authorization": "x", "x-team": "a\nb" } }
              },
              "aliases": { "x": "y", "y": "x", "z": "opnai/gpt", "w": "nothing" },
              "limits": { "requestsPerMinute": 0, "bodyBytes": 1.5 },
              "cache": []
            }
            """, ("PERIGEE_LOGS", "perhaps"));

        Assert.Equal(
            [
                "providers.My_Server: is not a usable name: a lower-case letter first, then letters, digits and hyphens.",
                "providers.My_Server.baseUrl: is needed: this provider has no address of its own.",
                "providers.a.kind: is not a provider that the gateway knows; did you mean openai?",
                "providers.b.network: is none of: public, private, loopback.",
                "providers.b.refuse: is unknown; did you mean refuses?",
                "providers.b.baseUrl: has to be https; plain http is for providers.b.network private or loopback.",
                "providers.c.enabled: is a string; true or false is needed.",
                "providers.c.apiKey: does not belong in this file: put the key into an environment variable (or app setting) and name that in keyVariable.",
                "providers.c.baseUrl: points at this machine; set providers.c.network to loopback if that is meant.",
                "providers.d.headers.Authorization: is not a header that can be added: keys go through keyVariable, and HTTP sets its own.",
                "providers.d.headers.x-team: holds characters that cannot be sent in a header.",
                "providers.d.baseUrl: needs the environment variable NOT_SET, which is not set.",
                "aliases.x: leads back to itself: x -> y -> x.",
                "aliases.y: leads back to itself: y -> x -> y.",
                "aliases.z: names a provider that is neither built in nor under providers; did you mean openai?",
                "aliases.w: has to name provider/model or another alias.",
                "limits.requestsPerMinute: has to be a whole number from 1 to 10000000.",
                "limits.bodyBytes: has to be a whole number from 1024 to 268435456.",
                "cache: is a list; an object is needed.",
                "PERIGEE_LOGS: has to be on or off.",
                "provider: is unknown; did you mean providers?",
            ],
            faults);
    }

    [Theory]
    [InlineData("https://user:pw@host.example/v1", "user or password")]
    [InlineData("https://host.example/v1?x=1", "query or fragment")]
    [InlineData("https://host.example/v1#", "query or fragment")]
    [InlineData("ftp://host.example/v1", "not an http(s) URL")]
    [InlineData("host.example/v1", "not an http(s) URL")]
    [InlineData("https://169.254.169.254/latest", "never a provider")]
    [InlineData("https://metadata.google.internal/x", "never a provider")]
    [InlineData("https://[::ffff:169.254.169.254]/x", "never a provider")]
    [InlineData("https://10.1.2.3/v1", "private network")]
    [InlineData("https://[fd12::1]/v1", "private network")]
    [InlineData("https://2130706433/v1", "this machine")]
    [InlineData("https://0x7f.1/v1", "this machine")]
    [InlineData("https://[::1]/v1", "this machine")]
    [InlineData("https://localhost./v1", "this machine")]
    [InlineData("https://a.localhost/v1", "this machine")]
    [InlineData("http://host.example/v1", "has to be https")]
    public void A_base_url_that_is_not_a_public_https_address_is_refused(string url, string words)
    {
        string fault = Assert.Single(Settings.Faults($$$"""{"providers":{"x":{"baseUrl":"{{{url}}}"} } }"""));

        Assert.StartsWith("providers.x.baseUrl: ", fault, StringComparison.Ordinal);
        Assert.Contains(words, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("pw", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:11434/v1", "loopback")]
    [InlineData("http://192.168.0.5/v1", "loopback")]
    [InlineData("http://ollama:11434/v1", "private")]
    [InlineData("https://10.0.0.1/v1", "private")]
    public void A_wider_reach_lets_nearer_addresses_and_http_pass(string url, string network) =>
        Assert.Equal(url, Settings.Read($$$"""{"providers":{"x":{"baseUrl":"{{{url}}}","network":"{{{network}}}"} } }""").Providers["x"].BaseUrl);

    [Fact]
    public void An_override_from_the_environment_is_held_to_the_same_rules()
    {
        string fault = Assert.Single(Settings.Faults("", ("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://localhost:7071/v1")));

        Assert.Equal("OPENAI_BASE_URL: points at this machine; set providers.openai.network to loopback if that is meant.", fault);
    }

    [Fact]
    public void Another_address_does_not_get_a_built_in_key_unasked()
    {
        string fault = Assert.Single(Settings.Faults(
            """{"providers":{"other":{"kind":"openai","baseUrl":"https://other.example/v1"}}}""", ("OPENAI_API_KEY", "k")));

        Assert.Equal("providers.other.keyVariable: is needed: without it this address would get the key of openai.", fault);
    }

    [Fact]
    public void An_enabled_provider_without_its_key_is_a_fault() =>
        Assert.Equal(
            ["providers.groq.keyVariable: is needed because the provider is enabled: set GROQ_API_KEY."],
            Settings.Faults("""{"providers":{"groq":{"enabled":true}}}"""));

    [Fact]
    public void A_key_in_the_place_of_its_variable_is_refused_and_never_repeated()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => Settings.Read("""{"providers":{"openai":{"keyVariable":"sk-canary-123","auth":"sk-canary-123","kind":"sk-canary-123"}},"aliases":{"a":"sk-canary-123"}}"""));

        Assert.Equal(4, error.Faults.Count);
        Assert.DoesNotContain("canary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_with_a_line_break_is_refused_without_being_shown()
    {
        string fault = Assert.Single(Settings.Faults("", ("OPENAI_API_KEY", "sk-ca\nnary")));

        Assert.Equal("OPENAI_API_KEY: holds characters that cannot be sent in a header; was it pasted whole?", fault);
    }

    [Fact]
    public void Broken_JSON_is_reported_with_line_and_column() =>
        Assert.Equal(["$: is not valid JSON at line 3, column 3."], Settings.Faults("{\n  \"cache\": {}\n  \"logs\": {}\n}"));

    [Fact]
    public void A_member_given_twice_is_a_fault() =>
        Assert.Equal(["cache.enabled: is given twice; keep one."], Settings.Faults("""{"cache":{"enabled":true,"enabled":false}}"""));

    [Fact]
    public void A_name_with_a_dot_is_quoted_in_its_path() =>
        Assert.Equal(
            ["aliases[\"gpt-4.1\"]: has to name provider/model or another alias."],
            Settings.Faults("""{"aliases":{"gpt-4.1":"nothing"}}"""));
}
