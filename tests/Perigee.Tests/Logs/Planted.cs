using Perigee.Logs;
using Perigee.Providers;

namespace Perigee.Tests.Logs;

/// <summary>Secrets and personal values to be planted, none of them anybody's.</summary>
internal static class Planted
{
    /// <summary>A key in use that looks like nothing.</summary>
    public const string KnownKey = "Known0Key+With/Signs=";

    private static readonly string[] Words = ["orbit", "nearest", "to", "Earth", "is", "called", "perigee", "and", "42", "3.14", "gpt-4o", "(see", "below)", "{\"a\":[1,2]}", "x=1;", "café", "日本"];

    /// <summary>What kind, the text to plant, and the part of it that must not be seen anywhere.</summary>
    public static IReadOnlyList<(string Kind, string Text, string Telling)> Values { get; } = [.. Make()];

    /// <summary>A redactor that knows the providers' keys and one in use.</summary>
    public static Redactor Redactor() => new(ProviderRows.Shipped.All.SelectMany(row => row.KeyPatterns)) { KnownKeys = [KnownKey] };

    /// <summary>A few ordinary words.</summary>
    public static string Filler(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(1, 12)).Select(_ => Words[random.Next(Words.Length)]));

    private static IEnumerable<(string, string, string)> Make()
    {
        Random random = new(200);
        string Made(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz23456789"[random.Next(52)])) + "7q";
        string Digits(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => (char)('0' + random.Next(10))));
        string[] beginnings = [.. ProviderRows.Shipped.All.SelectMany(row => row.KeyPatterns).Concat(["pk-", "sk-", "sk-proj-", "sk-ant-api03-", "ghp_", "github_pat_", "AKIA", "xoxb-", "AIza", "gsk_"]).Distinct()];
        for (int i = 0; i < 60; i++)
        {
            string rest = Made(24);
            yield return ("key", beginnings[i % beginnings.Length] + rest, rest);
        }

        for (int i = 0; i < 20; i++)
        {
            string token = Made(30);
            string[] forms = [$"Bearer {token}", $"Basic {token}==", $"eyJ{token}.eyJ{Made(12)}.{Made(20)}", $"api_key={token}", $"sig={token}%3D"];
            yield return ("token", forms[i % forms.Length], token);
        }

        for (int i = 0; i < 20; i++)
        {
            string secret = Made(20);
            string[] forms =
            [
                $"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={secret}==;EndpointSuffix=core.windows.net", $"Server=db;User ID=sa;Password={secret};",
                $"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey={secret}=", $"postgres://app:{secret}@db.example.com/x", $"mongodb+srv://app:{secret}@c.example.net",
            ];
            yield return ("connection", forms[i % forms.Length], secret);
        }

        for (int i = 0; i < 25; i++)
        {
            string name = "person" + Made(6).ToLowerInvariant();
            yield return ("email", i % 3 == 0 ? $"{name}+tag@mail.example.co.uk" : $"{name}@example.org", name);
        }

        for (int i = 0; i < 25; i++)
        {
            string end = Digits(4), middle = "2" + Digits(2);
            string[] forms = [$"+49 170 {middle}{end}", $"+1-555-{middle}-{end}", $"(555) {middle}-{end}", $"555-{middle}-{end}", $"0170 {middle}{end}", $"+43.664.{middle}.{end}"];
            yield return ("phone", forms[i % forms.Length], forms[i % forms.Length].TrimStart('+'));
        }

        for (int i = 0; i < 20; i++)
        {
            string number = Checked("4" + Digits(14));
            yield return ("card", i % 2 == 0 ? number : $"{number[..4]} {number[4..8]} {number[8..12]} {number[12..]}", i % 2 == 0 ? number : number[..4] + " " + number[4..8]);
        }

        for (int i = 0; i < 15; i++)
        {
            string account = Iban("DE", Digits(18));
            yield return ("iban", i % 2 == 0 ? account : string.Join(' ', account.Chunk(4).Select(group => new string(group))), i % 2 == 0 ? account : account[..4] + " " + account[4..8]);
        }

        for (int i = 0; i < 15; i++)
        {
            string address = i % 2 == 0 ? $"203.0.{random.Next(10, 255)}.{random.Next(10, 255)}" : $"2001:db8:{random.Next(4096, 65535):x}::{random.Next(4096, 65535):x}";
            yield return ("ip", address, address);
        }
    }

    private static string Checked(string digits)
    {
        int sum = 0;
        for (int i = digits.Length - 1, place = 1; i >= 0; i--, place++)
        {
            int value = (digits[i] - '0') * (1 + (place % 2));
            sum += value > 9 ? value - 9 : value;
        }

        return digits + (10 - (sum % 10)) % 10;
    }

    private static string Iban(string country, string account)
    {
        string numbers = account + string.Concat(country.Select(letter => letter - 'A' + 10)) + "00";
        int rest = numbers.Aggregate(0, (sofar, digit) => ((sofar * 10) + digit - '0') % 97);
        return $"{country}{98 - rest:D2}{account}";
    }
}
