using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Caching;
using Perigee.Caching.Asking;
using Perigee.Front;
using Perigee.Tests.Routing;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Caching;

/// <summary>The cache step, clients before it, and behind it calls to a provider that say what the test has them say.</summary>
internal sealed class FlightRig
{
    private readonly CacheMiddleware _cache;
    private readonly List<Call> _calls = [];

    public FlightRig()
    {
        FakeTimeProvider time = new();
        AnswerCache answers = new(Tables, new Fixed(), time, NullLogger<AnswerCache>.Instance);
        _cache = new CacheMiddleware(http => AskAsync(http.Features.Get<Exchange>()!), answers, new KnownQuestions(new Fixed(), time), Flights,
            new SharedCalls(Tables, answers, time, NullLogger<SharedCalls>.Instance), Meaning.Of(Tables, answers, time), Meaning.NoSecret, new Random(5), time);
    }

    public Flights Flights { get; } = new();

    public MemoryTables Tables { get; } = new();

    public IReadOnlyList<Call> Calls
    {
        get
        {
            lock (_calls)
                return [.. _calls];
        }
    }

    public Call Only => Assert.Single(Calls);

    /// <summary>A client asks. It has joined or leads when this returns.</summary>
    public Client Ask(string operation = "chat", bool stream = true, string text = "hi", string tenant = "t1", Action<IHeaderDictionary>? headers = null)
    {
        Client client = new(Make(operation, stream, text, tenant));
        headers?.Invoke(client.Exchange.Http.Request.Headers);
        InvokeAsync(client);
        return client;
    }

    public Task InvokeAsync(Client client) => client.Done = ServeAsync(client, _cache.InvokeAsync(client.Exchange.Http));

    public Task InvokeAsync(Exchange exchange) => _cache.InvokeAsync(exchange.Http);

    /// <summary>A server flushes what its application left.</summary>
    private static async Task ServeAsync(Client client, Task asked)
    {
        await asked;
        if (!client.HasLeft)
            await client.Exchange.Http.Response.BodyWriter.FlushAsync();
    }

    public static Exchange Make(string operation, bool stream, string text, string tenant, HttpContext? http = null)
    {
        string? model = "m";
        Operation found = operation == "gemini" ? Operations.OfGemini(stream ? "m:streamGenerateContent" : "m:generateContent", out model)!
            : Operations.All.Single(candidate => candidate.Name == operation);
        string json = $$"""{"model":"m","stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{text}}"}]}""";
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out JsonIndex? question, out _));
        http ??= new DefaultHttpContext();
        Exchange exchange = new()
        {
            Http = http,
            Id = Guid.NewGuid().ToString("N"),
            Operation = found,
            Options = Exchanges.Options,
            Dialect = operation switch { "gemini" => GeminiDialect.Instance, "messages" => AnthropicDialect.Instance, _ => OpenAiChatDialect.Chat },
            StartedAt = DateTimeOffset.UnixEpoch,
            Started = 0,
            Model = model,
            Stream = stream,
            Question = question,
            Caller = new Caller("key_1", tenant, "n", null),
        };
        http.Features.Set(exchange);
        return exchange;
    }

    private async Task AskAsync(Exchange exchange)
    {
        Call call = new(exchange);
        lock (_calls)
            _calls.Add(call);
        await call.RunAsync();
    }

    /// <summary>Somebody who waits for an answer.</summary>
#pragma warning disable CA1001 // A source without a timer holds nothing.
    public sealed class Client
#pragma warning restore CA1001
    {
        private readonly CancellationTokenSource _left = new();

        public Client(Exchange exchange)
        {
            Exchange = exchange;
            exchange.Http.Response.Body = Sent;
            exchange.Http.RequestAborted = _left.Token;
        }

        public Exchange Exchange { get; }

        public Sink Sent { get; } = new();

        public Task Done { get; set; } = Task.CompletedTask;

        public bool HasLeft => _left.IsCancellationRequested;

        public string Text => Encoding.UTF8.GetString(Sent.ToArray());

        public string? Cache => Exchange.Http.Response.Headers[HeaderNames.Cache];

        public void Leave() => _left.Cancel();

        /// <summary>Waits until the client has got so much.</summary>
        public async Task HasAsync(string text)
        {
            long until = Environment.TickCount64 + 10_000;
            while (Text != text)
            {
                Assert.True(Environment.TickCount64 < until, $"has '{Text}' instead of '{text}'");
                await Task.Yield();
            }
        }

        /// <summary>Waits for the end.</summary>
        public Task EndAsync() => Done.WaitAsync(TimeSpan.FromSeconds(90));
    }

    /// <summary>One call to the provider, as forward makes it: it writes to the exchange's output and stops when all are gone.</summary>
    public sealed class Call(Exchange exchange)
    {
        private readonly Channel<Func<Exchange, Task<bool>>> _script = Channel.CreateUnbounded<Func<Exchange, Task<bool>>>();
        private readonly StringBuilder _said = new();

        public bool Cancelled { get; private set; }

        public bool Over { get; private set; }

        public bool Complete { get; private set; }

        public GatewayError? Error { get; private set; }

        public Exchange Exchange => exchange;

        /// <summary>Everything that was written.</summary>
        public string Said
        {
            get
            {
                lock (_said)
                    return _said.ToString();
            }
        }

        public void Say(string text, bool flush = true) => _script.Writer.TryWrite(async exchange =>
        {
            HttpResponse response = exchange.Http.Response;
            if (exchange.BytesOut == 0)
            {
                response.ContentType = exchange.Stream ? "text/event-stream" : "application/json";
                response.Headers[HeaderNames.Target] = "test/m";
                response.Headers[HeaderNames.ProviderRequestId] = "secret";
                response.Headers.CacheControl = "no-cache";
                exchange.Served = new Target(Exchanges.Provider, "m");
            }

            lock (_said)
                _said.Append(text);
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            exchange.Output.Write(bytes);
            exchange.BytesOut += bytes.Length;
            if (!flush)
                return true;
            FlushResult flushed = await exchange.Output.FlushAsync(exchange.Gone);
            return flushed.IsCompleted ? throw new OperationCanceledException() : true;
        });

        public void End() => _script.Writer.TryWrite(exchange =>
        {
            exchange.Answer.Restore("the-model", new TokenUsage(3, 0, 0, 5, 0), FinishReason.Stop);
            exchange.Complete = Complete = true;
            return Task.FromResult(false);
        });

        public void Fail(GatewayError error, bool own = false) => _script.Writer.TryWrite(async exchange =>
        {
            Error = error;
            if (own)
                exchange.Fail(error);
            else
                await exchange.RefuseAsync(error);
            return false;
        });

        public void Crash() => _script.Writer.TryWrite(_ => throw new InvalidOperationException("crash"));

        public async Task RunAsync()
        {
            try
            {
                while (await (await _script.Reader.ReadAsync(exchange.Gone))(exchange))
                {
                }
            }
            catch (OperationCanceledException)
            {
                Cancelled = true;
                await exchange.RefuseAsync(new GatewayError(ErrorKind.ClientGone, "gone"));
            }
            finally
            {
                Over = true;
            }
        }
    }

    /// <summary>A client's side of the connection. It can stop taking.</summary>
    public sealed class Sink : MemoryStream
    {
        public Task Takes { get; set; } = Task.CompletedTask;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Takes.WaitAsync(cancellationToken);
            lock (this)
                Write(buffer.Span);
        }

        public override byte[] ToArray()
        {
            lock (this)
                return base.ToArray();
        }
    }

    private sealed class Fixed : IGatewayOptions
    {
        public GatewayOptions Current => Exchanges.Options;
    }
}
