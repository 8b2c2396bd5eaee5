namespace Perigee.Tests.Caching;

/// <summary>Clients come and go, pieces come, calls end in all ways, in any order: nobody gets a wrong byte, and nobody waits for ever.</summary>
public class FlightWalkTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_order_of_things_ends_well(int part)
    {
        for (int seed = part * 150; seed < (part + 1) * 150; seed++)
        {
            try
            {
                await WalkAsync(new Random(seed));
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"seed {seed}", fault);
            }
        }
    }

    private static async Task WalkAsync(Random dice)
    {
        FlightRig rig = new();
        List<FlightRig.Client> clients = [rig.Ask()];
        int said = 0;
        for (int step = dice.Next(5, 40); step > 0; step--)
        {
            FlightRig.Call call = rig.Calls[^1];
            switch (dice.Next(12))
            {
                case 0 or 1 or 2:
                    clients.Add(rig.Ask());
                    break;
                case 3:
                    clients[dice.Next(clients.Count)].Leave();
                    break;
                case 4 or 5 or 6 or 7:
                    call.Say($"data: {++said}\n\n{new string('.', dice.Next(3) * dice.Next(4000))}", flush: dice.Next(4) > 0);
                    break;
                case 8 when dice.Next(4) == 0:
                    call.Fail(new GatewayError(ErrorKind.ProviderFailed, "failed"), own: said > 0 && dice.Next(2) == 0);
                    break;
                case 9 when dice.Next(4) == 0:
                    call.Crash();
                    break;
                case 10 when dice.Next(4) == 0:
                    call.End();
                    break;
                default:
                    for (int turns = dice.Next(20); turns > 0; turns--)
                        await Task.Yield();
                    break;
            }
        }

        long until = Environment.TickCount64 + 20_000;
        HashSet<FlightRig.Call> ended = [];
        while (!clients.TrueForAll(client => client.Done.IsCompleted))
        {
            foreach (FlightRig.Call call in rig.Calls)
            {
                if (ended.Add(call))
                    call.End();
            }

            Assert.True(Environment.TickCount64 < until, "somebody waits for ever");
            await Task.Yield();
        }

        Assert.Equal(0, rig.Flights.Count);
        IReadOnlyList<FlightRig.Call> calls = rig.Calls;
        foreach (FlightRig.Client client in clients)
        {
            Exchange exchange = client.Exchange;
            string text = client.Text;
            if (client.Done.IsFaulted)
                continue;
            if (exchange.Complete && !client.HasLeft)
                Assert.Contains(calls, call => call.Complete && call.Said == text);
            else if (client.HasLeft)
                Assert.Contains(calls, call => call.Said.StartsWith(text, StringComparison.Ordinal) || text.StartsWith(call.Said, StringComparison.Ordinal));
            else
                Assert.True(exchange.Error is { Kind: ErrorKind.ProviderFailed } && Array.Exists([.. calls], call => text.StartsWith(call.Said, StringComparison.Ordinal)), text);
        }

        // A call is only given up when nobody is left who waits: whoever stayed has an end of some other call, or of this one.
        Assert.All(clients.Where(client => !client.HasLeft && !client.Done.IsFaulted), client => Assert.NotEqual(ErrorKind.ClientGone, client.Exchange.Error?.Kind));
    }
}
