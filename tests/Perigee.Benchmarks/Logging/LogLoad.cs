using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Perigee.Benchmarks.Load;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Benchmarks.Logging;

/// <summary>
/// What the log loses under load of a storage in trouble: the built gateway as a process of its own, asked at a steady rate, while blobs are refused,
/// hang and lose their replies and the storage is cut off for a third of the time; then SIGTERM or SIGKILL under load. Every request has to be in the
/// blobs once or be told as dropped or lost, and <c>logs:verify</c> has to say the very numbers that are counted here. Fails where it is not so.
/// </summary>
internal static class LogLoad
{
    private const double Share = 0.3;
    private const int Callers = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] args)
    {
        double seconds = LoadRun.Option(args, "--seconds", 60);
        int rate = (int)LoadRun.Option(args, "--rate", 2000), seeds = (int)LoadRun.Option(args, "--seeds", 3), first = (int)LoadRun.Option(args, "--first", 1);
        bool kills = args.Contains("--kill"), faultyStop = args.Contains("--faulty-stop");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, .NET {Environment.Version}; {rate} requests a second for {seconds:0} s; {Share:P0} of the blobs' writes go wrong, and the storage is cut off for {seconds / 3:0} s in the middle; then {(kills ? "SIGKILL" : "SIGTERM")}{(faultyStop ? ", and writes still go wrong" : kills ? $", after {seconds / 6:0} s in which nothing goes wrong" : "")}.\n"));
        Console.WriteLine("| seed | asked | answered | in blobs | dropped | lost at the end | duplicates | gaps | s | answers/s | RSS max, MB | 503, hung, lost replies | blobs | bytes a record | |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        bool good = true;
        for (int seed = first; seed < first + seeds; seed++)
            good &= await RunAsync(seed, rate, TimeSpan.FromSeconds(seconds), kills, faultyStop);
        return good ? 0 : 1;
    }

    private static async Task<bool> RunAsync(int seed, int rate, TimeSpan time, bool kills, bool faultyStop)
    {
        await using Azurite azurite = await Azurite.StartAsync();
        await using FaultyBlobPort faulty = await FaultyBlobPort.StartAsync(azurite.BlobPort, seed);
        await using DistantPort tables = new(azurite.TablePort, TimeSpan.Zero), blobs = new(faulty.Port, TimeSpan.Zero);
        Dictionary<string, string> environment = new()
        {
            ["PERIGEE_STORAGE_CONNECTION"] = azurite.Through(tables.Port, blobs.Port),
            ["PERIGEE_ADMIN_KEY"] = "admin-of-the-bench",
            ["PERIGEE_CACHE"] = "off",
        };
        PacedLoad load;
        double memory;
        long ended;
        string output;
        await using (LocalApp app = await LocalApp.StartAsync(environment))
        {
            load = new PacedLoad(new Uri(app.Url), await KeyAsync(app.Url), rate, Callers);
            faulty.Share = Share;
            Task asking = load.RunAsync();
            await Task.Delay(time / 3);
            tables.Cut();
            blobs.Cut();
            await Task.Delay(time / 3);
            tables.Mend();
            blobs.Mend();
            if (kills && !faultyStop)
            {
                // What a kill costs beyond its second is what faults hold up: here they have passed.
                await Task.Delay(time / 6);
                faulty.Share = 0;
                await Task.Delay(time / 6);
            }
            else
            {
                await Task.Delay(time / 3);
            }

            memory = Memory(app.Process.Pid);
            if (!faultyStop)
                faulty.Share = 0;
            ended = Stopwatch.GetTimestamp();
            if (kills)
                await app.KillAsync();
            else if ((await app.StopAsync()).Killed)
                throw new InvalidOperationException("The gateway did not stop by itself:\n" + app.Output);
            load.End();
            await asking;
            output = app.Output;
        }

        faulty.Share = 0;
        CountedLog log = await CountedLog.ReadAsync(azurite.ConnectionString);
        JsonElement verified = await VerifyAsync(environment, log.Instance);
        long lost = verified.TryGetProperty("lostAtEnd"u8, out JsonElement told) ? told.GetInt64() : 0;
        UInt128[] without = [.. load.Answers.Keys.Where(id => !log.Ids.Contains(id))];

        // Of an answer that had left, the record may not have been taken when the process was killed; a record may be of a request whose answer never came.
        long known = log.Ids.Count + log.Dropped + lost;
        List<string> wrong = [];
        Hold(log.Records == verified.GetProperty("records"u8).GetInt32() + log.Duplicates, "records");
        Hold(log.Dropped == verified.GetProperty("dropped"u8).GetInt64(), "dropped");
        Hold(log.Duplicates == verified.GetProperty("duplicates"u8).GetInt64() && log.Duplicates == 0, "duplicates");
        Hold(log.Gaps == verified.GetProperty("missing"u8).GetInt64() && log.Gaps == 0, "gaps");
        Hold(log.Final == (verified.GetProperty("ended"u8).GetString() == "clean"), "the end");
        Hold(!log.Final || (lost == 0 && log.Taken == log.Ids.Count + log.Dropped), "taken");
        Hold(kills || faultyStop || log.Final, "SIGTERM loses nothing");
        Hold(without.Length <= log.Dropped + lost + (kills ? Callers : 0), "answers without a record");
        Hold(known >= load.Answers.Count - (kills ? Callers : 0) && known <= load.Asked + 1, "the sum");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {seed} | {load.Asked} | {load.Answers.Count} | {log.Ids.Count} | {log.Dropped} | {lost} | {log.Duplicates} | {log.Gaps} | {load.Took.TotalSeconds:0.0} | {load.Answers.Count / load.Took.TotalSeconds:0} | {memory:0} | {faulty.Faults.Refused}, {faulty.Faults.Hung}, {faulty.Faults.Lost} | {log.Blobs} | {log.Bytes / Math.Max(1, log.Records)} | {(wrong.Count == 0 ? "holds" : "FAILS: " + string.Join(", ", wrong))} |"));
        if (load.Statuses.Count > 1)
            Console.WriteLine("Answers by status: " + string.Join(", ", load.Statuses.Select(static pair => $"{pair.Key} {pair.Value}")));
        if (kills && without.Length > 0 && lost > 0)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The oldest answer of those lost at the end was {Stopwatch.GetElapsedTime(OldestLost(), ended).TotalSeconds:0.00} s old."));
        if (wrong.Count > 0)
            await Console.Error.WriteLineAsync(verified + "\n" + output);
        return wrong.Count == 0;

        void Hold(bool holds, string what)
        {
            if (!holds)
                wrong.Add(what);
        }

        // Of those without a record the youngest were lost at the end, the others dropped before.
        long OldestLost() => load.Answers.Where(answer => !log.Ids.Contains(answer.Key)).Select(answer => answer.Value).OrderDescending().Take((int)Math.Min(lost, without.Length)).Last();
    }

    /// <summary>What the next process says of the one that ended, once it has said how that was.</summary>
    private static async Task<JsonElement> VerifyAsync(Dictionary<string, string> environment, string instance)
    {
        await using LocalApp app = await LocalApp.StartAsync(environment);
        using HttpClient http = new() { BaseAddress = new Uri(app.Url), Timeout = Patience };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "admin-of-the-bench");
        for (long begin = Stopwatch.GetTimestamp(); ; await Task.Delay(250))
        {
            using JsonDocument report = JsonDocument.Parse(await http.GetStringAsync("/manage/v1/logs:verify?stream=requests"));
            JsonElement found = report.RootElement.GetProperty("streams")[0].GetProperty("instances").EnumerateArray().First(one => one.GetProperty("instance").GetString() == instance);
            if (found.GetProperty("ended").GetString() != "unknown" || Stopwatch.GetElapsedTime(begin) > Patience)
                return found.Clone();
        }
    }

    // Without a limit: what is asked here is not whether the storage of limits answers.
    private static async Task<string> KeyAsync(string url)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.Authorization = new("Bearer", "admin-of-the-bench");
        using HttpResponseMessage answer = await http.PostAsync(url + "/manage/v1/keys", new StringContent("""{"name":"load"}""", Encoding.UTF8, "application/json"));
        using JsonDocument body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("key").GetString()!;
    }

    // The most that was ever resident, in MB.
    private static double Memory(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
