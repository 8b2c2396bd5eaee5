using System.Globalization;
using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>A random answer as the verbs that a reader would say, to be said to any sink.</summary>
internal sealed class Script
{
    private static readonly string[] Texts = ["Hel", "lo ", "ü😀", "\\\"q\\\"", "\\n", "\\u00e9", "\\\\", "{", "data: ", " ", "日本"];
    private static readonly string[] Arguments = ["{}", "{\\\"a\\\":1}", "{\\\"city\\\":\\\"Bo\\\\nn\\\",\\\"l\\\":[1,2]}", "", "{\\\"ü\\\":\\\"\\\\u00e9\\\"}"];

    private readonly List<Action<IStreamSink>> _verbs = [];

    /// <summary>A ref struct is no type argument of Action.</summary>
    private delegate void TextVerb(IStreamSink sink, JsonText text);

    public string Words { get; private set; } = "";

    public void Say(IStreamSink sink)
    {
        foreach (Action<IStreamSink> verb in _verbs)
            verb(sink);
    }

    /// <summary>An answer of one choice: reasoning and its proofs, text, calls (perhaps interleaved), a finish, usage.</summary>
    public static Script Random(Random random)
    {
        Script script = new();
        script.Add("begin", s => s.Begin("prov-1"u8, "the-model"u8));
        int calls = 0;
        bool anyText = false;
        int blocks = random.Next(1, 6);
        for (int i = 0; i < blocks; i++)
        {
            switch (random.Next(5))
            {
                case 0:
                    for (int k = random.Next(1, 4); k > 0; k--)
                        script.Text("reasoning", Pick(Texts, random), (s, t) => s.Reasoning(0, t));
                    if (random.Next(2) == 0)
                        script.Proof(ProofKind.Signature, random);
                    else
                        script.Add("reasoning end", s => s.ReasoningEnd(0));
                    break;
                case 1:
                    script.Proof(random.Next(2) == 0 ? ProofKind.Redacted : ProofKind.Signature, random);
                    break;
                case 2 or 3:
                    for (int k = random.Next(1, 5); k > 0; k--)
                        script.Text("text", Pick(Texts, random), (s, t) => s.Text(0, t));
                    anyText = true;
                    break;
                default:
                    calls = script.Calls(calls, random);
                    break;
            }
        }

        if (!anyText && calls == 0)
            script.Text("text", "Hi", (s, t) => s.Text(0, t));
        FinishReason reason = calls > 0 && random.Next(4) > 0 ? FinishReason.ToolCalls : (FinishReason[])[FinishReason.Stop, FinishReason.Length, FinishReason.ContentFilter] is var all ? all[random.Next(all.Length)] : default;
        if (calls > 0 && reason == FinishReason.Stop)
            reason = FinishReason.ToolCalls;
        TokenUsage usage = new(random.Next(1000), random.Next(2) * random.Next(100), 0, random.Next(1000), random.Next(2) * random.Next(100));
        bool early = random.Next(2) == 0;
        if (early)
            script.Add("usage", s => s.Usage(usage));
        script.Add($"finish {reason}", s => s.Finish(0, new Ending(reason)));
        if (!early)
            script.Add("usage", s => s.Usage(usage));
        script.Add("end", s => s.End());
        return script;
    }

    private int Calls(int first, Random random)
    {
        int count = random.Next(1, 4);
        List<Queue<string>> pieces = [];
        for (int c = 0; c < count; c++)
        {
            int index = first + c;
            byte[] id = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"call_{index}")), name = Encoding.UTF8.GetBytes(random.Next(2) == 0 ? "get_weather" : "find");
            Add($"call {index}", s => s.ToolCall(0, index, new JsonText(id), new JsonText(name)));
            pieces.Add(Cut(Pick(Arguments, random), random));
        }

        // Parallel calls may interleave.
        while (pieces.Any(p => p.Count > 0))
        {
            int c = random.Next(count);
            if (pieces[c].TryDequeue(out string? piece))
            {
                int index = first + c;
                Text($"arguments {index}", piece, (s, t) => s.ToolArguments(0, index, t));
            }
        }

        for (int c = 0; c < count; c++)
        {
            int index = first + c;
            Add($"call end {index}", s => s.ToolEnd(0, index));
        }

        return first + count;
    }

    /// <summary>Pieces that do not cut an escape.</summary>
    private static Queue<string> Cut(string escaped, Random random)
    {
        Queue<string> pieces = [];
        StringBuilder piece = new();
        for (int i = 0; i < escaped.Length; i++)
        {
            piece.Append(escaped[i]);
            if (escaped[i] == '\\')
                piece.Append(escaped[++i]);
            if (random.Next(3) == 0)
            {
                pieces.Enqueue(piece.ToString());
                piece.Clear();
            }
        }

        if (piece.Length > 0)
            pieces.Enqueue(piece.ToString());
        return pieces;
    }

    private static string Pick(string[] from, Random random) => from[random.Next(from.Length)];

    private void Proof(ProofKind kind, Random random)
    {
        byte[] data = Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes("proof" + random.Next(1000).ToString(CultureInfo.InvariantCulture))));
        ProofOrigin origin = kind == ProofKind.Redacted || random.Next(2) == 0 ? ProofOrigin.Anthropic : ProofOrigin.Google;
        Add($"proof {origin} {kind}", s => s.Proof(0, new Proof(origin, kind, new JsonText(data))));
    }

    private void Text(string what, string escaped, TextVerb verb)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(escaped);
        Add($"{what} {escaped}", s => verb(s, new JsonText(bytes)));
    }

    private void Add(string words, Action<IStreamSink> verb)
    {
        Words += words + "\n";
        _verbs.Add(verb);
    }
}
