using System.Buffers;
using System.IO.Pipelines;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>
/// One answer on its way from a provider's dialect into the client's: the provider's reader is plugged into the client's writer, with the
/// meter between. Opening reads up to the first content and shows nothing; giving passes it on, from where there is no way back, and the
/// client's side is flushed whenever the provider would be waited for.
/// </summary>
internal sealed class TranslatedAnswer : IOpenAnswer
{
    private const int MostEventBytes = 32 * 1024 * 1024;

    /// <summary>Anthropic's clients are used to hearing something at least this often.</summary>
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(15);

    private readonly Exchange _exchange;
    private readonly Provider _provider;
    private readonly IAnswerReader _reader;
    private readonly IAnswerWriter _writer;
    private readonly AnswerFacts _facts;
    private readonly PooledBuffer _output = new();
    private readonly PooledBuffer _input = new();
    private PipeWriter _client = null!;
    private Action? _commit;
    private Task<int>? _pending;
    private byte[]? _whole;
    private int _parsed;
    private int _scanned;
    private bool _seen;
    private bool _giving;
    private bool _over;
    private Task? _pingDue;

    /// <param name="exchange">The exchange.</param>
    /// <param name="target">Whose answer it is.</param>
    /// <param name="translated">How it was asked.</param>
    /// <param name="created">Seconds since 1970.</param>
    /// <param name="facts">Takes what the answer says of itself.</param>
    public TranslatedAnswer(Exchange exchange, Target target, Translated translated, long created, AnswerFacts facts)
    {
        _exchange = exchange;
        _provider = target.Provider;
        _facts = facts;
        AnswerShape shape = new()
        {
            Stream = exchange.Stream,
            AsArray = exchange.AsArray,
            StreamUsage = exchange.Stream && exchange.Operation.StreamsUsage && JsonSplice.ClientAsksUsage(exchange.Question!),
            ShowsReasoning = exchange.Conversation?.Reasoning?.Shown ?? exchange.Operation.Speaks != DialectFamily.Gemini,
            Id = exchange.Id,
            Model = exchange.Model ?? target.Model,
            Created = created,
            Seal = translated.Seal!,
            ToolNames = translated.Translation!.ToolNames,
            AnswerTool = translated.Translation.AnswerTool,
        };
        _writer = ((IChatDialect)exchange.Dialect).Writer(_output, shape);
        IStreamSink sink = shape.AnswerTool is { } tool ? new AnswerToolSink(_writer, tool) : _writer;
        _reader = Dialects.Of(_provider.Dialect).Reader(new TeeSink(facts, sink), exchange.Id[^12..]);
    }

    /// <summary>The provider's body.</summary>
    public required Stream Upstream { get; init; }

    /// <summary>Whether it is a stream of events; else a whole answer, given as a stream if that was asked for.</summary>
    public required bool IsStream { get; init; }

    /// <summary>The bytes that the provider says a whole answer has, or null.</summary>
    public long? Length { get; init; }

    /// <summary>Runs out when the provider is silent too long, or nobody waits any more.</summary>
    public required Patience Patience { get; init; }

    /// <summary>How long the opening is held back for content to follow.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether the answer has begun for the client.</summary>
    public bool Committed { get; private set; }

    /// <inheritdoc/>
    public bool Content { get; private set; }

    /// <inheritdoc/>
    public bool Ended => _over;

