using System.Buffers;
using System.IO.Pipelines;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>
/// One answer on its way from a provider's dialect into the client's: the provider's reader is plugged into the client's writer, with the
/// meter between. What comes before the first content is held back for a moment; from then on there is no way back, and the client's side is
/// flushed whenever the provider would be waited for.
/// </summary>
internal sealed class TranslatedAnswer : IDisposable
{
    private const int MostEventBytes = 32 * 1024 * 1024;

    private static readonly TimeSpan HoldBack = TimeSpan.FromMilliseconds(100);

    /// <summary>Anthropic's clients are used to hearing something at least this often.</summary>
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(15);

    private readonly Exchange _exchange;
    private readonly Provider _provider;
    private readonly IAnswerReader _reader;
    private readonly IAnswerWriter _writer;
    private readonly PipeWriter _client;
    private readonly PooledBuffer _output = new();
    private readonly PooledBuffer _input = new();
    private readonly Action _commit;
    private int _parsed;
    private int _scanned;
    private bool _seen;
    private Task? _pingDue;

    /// <param name="exchange">The exchange.</param>
    /// <param name="target">Whose answer it is.</param>
    /// <param name="translated">How it was asked.</param>
    /// <param name="created">Seconds since 1970.</param>
    /// <param name="commit">Sets status and headers: called once, right before the first byte.</param>
    public TranslatedAnswer(Exchange exchange, Target target, Translated translated, long created, Action commit)
    {
        _exchange = exchange;
        _provider = target.Provider;
        _client = exchange.Http.Response.BodyWriter;
        _commit = commit;
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
        _reader = Dialects.Of(_provider.Dialect).Reader(new TeeSink(exchange.Answer, sink), exchange.Id[^12..]);
    }

    /// <summary>Whether the answer has begun for the client.</summary>
    public bool Committed { get; private set; }

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <summary>Reads a whole answer and gives it to the client, as a stream if that was asked for.</summary>
    public async ValueTask<GatewayError?> WholeAsync(ReadOnlyMemory<byte> body)
    {
        if (_reader.ReadWhole(body.Span) == EventNature.Error)
            return UpstreamFailure.InAnswer(_provider, _exchange);
        if (!_reader.Ended)
            return UpstreamFailure.Cut(_provider);
        if (BrokeOff(0) is { } broken)
            return broken;
        OnContent?.Invoke();
        Commit();
        if (!_exchange.Stream)
            _exchange.Http.Response.ContentLength = _output.Length;
        Pass();
        return await FlushAsync() ? null : Gone();
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <returns>Null where the answer ended complete, else why not.</returns>
    public async ValueTask<GatewayError?> StreamAsync(Stream upstream, Patience patience)
    {
        while (true)
        {
            if (_input.Length - _parsed > MostEventBytes)
                return new GatewayError(ErrorKind.ProviderFailed, "The provider sent an event larger than this gateway reads.");
            MakeRoom();
            patience.Restart();

            // Kept for a moment on purpose: whether it is pending says when to flush. It is awaited once, below.
#pragma warning disable CA2012
            ValueTask<int> read = upstream.ReadAsync(_input.GetMemory(8 * 1024), patience.Token);
#pragma warning restore CA2012
            if (!read.IsCompleted)
            {
                Task<int>? pending = Waits() ? read.AsTask() : null;
                if (pending is not null)
                {
                    read = new ValueTask<int>(pending);
                    if (await WaitAsync(pending, patience) is { } gone)
                        return gone;
                }
                else if (_client.UnflushedBytes > 0 && !await FlushAsync())
                {
                    return Gone();
                }
            }

            int count = await read;
            _input.Advance(count);
            GatewayError? error = Take(atEnd: count == 0);
            if (error is not null)
                return await EndAsync(error);
            if (count == 0)
                return await EndAsync(_reader.Ended ? null : UpstreamFailure.Cut(_provider));
            if (_client.UnflushedBytes > 64 * 1024 && !await FlushAsync())
                return Gone();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _output.Dispose();
        _input.Dispose();
    }

    private bool Pings => _exchange.Operation.Speaks == DialectFamily.Anthropic && _exchange.Stream;

    /// <summary>Whether a wait has to be looked after: to stop holding back, or to send a ping.</summary>
    private bool Waits() => !Committed ? _parsed > 0 || _output.Length > 0 || _seen : Pings;

    private async ValueTask<GatewayError?> WaitAsync(Task<int> pending, Patience patience)
    {
        if (!Committed)
        {
            await Task.WhenAny(pending, Task.Delay(HoldBack, patience.Time, patience.Token));
            if (pending.IsCompleted)
                return null;
            Commit();
            Pass();
        }

        if (!await FlushAsync())
            return Gone();
        while (Pings && !pending.IsCompleted)
        {
            // One timer for many waits: a ping may come a little early, never late.
            _pingDue ??= Task.Delay(PingAfter, patience.Time, patience.Token);
            await Task.WhenAny(pending, _pingDue);
            if (pending.IsCompleted || patience.Token.IsCancellationRequested)
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
                return UpstreamFailure.InAnswer(_provider, _exchange);
            if (BrokeOff(before) is { } broken)
                return broken;
            if (_writer.Shown && !Committed)
                Commit();
        }

        if (atEnd)
        {
            int before = _output.Length;
            _reader.Close();
            if (BrokeOff(before) is { } broken)
                return broken;
        }

        if (Committed)
            Pass();
        return null;
    }

    /// <summary>
    /// An answer that ends with the word that its provider broke off (OpenRouter's and others' <c>error</c>) is no whole one, and most dialects
    /// have no such word: its end is taken back and the error said instead.
    /// </summary>
    private GatewayError? BrokeOff(int before)
    {
        if (_exchange.Answer.Finish != FinishReason.Error)
            return null;
        _output.Truncate(before);
        return UpstreamFailure.BrokeOff(_provider);
    }

    private async ValueTask<GatewayError?> EndAsync(GatewayError? error)
    {
        if (error is not null && !Committed)
            return error;

        // What was said before an error stands; of a complete answer without any content the frame.
        Commit();
        Pass();
        return await FlushAsync() ? error : Gone();
    }

    private void Commit()
    {
        if (Committed)
            return;
        Committed = true;
        if (_writer.Shown)
            OnContent?.Invoke();
        _commit();
    }

    private void Pass()
    {
        if (_output.Length == 0)
            return;
        if (_writer.Shown)
            OnContent?.Invoke();
        ReadOnlySpan<byte> bytes = _output.Written.Span;
        _client.Write(bytes);
        _exchange.Copy?.Add(bytes);
        _exchange.BytesOut += bytes.Length;
        _output.Clear();
    }

    private async ValueTask<bool> FlushAsync()
    {
        FlushResult flushed = await _client.FlushAsync(_exchange.Http.RequestAborted);
        return !flushed.IsCompleted && !flushed.IsCanceled;
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
