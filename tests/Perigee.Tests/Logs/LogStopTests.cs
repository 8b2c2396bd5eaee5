using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Logs.Bodies;
using Perigee.Logs.Shipping;
using Perigee.Logs.Verifying;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Logs;

/// <summary>A storage that fails all through the stop: what was not written is counted when the process ends, and told by the next one on the machine.</summary>
public sealed class LogStopTests : IDisposable
{
    private const int Records = 10;

    private static readonly DateTimeOffset Start = new(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perigee-stop-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(LogSchema.Requests, true)]
    [InlineData(LogSchema.Bodies, true)]
    [InlineData(LogSchema.Audit, false)]
    public async Task What_a_stop_could_not_write_is_said_and_counted_and_the_next_process_tells_it(string stream, bool lost)
    {
        FaultyBlobs blobs = new(new Random(1), _time) { Outage = (Start, DateTimeOffset.MaxValue) };
        ConcurrentQueue<string> lines = new();
        long dropped = 0;
        string meter = Guid.NewGuid().ToString("N");
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == meter && instrument.Name == "perigee.logs.dropped")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => dropped += tags[0].Value as string == stream ? count : 0);
        listener.Start();
        using (LogMetrics metrics = new(meter))
        using (Shippers first = new(blobs, _time, "i1", _folder.FullName, metrics, lines))
        {
            await first.All.StartAsync(default);
            await first.FillAsync(stream);
            await UntilAsync(() => blobs.Faults > 0);
            Task stop = first.All.StopAsync(default);
            await UntilAsync(() => stop.IsCompleted);
            await stop;
        }

        // Who asks for the audit's records finds them in the table: nothing is lost, and the line says so.
        Assert.Equal(lost ? Records : 0, dropped);
        string line = Assert.Single(lines, one => one.Contains("unwritten", StringComparison.Ordinal));
        Assert.StartsWith($"Shipping of stream {stream} ended with {Records} records unwritten.", line, StringComparison.Ordinal);
        Assert.Equal(!lost, line.Contains("They are in the table", StringComparison.Ordinal));

        // The next process on the machine says it in a blob of its own, whether anything happens there or not.
        Gone(_folder.FullName);
        blobs.Outage = default;
        using LogMetrics quiet = new(meter);
        using Shippers next = new(blobs, _time, "i2", _folder.FullName, quiet, lines);
        await next.All.StartAsync(default);
        await UntilAsync(() => blobs.All.Count == 1);
        Task end = next.All.StopAsync(default);
        await UntilAsync(() => end.IsCompleted);
        using TestStorage table = new();
        StreamReport report = await new LogVerifier(blobs, table).VerifyAsync(stream, Start.AddHours(-1), Start.AddHours(1), null, TestContext.Current.CancellationToken);
        Assert.Equal((0L, Records), (report.Instances["i1"].Records, report.Instances["i1"].LostAtEnd!.Value));
        Assert.Empty(Directory.EnumerateFiles(_folder.FullName, "*", SearchOption.AllDirectories));
    }

    // The process of these files is one that is not there any more.
    internal static void Gone(string folder, string instance = "")
    {
        foreach (string file in Directory.EnumerateFiles(folder, instance + "*", SearchOption.AllDirectories))
            File.Move(file, file.Replace($".{Environment.ProcessId}.", ".999999999.", StringComparison.Ordinal));
    }

    private async Task UntilAsync(Func<bool> happened)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
        while (!happened())
        {
            Assert.False(deadline.IsCancellationRequested, "It did not happen within 60 seconds.");
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, CancellationToken.None);
        }
    }

    private sealed class Shippers : IDisposable
    {
        private readonly LogShipper _requests;
        private readonly BodyShipper _bodies;
        private readonly AuditShipper _audit;

        public Shippers(FaultyBlobs blobs, TimeProvider time, string instance, string folder, LogMetrics metrics, ConcurrentQueue<string> lines)
        {
            GatewayHost host = new() { Mode = "local", Instance = instance };
            LogFolder notes = new(folder);
            Redactor redactor = new([]);
            _requests = new LogShipper(blobs, host, new Fixed(), redactor, time, new Lines<LogShipper>(lines), metrics, notes);
            _bodies = new BodyShipper(blobs, host, new Fixed(), redactor, time, new Lines<BodyShipper>(lines), metrics, notes);
            _audit = new AuditShipper(blobs, host, new Fixed(), redactor, time, new Lines<AuditShipper>(lines), metrics, notes);
            All = new LogShipping(_requests, _bodies, _audit);
        }

        public LogShipping All { get; }

        public async Task FillAsync(string stream)
        {
            for (int i = 0; i < Records; i++)
            {
                switch (stream)
                {
                    case LogSchema.Requests:
                        _requests.Take(new ExchangeRecord { Id = $"{i}", Time = Start, Dialect = "d", Operation = "o" });
                        break;
                    case LogSchema.Bodies:
                        CapturedBody body = _bodies.Begin(100);
                        body.Add("text"u8);
                        _bodies.Take(new BodyItem($"{i}", Start, BodyPart.Question, body));
                        break;
                    default:
                        await _audit.TakeRoomAsync(default);
                        _audit.Keep(new AuditEntry($"{i}", Start, """{"id":"1"}"""u8.ToArray(), "h"));
                        break;
                }
            }
        }

        public void Dispose()
        {
            _requests.Dispose();
            _bodies.Dispose();
            _audit.Dispose();
        }
    }

    private sealed class Lines<T>(ConcurrentQueue<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));
    }

    private sealed class Fixed : IGatewayOptions
    {
        public GatewayOptions Current { get; } = Settings.Read("");
    }
}
