using System.Globalization;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Files;

/// <summary>Recomputes every sum of COSTS.md from its own table of prices.</summary>
public sealed partial class CostTests
{
    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Repository.Root, "infra-bicep", "COSTS.md"));

    [Fact]
    public void Every_sum_is_right_to_its_last_digit()
    {
        Dictionary<string, double> known = Prices();
        int sums = 0;
        foreach (string line in Sums())
        {
            string[] parts = line.Split(" = ");
            Assert.True(parts.Length == 3, line);
            double value = Evaluate(parts[1], known);
            int digits = parts[2].Contains('.', StringComparison.Ordinal) ? parts[2].Length - parts[2].IndexOf('.', StringComparison.Ordinal) - 1 : 0;
            Assert.True(value.ToString($"F{digits}", CultureInfo.InvariantCulture) == parts[2], $"{line}: it is {value.ToString(CultureInfo.InvariantCulture)}");
            known[parts[0]] = value;
            sums++;
        }

        Assert.True(sums >= 20);
    }

    [Fact]
    public void Every_price_is_used_or_told_and_says_where_it_is_from()
    {
        string sums = string.Join('\n', Sums());
        foreach (string row in Page.Where(l => PriceRow().IsMatch(l)))
        {
            string[] cells = row.Split('|', StringSplitOptions.TrimEntries);
            Assert.Contains(cells[4], new[] { "documented", "list" });
            Assert.NotEqual("", cells[3]);
        }

        // The first three blocks of capacity and costs hang on these.
        Assert.All(new[] { "on_demand", "ready_baseline", "ready_serving", "executions", "table_operations", "egress" }, price => Assert.Contains(price, sums, StringComparison.Ordinal));
    }

    [Fact]
    public void Defaults_that_are_told_are_those_of_the_template()
    {
        string main = File.ReadAllText(Path.Combine(Repository.Root, "infra-bicep", "main.bicep"));
        foreach (string parameter in new[] { "instanceMemoryMB int = 2048", "alwaysReady int = 1", "httpConcurrency int = 100", "maximumInstanceCount int = 100", "logRetentionDays int = 365" })
            Assert.Contains($"param {parameter}\n", main, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2 * (3 + 4) - 6 / 3", 12)]
    [InlineData("1 - 0.5 * 0.5", 0.75)]
    [InlineData("price * 2", 20)]
    public void Arithmetic_is_arithmetic(string expression, double value) => Assert.Equal(value, Evaluate(expression, new() { ["price"] = 10 }));

    private static Dictionary<string, double> Prices() => Page.Select(l => PriceRow().Match(l)).Where(m => m.Success)
        .ToDictionary(m => m.Groups[1].Value, m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));

    private static IEnumerable<string> Sums()
    {
        bool inside = false;
        foreach (string line in Page)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inside = line == "```calc";
            else if (inside)
                yield return line;
        }
    }

    private static double Evaluate(string expression, Dictionary<string, double> known)
    {
        Queue<string> tokens = new(Token().Matches(expression).Select(m => m.Value));
        double value = Sum(tokens, known);
        Assert.Empty(tokens);
        return value;
    }

    private static double Sum(Queue<string> tokens, Dictionary<string, double> known)
    {
        double value = Product(tokens, known);
        while (tokens.TryPeek(out string? sign) && sign is "+" or "-")
            value = tokens.Dequeue() == "+" ? value + Product(tokens, known) : value - Product(tokens, known);
        return value;
    }

    private static double Product(Queue<string> tokens, Dictionary<string, double> known)
    {
        double value = Factor(tokens, known);
        while (tokens.TryPeek(out string? sign) && sign is "*" or "/")
            value = tokens.Dequeue() == "*" ? value * Factor(tokens, known) : value / Factor(tokens, known);
        return value;
    }

    private static double Factor(Queue<string> tokens, Dictionary<string, double> known)
    {
        string token = tokens.Dequeue();
        if (token == "(")
        {
            double inner = Sum(tokens, known);
            Assert.Equal(")", tokens.Dequeue());
            return inner;
        }

        return char.IsLetter(token[0]) ? known[token] : double.Parse(token, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^\| ([a-z_]+) \| ([0-9.]+) \| ")]
    private static partial Regex PriceRow();

    [GeneratedRegex(@"[a-z_]+[a-z_0-9]*|[0-9.]+|[-+*/()]")]
    private static partial Regex Token();
}