    /// <inheritdoc/>
    public long CountedTokens => _facts.ContentBytes / 4;

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> OpenAsync()
    {
        if (!IsStream)
            return await OpenWholeAsync();
        long held = 0;
        while (!Content)
        {
            if (TooLarge() is { } large)
                return large;
            MakeRoom();
            Patience.Restart();

            // Kept for a moment on purpose: it is awaited once, below or by who gives the answer.
#pragma warning disable CA2012
            ValueTask<int> read = Upstream.ReadAsync(_input.GetMemory(8 * 1024), Patience.Token);
#pragma warning restore CA2012
            if (!read.IsCompleted && _seen)
            {
                held = held == 0 ? Patience.Time.GetTimestamp() : held;
                Task<int> pending = read.AsTask();
                TimeSpan left = Hold - Patience.Time.GetElapsedTime(held);
                if (left > TimeSpan.Zero)
                    await ((Task)pending.WaitAsync(left, Patience.Time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!pending.IsCompleted)
                {
                    _pending = pending;
                    return null;
                }

                read = new ValueTask<int>(pending);
            }

            int count = await read;
            _input.Advance(count);
            if (Take(atEnd: count == 0) is { } error)
                return error;
            if (count == 0)
            {
                _over = true;
                return Content || _reader.Ended ? null : UpstreamFailure.Cut(_provider);
            }
        }

        return null;
    }

    private async ValueTask<GatewayError?> OpenWholeAsync()
    {
        (_whole, int length, bool whole) = await UpstreamBody.ReadAsync(Upstream, Length, UpstreamBody.MostTranslatedBytes, Patience);
        if (!whole)
            return UpstreamBody.TooLargeToTranslate(_provider);
        _over = true;
        if (_reader.ReadWhole(_whole.AsSpan(0, length)) == EventNature.Error)
            return UpstreamFailure.InAnswer(_provider, _exchange, _facts);
        if (!_reader.Ended)
            return UpstreamFailure.Cut(_provider);
        if (BrokeOff(0) is { } broken)
            return broken;
        Content = _facts.Said;
        OnContent?.Invoke();
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> GiveAsync(Action commit)
    {
        _client = _exchange.Output;
        _commit = commit;
        _giving = true;
        Commit();
        if (!IsStream)
        {
            if (!_exchange.Stream)
                _exchange.Http.Response.ContentLength = _output.Length;
            Pass();
            return await FlushAsync() ? null : Gone();
        }

        Pass();
        GatewayError? error = Take(_over);
        if (error is not null || _over)
            return await EndAsync(error ?? (_reader.Ended ? null : UpstreamFailure.Cut(_provider)));
        while (true)
        {
            Task<int>? pending = _pending;
            _pending = null;
            ValueTask<int> read;
            if (pending is not null)
            {
                read = new ValueTask<int>(pending);
            }
            else
            {
                if (TooLarge() is { } large)
                    return large;
                MakeRoom();
                Patience.Restart();
#pragma warning disable CA2012
                read = Upstream.ReadAsync(_input.GetMemory(8 * 1024), Patience.Token);
#pragma warning restore CA2012
            }

            if (!read.IsCompleted)
            {
                if (Pings)
                {
                    pending ??= read.AsTask();
                    read = new ValueTask<int>(pending);
                    if (await WaitAsync(pending) is { } gone)
                        return await AbandonAsync(read, gone);
                }
                else if (_client.UnflushedBytes > 0 && !await FlushAsync())
                {
                    return await AbandonAsync(read, Gone());
                }
            }

            int count = await read;
            _input.Advance(count);
            error = Take(atEnd: count == 0);
            if (error is not null)
                return await EndAsync(error);
            if (count == 0)
                return await EndAsync(_reader.Ended ? null : UpstreamFailure.Cut(_provider));
            if (_client.UnflushedBytes > 64 * 1024 && !await FlushAsync())
                return Gone();
        }
    }

    private async ValueTask<GatewayError?> AbandonAsync(ValueTask<int> read, GatewayError error)
    {
        await Patience.AbandonAsync(read);
        return error;
    }

    private GatewayError? TooLarge() => _input.Length - _parsed <= MostEventBytes ? null
        : new GatewayError(ErrorKind.ProviderFailed, "The provider sent an event larger than this gateway reads.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _output.Dispose();
        if (_pending is { IsCompleted: false } pending)
            _ = pending.ContinueWith(static task => task.Exception, TaskScheduler.Default); // It still reads into the buffer, which is left to it.
        else
            _input.Dispose();
        if (_whole is { } whole)
            ArrayPool<byte>.Shared.Return(whole);
        _whole = null;
    }

    private bool Pings => _exchange.Operation.Speaks == DialectFamily.Anthropic && _exchange.Stream;

    /// <summary>Waits with pings in between.</summary>
    private async ValueTask<GatewayError?> WaitAsync(Task<int> pending)
    {
        if (_client.UnflushedBytes > 0 && !await FlushAsync())
            return Gone();
        while (!pending.IsCompleted)
        {
            // One timer for many waits: a ping may come a little early, never late.
            _pingDue ??= Task.Delay(PingAfter, Patience.Time, Patience.Token);
            await Task.WhenAny(pending, _pingDue);
            if (pending.IsCompleted || Patience.Token.IsCancellationRequested)
                break;
            _pingDue = null;
            _client.Write(Wire.Anthropic.AnthropicWriter.Ping);
            if (!await FlushAsync())
                return Gone();
        }

        return null;
    }

    private GatewayError? Take(bool atEnd)
    {
        ReadOnlySpan<byte> all = _input.Written.Span;
        while (_parsed < all.Length && SseFrame.TryRead(all[_parsed..], atEnd, ref _scanned, out SseFrame frame))
        {
            if (!frame.Whole && !SseFrame.IsWholeData(frame.Data))
                break;
            _parsed += frame.Length;
            _seen = true;
            int before = _output.Length;
            EventNature nature = _reader.ReadEvent(frame.Name, frame.Data);
            if (nature == EventNature.Error)
                return UpstreamFailure.InAnswer(_provider, _exchange, _facts);
            if (BrokeOff(before) is { } broken)
                return broken;
            if (!Content && _writer.Shown && _facts.Said)
            {
                Content = true;
                Patience.Content();
                OnContent?.Invoke();
            }

            // What follows the first content is read when it is given: whether it came in the same packet must make no difference.
            if (Content && !_giving)
                return null;
        }

        if (atEnd)
        {
            int before = _output.Length;
            _reader.Close();
            if (BrokeOff(before) is { } broken)
                return broken;
        }

        if (_giving)
            Pass();
        return null;
    }

    /// <summary>
    /// An answer that ends with the word that its provider broke off (OpenRouter's and others' <c>error</c>) is no whole one, and most dialects
    /// have no such word: its end is taken back and the error said instead.
    /// </summary>
    private GatewayError? BrokeOff(int before)
    {
        if (_facts.Finish != FinishReason.Error)
            return null;
        _output.Truncate(before);
        return UpstreamFailure.BrokeOff(_provider);
    }

    private async ValueTask<GatewayError?> EndAsync(GatewayError? error)
    {
        // What was said before an error stands; of a complete answer without any content the frame.
        Pass();
        return await FlushAsync() ? error : Gone();
    }

    private void Commit()
    {
        if (Committed)
            return;
        Committed = true;
        _commit!();
    }

    private void Pass()
    {
        if (_output.Length == 0)
            return;
        ReadOnlySpan<byte> bytes = _output.Written.Span;
        _client.Write(bytes);
        _exchange.Copy?.Add(bytes);
        _exchange.BytesOut += bytes.Length;
        _output.Clear();
    }

    // Never throws for a client that is gone: a read may be under way, which has to be seen to its end.
    private async ValueTask<bool> FlushAsync()
    {
        try
        {
            FlushResult flushed = await _client.FlushAsync(_exchange.Gone);
            return !flushed.IsCompleted && !flushed.IsCanceled;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static GatewayError Gone() => new(ErrorKind.ClientGone, "The client went away before the answer was complete.");

    private void MakeRoom()
    {
        if (_parsed == 0)
            return;
        _input.Drop(_parsed);
        _parsed = 0;
    }
}
