using System.Text;
using Perigee.Caching;

namespace Perigee.Tests.Caching;

public class FlightTests
{
    private readonly FlightRig _rig = new();

    [Theory]
    [InlineData("chat", true)]
    [InlineData("chat", false)]
    [InlineData("messages", true)]
    [InlineData("messages", false)]
    [InlineData("gemini", true)]
    [InlineData("gemini", false)]
    public async Task Fifty_equal_questions_are_one_call(string operation, bool stream)
    {
        FlightRig.Client[] clients = [.. Enumerable.Range(0, 50).Select(_ => _rig.Ask(operation, stream))];
        string[] pieces = stream ? ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] : ["{\"whole\":1}"];
        foreach (string piece in pieces)
            _rig.Only.Say(piece);
        _rig.Only.End();

        foreach (FlightRig.Client client in clients)
        {
            await client.EndAsync();
            Exchange exchange = client.Exchange;
            Assert.Equal(string.Concat(pieces), client.Text);
            Assert.Equal((true, 200, "the-model", 5L), (exchange.Complete, exchange.Http.Response.StatusCode, exchange.Answer.Model, (exchange.Answer.Usage ?? exchange.CacheReceipt!.Saved)!.Value.OutputText));
            Assert.Equal("test/m", exchange.Http.Response.Headers[HeaderNames.Target]);
            Assert.Equal(client == clients[0] ? ("miss", CacheOutcome.Miss) : ("joined", CacheOutcome.Joined), (client.Cache, exchange.Cache));
            Assert.Equal(client == clients[0], exchange.Http.Response.Headers.ContainsKey(HeaderNames.ProviderRequestId));
            Assert.Equal(client.Sent.Length, exchange.BytesOut);
        }

