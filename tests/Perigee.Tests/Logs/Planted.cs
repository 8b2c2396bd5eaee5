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

        foreach ((string, string, string) form in Forms(Made, Digits))
            yield return form;
    }

    // The same kinds in the other forms that they come in.
    private static IEnumerable<(string, string, string)> Forms(Func<int, string> made, Func<int, string> digits)
    {
        foreach (string before in (string[])["bEaReR ", "BEARER  ", "Authorization: bearer ", "Authorization:Basic ", "Proxy-Authorization: Bearer ", "bearer\t"])
        {
            string token = made(30);
            yield return ("token", before + token, token);
        }

        foreach (string name in (string[])["x-api-key: ", "api-key: ", "X-Goog-Api-Key=", "Ocp-Apim-Subscription-Key: ", "x-functions-key: ", "access_token=", "refresh_token: ", "client_secret=", "--api-key=", "OPENAI_API_KEY=", "export DEEPINFRA_TOKEN=", "\"apiKey\":\"", "'secret': '", "AZURE_STORAGE_KEY="])
        {
            string key = made(24);
            yield return ("named", name + key + (name[0] is '"' or '\'' ? name[0] : ""), key);
        }

        foreach (string form in (string[])
        [
            "Server=tcp:x.database.windows.net;Pwd={0};Encrypt=True", "Data Source=x;User Id=u;password = {0}", "mysql://root:{0}@localhost:3306/db", "redis://:{0}@cache.example.com:6380",
            "amqps://u:{0}@mq.example.com/v", "jdbc:postgresql://h/db?user=u&password={0}&ssl=true", "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=2024&sig={0}",
            "https://a.blob.core.windows.net/c/f?sp=r&sig={0}&se=2030-01-01", "Password='{0} with words'", "https://user:{0}@example.com/path",
        ])
        {
            string secret = made(20);
            yield return ("connection", string.Format(System.Globalization.CultureInfo.InvariantCulture, form, secret), secret);
        }

        foreach (string kind in (string[])["RSA PRIVATE", "EC PRIVATE", "OPENSSH PRIVATE", "ENCRYPTED PRIVATE", "PRIVATE"])
        {
            string line = made(40);
            yield return ("armour", $"-----BEGIN {kind} KEY-----\\nMIIE{made(20)}\\n{line}\\n-----END {kind} KEY-----\\n", line);
        }

        foreach (string form in (string[])["{0}@sub-domain.example-host.com", "{0}.last@example.museum", "mailto:{0}@example.net", "<{0}@example.org>", "{0}_x%y@mail.example.io", "{0}@exämple.de"])
        {
            string name = "person" + made(6).ToLowerInvariant();
            yield return ("email", string.Format(System.Globalization.CultureInfo.InvariantCulture, form, name), name);
        }

        foreach (string form in (string[])
        [
            "+44 (0)20 7946 #4", "+1 (555) 234-#4", "+4917#8", "tel:+49-170-#7", "0049-170-#7", "+33 1 23 45 67 #2", "+86 138 0013 #4", "+55 11 9#4-5678", "+91-98765-#5", "+1.555.234.#4",
            "020 7946 #4", "+353 86 123 #4", "(0)170 123#4",
        ])
        {
            int hash = form.IndexOf('#', StringComparison.Ordinal);
            string number = digits(form[hash + 1] - '0'), text = form[..hash] + number + form[(hash + 2)..];
            yield return ("phone", text, text[(text.IndexOfAny([':', '+', ')']) is >= 0 and < 5 and var sign ? sign + 1 : 0)..]);
        }

        foreach (string shape in (string[])["4-4-4-4", "4 6 5", "16", "15", "19", "13"])
        {
            int length = shape.Split(' ', '-') is { Length: > 1 } groups ? groups.Sum(int.Parse) : int.Parse(shape, System.Globalization.CultureInfo.InvariantCulture);
            string number = Checked((length == 15 ? "37" : length == 13 ? "4" : length == 19 ? "6" : "5") + digits(length - (length == 15 ? 3 : 2))), text = number;
            if (shape.Contains('-', StringComparison.Ordinal))
                text = string.Join('-', number.Chunk(4).Select(static group => new string(group)));
            else if (shape.Contains(' ', StringComparison.Ordinal))
                text = $"{number[..4]} {number[4..10]} {number[10..]}";
            yield return ("card", text, text);
        }

        foreach ((string country, string bank, int length) in ((string, string, int)[])[("GB", "WEST", 14), ("FR", "", 23), ("NL", "ABNA", 10), ("CH", "", 17), ("NO", "", 11), ("MT", "MALT", 23)])
        {
            string account = Iban(country, bank + digits(length));
            yield return ("iban", length % 2 == 0 ? account.ToLowerInvariant() : string.Join('-', account.Chunk(4).Select(static group => new string(group))), length % 2 == 0 ? account.ToLowerInvariant() : account[..4] + "-" + account[4..8]);
        }

        foreach (string form in (string[])
        [
            "2001:db8:0:1:#:#:#:#", "2001:DB8::#", "fe80::#:#%eth0", "::ffff:203.0.113.77", "[2001:db8::#]:443", "2001:db8:#::/64", "64:ff9b::198.51.100.9", "fd00:#:#::1", "::ffff:c0a8:#", "198.51.100.77:8080",
        ])
        {
            System.Text.StringBuilder text = new();
            foreach (char c in form)
                text.Append(c == '#' ? "1" + digits(2) : c.ToString());
            string address = text.ToString();
            yield return ("ip", address, address.Trim('[').Split(']', '%', '/')[0] is var plain && plain.EndsWith(":8080", StringComparison.Ordinal) ? plain[..^5] : plain);
        }

        foreach (string planted in (string[])["sk-proj-{0}", "person{0}@example.org", "Bearer {0}"])
        {
            string encoded = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, planted, made(16))));
            yield return ("base64", encoded, encoded.TrimEnd('=')[..^2]);
            encoded = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{{\"who\":\"{string.Format(System.Globalization.CultureInfo.InvariantCulture, planted, made(16))}\"}}")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
            yield return ("base64", encoded, encoded[..^2]);
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
        string numbers = string.Concat(account.Select(static sign => char.IsAsciiLetter(sign) ? $"{sign - 'A' + 10}" : sign.ToString())) + string.Concat(country.Select(letter => letter - 'A' + 10)) + "00";
        int rest = numbers.Aggregate(0, (sofar, digit) => ((sofar * 10) + digit - '0') % 97);
        return $"{country}{98 - rest:D2}{account}";
    }
}
