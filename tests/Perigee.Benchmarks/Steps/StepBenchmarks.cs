using System.Collections.Frozen;
using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perigee.Caching;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Benchmarks.Steps;

/// <summary>The parts that every request or every event goes through. The bytes are asserted, the times are only printed.</summary>
[MemoryDiagnoser]
public class StepBenchmarks
{
    private static readonly byte[] Question = Encoding.UTF8.GetBytes(
        """{"model":"openai/gpt-5-mini","temperature":0.2,"stream":true,"messages":[{"role":"system","content":"You are terse.\nAnswer in one line."},{"role":"user","content":"What is the point of an orbit that is nearest to Earth called?"}],"tools":[{"type":"function","function":{"name":"look_up","description":"Looks a word up","parameters":{"type":"object","properties":{"word":{"type":"string"}},"required":["word"]}}}]}""");

    private static readonly byte[] Event = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","system_fingerprint":"fp","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}""");

    private static readonly byte[] Frame = [.. "data: "u8, .. Event, .. "\n\n"u8];

    private static readonly Dictionary<string, long> MostBytes = new()
    {
        [nameof(IndexQuestion)] = 96,
        [nameof(HashQuestion)] = 160,
        [nameof(SpliceQuestion)] = 384,
        [nameof(ReadEvent)] = 0,
        [nameof(FindFrame)] = 0,
    };

    private readonly byte[] _question = Question;
    private readonly byte[] _frame = Frame;
    private readonly FrozenSet<string> _refuses = FrozenSet.Create("logit_bias");
    private readonly JsonIndex _index = Parse(Question);
    private readonly IAnswerReader _reader = OpenAiChatDialect.Chat.Reader(new AnswerFacts());

    /// <summary>Runs them and compares the bytes with their bounds.</summary>
    public static int Run(string[] args)
    {
        IConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithOptions(ConfigOptions.DisableOptimizationsValidator);
        Summary summary = BenchmarkRunner.Run<StepBenchmarks>(config, args);
        bool good = true;
        foreach (BenchmarkReport report in summary.Reports)
        {
            string name = report.BenchmarkCase.Descriptor.WorkloadMethod.Name;
            long bytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? long.MaxValue;
            bool within = bytes <= MostBytes[name];
            good &= within;
            Console.WriteLine($"{(within ? "ok  " : "OVER")} {name}: {bytes} B, at most {MostBytes[name]} B");
        }

        return good ? 0 : 1;
    }

    [Benchmark]
    public int IndexQuestion()
    {
        using JsonIndex index = Parse(_question);
        return index.Count;
    }

    [Benchmark]
    public string HashQuestion() => QuestionKey.Hash(_index);

    [Benchmark]
    public int SpliceQuestion() => JsonSplice.Apply(_index, new("gpt-5-mini", true, _refuses), out _).Count;

    [Benchmark]
    public object ReadEvent() => _reader.ReadEvent([], Event) == EventNature.Content ? _reader : throw new InvalidOperationException();

    [Benchmark]
    public int FindFrame()
    {
        int scanned = 0;
        return SseFrame.TryRead(_frame, false, ref scanned, out SseFrame frame) ? frame.Length : 0;
    }

    private static JsonIndex Parse(byte[] question) => JsonIndex.TryParse(question, out JsonIndex? index, out string? fault) ? index : throw new InvalidOperationException(fault);
}
