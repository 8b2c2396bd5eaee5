using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>Equal questions at one time are one call.</summary>
public sealed class SingleFlightTests(Rig rig)
{
    private const int Callers = 50;

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task Fifty_equal_questions_at_once_are_one_call_to_the_provider(HostKind kind, bool stream)
    {
        int calls = 0;
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            Interlocked.Increment(ref calls);
            if (!stream)
            {
                // Whoever comes later than this finds the answer in the cache: no call of its own either way.
                await Task.Delay(500, http.RequestAborted);
                await Say.AnswerAsync(http, "for all");
                return;
            }

            Say.Stream(http);
            await Say.PieceAsync(http, "for");
            await Task.Delay(500, http.RequestAborted);
            await Say.PieceAsync(http, " all");
            await Say.EndAsync(http);
        });
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        string prompt = Prompts.New("Together");
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Answer.ChatAsync(client, model, prompt, stream)));
        int joined = answers.Count(answer => answer.Response.Headers.GetValues("x-perigee-cache").Single() == "joined");
        TestContext.Current.TestOutputHelper!.WriteLine($"{kind}, {(stream ? "streamed" : "whole")}: {calls} calls, {joined} joined");
        Assert.All(answers, answer => Assert.Equal(System.Net.HttpStatusCode.OK, answer.Status));
        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        Assert.Equal(1, calls);
        Assert.InRange(joined, Callers / 2, Callers - 1);
    }
}
