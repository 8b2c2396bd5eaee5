using System.Text;
using Perigee.Tests.Wire.Proving;
using Perigee.Tests.Wire.Proving.Grammar;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Proving;

/// <summary>One entry serves all: written by a question in one form, read in every other, whatever dialect the provider spoke.</summary>
public sealed class PairTests
{
    public static IEnumerable<TheoryDataRow<string, string, bool>> Cases =>
        from provider in Provider.Names
        from form in Form.All
        from calls in (bool[])[false, true]
        select new TheoryDataRow<string, string, bool>(provider.Name, form.Name, calls);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Written_one_way_it_is_read_in_all(string provider, string written, bool calls)
    {
        await using Scene scene = await Scene.StartAsync();
        Instance other = await scene.AddAsync();
        Speech speech = scene.Provider.Says = calls ? Speech.Call : Speech.Text;
        Form writer = Form.Of(written);
        Reply first = await scene.One.AskAsync(writer, provider + "/m");
        Assert.True(first is { Status: 200, Cache: "miss", Cut: false }, first.ToString());
        Assert.Equal("", first.Header("age"));
        Says(speech, writer, first, "the first answer");
        await scene.WrittenAsync();
        scene.Time.Advance(TimeSpan.FromSeconds(90));
        foreach (Instance instance in (Instance[])[scene.One, other])
        {
            // Twice: the second time it is known how its bytes look in that form.
            foreach (Form reader in Form.All.Concat(Form.All))
            {
                string what = $"written as {writer}, read as {reader}";
                Reply again = await instance.AskAsync(reader, provider + "/m");
                Assert.True(again is { Status: 200, Cache: "hit", Cut: false }, $"{what}: {again}");
                Assert.Equal(("90", first.Id, first.Key), (again.Header("age"), again.Header("x-perigee-cache-source"), again.Key));
                Assert.Equal("exact", again.Header("x-perigee-cache-tier"));
                Assert.NotEqual(first.Id, again.Id);
                Assert.Equal(provider + "/m", again.Header("x-perigee-target"));
                if (reader == writer)
                    Assert.Equal((first.Body, first.Type), (again.Body, again.Type));
                Says(speech, reader, again, what);
            }
        }

        Assert.Equal(32, first.Key.Length);
        Assert.Equal(1, scene.Calls);
    }

    /// <summary>By a checker that shares no code with the writers, and by the verbs of the dialect's reader.</summary>
    private static void Says(Speech speech, Form form, Reply reply, string what)
    {
        what = $"{what}: {reply.Body}";
        Assert.Equal(form.Framing == Framing.Sse ? "text/event-stream" : "application/json", reply.Type.Split(';')[0]);
        if (form.Stream)
            StreamGrammar.Check(form.Dialect, Unified(form, reply.Bytes), form.Usage, form.Framing == Framing.Array).AssertKept(what);
        else
            Assert.True(WholeGrammar.Fault(form.Dialect, Json.Parse(reply.Bytes)) is null, what);
        Told told = Dialects.Tell(form.Dialect, reply.Bytes, form.Framing);
        told.AssertKept(what);
        Assert.True(told.Complete && told.Ended, what);
        Assert.True(told.First.Text == speech.All, what);
        Assert.Equal(speech.Calls ? ["get_weather {\"city\":\"Bonn\"}"] : [], told.First.Calls.Select(call => $"{call.Name} {call.Arguments}"));
        Assert.True(told.First.Finish == (speech.Calls ? FinishReason.ToolCalls : FinishReason.Stop), what);
        Assert.Equal("m1", told.Model);
        if (form.Usage)
            Assert.True((Speech.Input, Speech.Output) == (told.LastUsage?.Input, told.LastUsage?.Output), what);
        else
            Assert.Null(told.LastUsage);
    }

    /// <summary>The checker wants Gemini's own line ends, which a provider behind a same-dialect route may not have sent.</summary>
    private static byte[] Unified(Form form, byte[] bytes) => form is not { Dialect: Dialects.Gemini, Framing: Framing.Sse } ? bytes
        : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
}
