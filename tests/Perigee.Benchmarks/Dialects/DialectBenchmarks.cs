using System.Net.ServerSentEvents;
using BenchmarkDotNet.Attributes;
using Perigee.Forwarding;
using Perigee.Tests.Wire.Allocation;
using Perigee.Wire;

namespace Perigee.Benchmarks.Dialects;

/// <summary>A stream on its way from every dialect into every other, and the bare parsers that it is compared with. One operation is a whole stream.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class DialectBenchmarks : IDisposable
{
    /// <summary>Events of the kind that is measured; a stream's opening and end are some more.</summary>
    public const int Events = 500;

    /// <summary>Only finds the events.</summary>
    public const string Find = "(found only)";

    /// <summary>Only reads what a meter needs, as when the stream passes in its own bytes.</summary>
    public const string Meter = "(metered only)";

    /// <summary>.NET's own parser of such streams.</summary>
    public const string Parser = "(SseParser)";

    private readonly PooledBuffer _output = new();
    private byte[] _stream = [];
    private IChatDialect _from = StreamRun.Dialect("openai-chat");
    private IChatDialect _to = StreamRun.Dialect("openai-chat");

    /// <summary>The provider's dialect.</summary>
    [ParamsSource(nameof(Sources))]
    public string From { get; set; } = "openai-chat";

    /// <summary>What the events hold.</summary>
    [ParamsSource(nameof(Kinds))]
    public string Kind { get; set; } = "Text";

    /// <summary>The client's dialect, or what else is done with the stream.</summary>
    [ParamsSource(nameof(Targets))]
    public string To { get; set; } = "openai-chat";

    public static IEnumerable<string> Sources => SampleStreams.Dialects;

    public static IEnumerable<string> Kinds => Enum.GetNames<EventKind>();

    public static IEnumerable<string> Targets => [Parser, Find, Meter, .. SampleStreams.Dialects];

    /// <summary>Makes the stream, and has the code compiled to its end: a short job must not measure the compiler.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _stream = SampleStreams.Make(From, Enum.Parse<EventKind>(Kind), Events);
        _from = StreamRun.Dialect(From);
        if (!To.StartsWith('('))
            _to = StreamRun.Dialect(To);
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 60; i++)
                Run();
            Thread.Sleep(150);
        }
    }

    /// <summary>Gives the buffer back.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _output.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public long Run() => To switch
    {
        Parser => Parse(),
        Find => StreamRun.Find(_stream),
        Meter => StreamRun.Meter(_stream, _from),
        _ => StreamRun.Translate(_stream, _from, _to, _output),
    };

    private long Parse()
    {
        long bytes = 0;
        using MemoryStream stream = new(_stream);
        foreach (SseItem<int> item in SseParser.Create(stream, (_, data) => data.Length).Enumerate())
            bytes += item.Data;
        return bytes;
    }
}