        Assert.Equal(0, _rig.Flights.Count);
        FlightRig.Client late = _rig.Ask(operation, stream);
        await late.EndAsync();
        Assert.Equal(("hit", string.Concat(pieces)), (late.Cache, late.Text));
        Assert.Single(_rig.Calls);
    }

    [Fact]
    public async Task Equal_questions_at_any_moment_are_one_call()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random dice = new(seed);
        for (int round = 0; round < 200; round++)
        {
            FlightRig rig = new();
            FlightRig.Client[] clients = [.. Enumerable.Range(0, 8).Select(_ => new FlightRig.Client(FlightRig.Make("chat", true, "hi", "t1")))];
            int[] waits = [.. clients.Select(_ => dice.Next(2000))];
            await Task.WhenAll(clients.Select((client, i) => Task.Run(async () =>
            {
                Thread.SpinWait(waits[i]);
                Task asked = rig.InvokeAsync(client);
                foreach (FlightRig.Call call in rig.Calls)
                {
                    call.Say("x");
                    call.End();
                }

                await asked;
            }))).WaitAsync(TimeSpan.FromSeconds(90));
            Assert.Single(rig.Calls);
            Assert.All(clients, client => Assert.StartsWith("x", client.Text, StringComparison.Ordinal));
            Assert.All(clients, client => Assert.True(client.Exchange.Complete));
        }
    }

    [Fact]
    public async Task What_was_answered_while_one_looked_for_it_is_not_asked_again()
    {
        TaskCompletionSource found = new();
        _rig.Tables.Gate = found.Task;
        FlightRig.Client looks = _rig.Ask();
        _rig.Tables.Gate = Task.CompletedTask;
        FlightRig.Client asks = _rig.Ask();
        _rig.Only.Say("1");
        _rig.Only.End();
        await asks.EndAsync();
        found.SetResult();
        await looks.EndAsync();
        Assert.Equal(("1", "hit"), (looks.Text, looks.Cache));
        Assert.Single(_rig.Calls);
    }

    [Fact]
    public async Task Who_joins_late_gets_what_was_and_then_what_comes()
    {
        FlightRig.Client first = _rig.Ask();
        _rig.Only.Say("1");
        _rig.Only.Say("2");
        await first.HasAsync("12");

        FlightRig.Client late = _rig.Ask();
        await late.HasAsync("12");
        _rig.Only.Say("3");
        await late.HasAsync("123");
        await first.HasAsync("123");
        _rig.Only.End();

        await late.EndAsync();
        Assert.True(late.Exchange.Complete);
    }

    [Fact]
    public async Task The_leader_may_go()
    {
        (FlightRig.Client leader, FlightRig.Client follower) = (_rig.Ask(), _rig.Ask());
        _rig.Only.Say("1");
        await follower.HasAsync("1");
        leader.Leave();
        _rig.Only.Say("2");
        await follower.HasAsync("12");
        FlightRig.Client late = _rig.Ask();
        _rig.Only.End();
        await Task.WhenAll(leader.EndAsync(), follower.EndAsync(), late.EndAsync());

        Assert.False(_rig.Only.Cancelled);
        Assert.Equal((false, ErrorKind.ClientGone, "1"), (leader.Exchange.Complete, leader.Exchange.Error?.Kind, leader.Text));
        Assert.Equal((true, null, "12"), (follower.Exchange.Complete, follower.Exchange.Error, follower.Text));
        Assert.Equal((true, "12"), (late.Exchange.Complete, late.Text));
        FlightRig.Client after = _rig.Ask();
        await after.EndAsync();
        Assert.Equal("hit", after.Cache);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_all_are_gone_the_call_is_cancelled(bool leaderFirst)
    {
        FlightRig.Client[] clients = [_rig.Ask(), _rig.Ask(), _rig.Ask()];
        _rig.Only.Say("1");
        await clients[2].HasAsync("1");
        foreach (FlightRig.Client client in leaderFirst ? clients : clients.Reverse())
        {
            Assert.False(_rig.Only.Cancelled);
            client.Leave();
        }

        foreach (FlightRig.Client client in clients)
            await client.EndAsync();
        Assert.True(_rig.Only.Cancelled);
        Assert.All(clients, client => Assert.Equal(ErrorKind.ClientGone, client.Exchange.Error?.Kind));
        Assert.Equal(0, _rig.Flights.Count);
    }

    [Fact]
    public async Task Whoever_comes_to_a_call_that_all_have_left_asks_anew()
    {
        FlightRig.Client gone = _rig.Ask();
        gone.Leave();
        FlightRig.Client next = _rig.Ask();
        _rig.Calls[^1].Say("new");
        _rig.Calls[^1].End();
        await next.EndAsync();
        Assert.Equal((2, "new", "miss"), (_rig.Calls.Count, next.Text, next.Cache));
    }

    [Fact]
    public async Task A_follower_that_goes_ends_only_itself()
    {
        (FlightRig.Client leader, FlightRig.Client goes, FlightRig.Client stays) = (_rig.Ask(), _rig.Ask(), _rig.Ask());
        _rig.Only.Say("1");
        await goes.HasAsync("1");
        goes.Leave();
        await goes.EndAsync();
        Assert.Equal((false, ErrorKind.ClientGone), (goes.Exchange.Complete, goes.Exchange.Error?.Kind));
        _rig.Only.Say("2");
        _rig.Only.End();
        await Task.WhenAll(leader.EndAsync(), stays.EndAsync());
        Assert.Equal(("12", "12"), (leader.Text, stays.Text));
    }

    [Theory]
    [InlineData("chat", true)]
    [InlineData("chat", false)]
    [InlineData("messages", true)]
    [InlineData("gemini", false)]
    public async Task A_failure_before_anything_was_shown_is_everybodys(string operation, bool stream)
    {
        FlightRig.Client[] clients = [_rig.Ask(operation, stream), _rig.Ask(operation, stream), _rig.Ask(operation, stream)];
        _rig.Only.Fail(new GatewayError(ErrorKind.ProviderRefused, "too many", RetryAfter: TimeSpan.FromSeconds(7)) { Status = 429 });
        foreach (FlightRig.Client client in clients)
        {
            await client.EndAsync();
            Assert.Equal((429, "7"), (client.Exchange.Http.Response.StatusCode, client.Exchange.Http.Response.Headers.RetryAfter.ToString()));
            Assert.Equal(clients[0].Text, client.Text);
            Assert.Contains("too many", client.Text, StringComparison.Ordinal);
        }

        Assert.Single(_rig.Calls);
        _ = _rig.Ask(operation, stream);
        Assert.Equal(2, _rig.Calls.Count);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("messages")]
    [InlineData("gemini")]
    public async Task A_failure_after_content_is_told_as_an_event_of_the_dialect(string operation)
    {
        (FlightRig.Client leader, FlightRig.Client follower) = (_rig.Ask(operation), _rig.Ask(operation));
        _rig.Only.Say("data: 1\n\n");
        _rig.Only.Fail(new GatewayError(ErrorKind.ProviderFailed, "it broke off"));
        await Task.WhenAll(leader.EndAsync(), follower.EndAsync());

        Assert.Contains("it broke off", leader.Text, StringComparison.Ordinal);
        Assert.Equal(leader.Text, follower.Text);
        Assert.Equal((false, ErrorKind.ProviderFailed), (follower.Exchange.Complete, follower.Exchange.Error?.Kind));
        _ = _rig.Ask(operation);
        Assert.Equal(2, _rig.Calls.Count);
    }

    [Fact]
    public async Task An_error_event_of_the_providers_own_is_not_told_twice()
    {
        (FlightRig.Client leader, FlightRig.Client follower) = (_rig.Ask(), _rig.Ask());
        _rig.Only.Say("data: {\"error\":1}\n\n");
        _rig.Only.Fail(new GatewayError(ErrorKind.ProviderFailed, "in the answer"), own: true);
        await Task.WhenAll(leader.EndAsync(), follower.EndAsync());
        Assert.Equal(("data: {\"error\":1}\n\n", ErrorKind.ProviderFailed), (follower.Text, follower.Exchange.Error?.Kind));
    }

    [Theory]
    [InlineData("crash")]
    [InlineData("internal")]
    [InlineData("gone")]
    public async Task Who_was_shown_nothing_is_not_lost_with_the_leader(string how)
    {
        (FlightRig.Client leader, FlightRig.Client a, FlightRig.Client b) = (_rig.Ask(), _rig.Ask(), _rig.Ask());
        if (how == "crash")
            _rig.Only.Crash();
        else
            _rig.Only.Fail(new GatewayError(how == "gone" ? ErrorKind.ClientGone : ErrorKind.Internal, "own fault"));
        if (how == "crash")
            await Assert.ThrowsAsync<InvalidOperationException>(leader.EndAsync);
        else
            await leader.EndAsync();

        while (_rig.Calls.Count < 2)
            await Task.Yield();
        _rig.Calls[1].Say("again");
        _rig.Calls[1].End();
        await Task.WhenAll(a.EndAsync(), b.EndAsync());
        Assert.Equal((2, "again", "again"), (_rig.Calls.Count, a.Text, b.Text));
        Assert.True(a.Exchange.Complete && b.Exchange.Complete);
    }

    [Fact]
    public async Task Who_was_shown_something_is_told_when_the_leader_crashes()
    {
        (FlightRig.Client leader, FlightRig.Client follower) = (_rig.Ask(), _rig.Ask());
        _rig.Only.Say("data: 1\n\n");
        await follower.HasAsync("data: 1\n\n");
        _rig.Only.Crash();
        await Assert.ThrowsAsync<InvalidOperationException>(leader.EndAsync);
        await follower.EndAsync();
        Assert.StartsWith("data: 1\n\ndata: {\"error\"", follower.Text, StringComparison.Ordinal);
        Assert.Single(_rig.Calls);
    }

    [Fact]
    public async Task A_question_that_always_crashes_is_not_asked_by_one_after_the_other_for_ever()
    {
        FlightRig.Client[] clients = [.. Enumerable.Range(0, 10).Select(_ => _rig.Ask())];
        int crashed = 0;
        while (!clients.All(client => client.Done.IsCompleted))
        {
            for (; crashed < _rig.Calls.Count; crashed++)
                _rig.Calls[crashed].Crash();
            await Task.Yield();
        }

        Assert.Equal(10, _rig.Calls.Count);
        Assert.All(clients, client => Assert.True(client.Done.IsFaulted));
    }

    [Fact]
    public async Task A_slow_follower_holds_nobody_up_and_gets_everything()
    {
        (FlightRig.Client leader, FlightRig.Client slow, FlightRig.Client quick) = (_rig.Ask(), _rig.Ask(), _rig.Ask());
        TaskCompletionSource takes = new();
        slow.Sent.Takes = takes.Task;
        StringBuilder all = new();
        for (int i = 0; i < 300; i++)
        {
            string piece = new((char)('a' + (i % 26)), 1000);
            all.Append(piece);
            _rig.Only.Say(piece);
        }

        _rig.Only.End();
        await Task.WhenAll(leader.EndAsync(), quick.EndAsync());
        Assert.Equal((all.ToString(), ""), (quick.Text, slow.Text));
        takes.SetResult();
        await slow.EndAsync();
        Assert.Equal((all.ToString(), true), (slow.Text, slow.Exchange.Complete));
    }

    [Fact]
    public async Task A_leader_that_takes_nothing_holds_back_nothing_that_was_said()
    {
        FlightRig.Client leader = _rig.Ask();
        TaskCompletionSource takes = new();
        leader.Sent.Takes = takes.Task;
        FlightRig.Client follower = _rig.Ask();
        _rig.Only.Say("1");
        await follower.HasAsync("1");
        takes.SetResult();
        _rig.Only.End();
        await Task.WhenAll(leader.EndAsync(), follower.EndAsync());
    }

    [Fact]
    public void Different_questions_never_join()
    {
        _ = _rig.Ask();
        int calls = 1;
        foreach (Action other in (Action[])
        [
            () => _rig.Ask(text: "ho"),
            () => _rig.Ask(tenant: "t2"),
            () => _rig.Ask(stream: false),
            () => _rig.Ask("messages"),
            () => _rig.Ask(headers: headers => headers[HeaderNames.NoFallback] = "1"),
            () => _rig.Ask(headers: headers => headers["anthropic-beta"] = "x"),
            () => _rig.Ask(headers: headers => headers[HeaderNames.Quality] = "strong"),
            () => _rig.Ask(headers: headers => headers[HeaderNames.Cache] = "off"),
            () => _rig.Ask(headers: headers => headers[HeaderNames.Cache] = "refresh"),
            () => _rig.Ask(headers: headers => headers.CacheControl = "no-store"),
            () => _rig.Ask(headers: headers => headers[HeaderNames.Explain] = "1"),
        ])
        {
            other();
            Assert.Equal(++calls, _rig.Calls.Count);
        }

        _ = _rig.Ask(headers: headers => headers[HeaderNames.NoFallback] = "true");
        Assert.Equal(calls, _rig.Calls.Count);
    }

    [Fact]
    public void A_question_for_the_decision_alone_has_nothing_to_do_with_the_cache() =>
        Assert.Null(_rig.Ask(headers: headers => headers[HeaderNames.Explain] = "true").Cache);

    [Fact]
    public async Task Only_asks_nobody_and_joins_nobody()
    {
        _ = _rig.Ask();
        FlightRig.Client only = _rig.Ask(headers: headers => headers[HeaderNames.Cache] = "only");
        await only.EndAsync();
        Assert.Equal(404, only.Exchange.Http.Response.StatusCode);
    }

    [Fact]
    public async Task What_outgrows_the_bound_goes_on_to_the_leader_alone()
    {
        (FlightRig.Client leader, FlightRig.Client follower) = (_rig.Ask(), _rig.Ask());
        string piece = new('x', 1024 * 1024);
        for (int i = 0; i < 34; i++)
            _rig.Only.Say(piece);
        await follower.EndAsync();
        Assert.Contains("larger than the 33554432 bytes", follower.Exchange.Error?.Message, StringComparison.Ordinal);
        Assert.True(follower.Sent.Length > Flight.MostBytes);

        FlightRig.Client next = _rig.Ask();
        Assert.Equal(2, _rig.Calls.Count);
        _rig.Calls[1].End();
        _rig.Calls[0].End();
        await Task.WhenAll(leader.EndAsync(), next.EndAsync());
        Assert.Equal((34L * piece.Length, true), (leader.Sent.Length, leader.Exchange.Complete));
    }

    [Fact]
    public async Task What_is_too_large_to_be_kept_is_not_held_while_nobody_shares_it()
    {
        FlightRig.Client leader = _rig.Ask();
        string piece = new('x', CachedAnswer.MostBytes * 3 / 4);
        _rig.Only.Say(piece);
        _rig.Only.Say(piece);
        await leader.HasAsync(piece + piece);
        _ = _rig.Ask();
        Assert.Equal(2, _rig.Calls.Count);

        // It can go, as if there never had been others.
        leader.Leave();
        await leader.EndAsync();
        Assert.True(_rig.Calls[0].Cancelled);
    }

    [Fact]
    public async Task What_was_not_flushed_reaches_everybody_in_its_place()
    {
        (FlightRig.Client leader, FlightRig.Client follower) = (_rig.Ask(), _rig.Ask());
        _rig.Only.Say("data: 1\n\n", flush: false);
        _rig.Only.Fail(new GatewayError(ErrorKind.ProviderTimeout, "silent"));
        await Task.WhenAll(leader.EndAsync(), follower.EndAsync());
        Assert.StartsWith("data: 1\n\ndata: {\"error\"", leader.Text, StringComparison.Ordinal);
        Assert.Equal(leader.Text, follower.Text);
    }

    [Fact]
    public void Being_joinable_costs_little()
    {
        Flights flights = new();
        using CancellationTokenSource client = new();
        const int Times = 200;
        long sum = 0;
        for (int i = -50; i < Times; i++)
        {
            Exchange exchange = FlightRig.Make("chat", true, "hi", "t1");
            exchange.Http.Response.Body = new MemoryStream(new byte[4096]);
            exchange.Http.Response.BodyWriter.GetSpan(1);
            FlightKey key = new($"q{i}", false);
            long before = GC.GetAllocatedBytesForCurrentThread();
            (Flight flight, _) = flights.JoinOrLead(key, exchange);
            CancellationTokenRegistration left = client.Token.UnsafeRegister(static flight => ((Flight)flight!).LeaderLeaves(), flight);
            FlightWriter writer = new(flight, exchange);
            exchange.Gone = flight.Gone;
            for (int piece = 0; piece < 20; piece++)
            {
                "some answer"u8.CopyTo(writer.GetSpan(11));
                writer.Advance(11);
                flight.Publish();
            }

            flights.Remove(key, flight);
            flight.End(crashed: false);
            left.Dispose();
            flight.Release();
            sum += i < 0 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
            exchange.Http.Response.BodyWriter.Complete();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{sum / Times} bytes");
        Assert.InRange(sum / Times, 0, 600);
    }
}
