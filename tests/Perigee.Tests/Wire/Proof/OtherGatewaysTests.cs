using System.Globalization;
using System.Text.RegularExpressions;

namespace Perigee.Tests.Wire.Proving;

/// <summary>
/// Two other gateways' goldens against our translations: every difference has a reason in <c>other-gateways.md</c>, and its counts are true.
/// </summary>
/// <remarks>The reasons are computed: a rule of the list is a regular expression over the lines of <see cref="OtherGatewaysDifferences"/>, the first that fits wins.</remarks>
public sealed partial class OtherGatewaysTests(ITestOutputHelper output)
{
    /// <summary>Goldens that we translate in the same way, to the last member.</summary>
    private const string None = "no difference";

    [Theory]
    [InlineData("lingua")]
    [InlineData("envoy-ai-gateway")]
    public void Every_difference_to_another_gateway_has_a_reason_and_the_list_counts_them(string gateway)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        string page = File.ReadAllText(Repository.Path("tests", "Perigee.Tests", "Wire", "Proof", "other-gateways.md")).ReplaceLineEndings("\n");
        string section = page.Split("\n## ").Single(s => s.StartsWith(gateway + "\n", StringComparison.Ordinal));
        List<(Regex Where, string Reason)> rules = [.. Rule().Matches(page).Select(m => (new Regex(m.Groups[2].Value.Trim(), RegexOptions.CultureInvariant), m.Groups[1].Value.Trim()))];
        SortedDictionary<string, int> listed = new(Row().Matches(section).ToDictionary(m => m.Groups[1].Value.Trim(), m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)), StringComparer.Ordinal);

        SortedDictionary<string, int> counted = new(StringComparer.Ordinal);
        List<string> unexplained = [], all = [];
        int goldens = 0;
        foreach (OtherGolden golden in (gateway == "lingua" ? OtherGolden.Lingua() : OtherGolden.Envoy()).Where(g => g.Compares))
        {
            goldens++;
            HashSet<string> reasons = [];
            foreach (string difference in OtherGatewaysDifferences.Of(golden))
            {
                string? reason = rules.FirstOrDefault(r => r.Where.IsMatch(difference)).Reason;
                all.Add($"{reason ?? "other"}\t{golden.Name}\t{difference}");
                if (reason is null)
                    unexplained.Add($"{golden.Name}: {difference}");
                else
                    reasons.Add(reason);
            }

            foreach (string reason in reasons.DefaultIfEmpty(None))
                counted[reason] = counted.GetValueOrDefault(reason) + 1;
        }

        if (Environment.GetEnvironmentVariable("PERIGEE_DISAGREEMENTS") is { Length: > 0 } file)
            File.WriteAllLines($"{file}.{gateway}", all);
        output.WriteLine($"{gateway}: {goldens} goldens");
        foreach ((string reason, int count) in counted)
            output.WriteLine($"{count,5} {reason}");
        Assert.True(unexplained.Count == 0, $"{unexplained.Count} differences without a reason:\n{string.Join('\n', unexplained.Take(30))}");
        Assert.Equal(listed, counted);
    }

    /// <summary>A rule: the reason, then the expression.</summary>
    [GeneratedRegex("^    ([^:\n]+?) *: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Rule();

    /// <summary>A row of a table: the reason, the number of goldens, the sentence, the example.</summary>
    [GeneratedRegex(@"^\| ([^|\n]+?) \| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
