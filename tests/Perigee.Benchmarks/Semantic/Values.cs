using System.Globalization;

namespace Perigee.Benchmarks.Semantic;

/// <summary>What slots of templates are filled with: <c>@list</c>, <c>#2-90</c> (a number) and <c>#w</c> (a number in words).</summary>
internal static class Values
{
    private static readonly string[] Words =
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen", "twenty", "thirty", "forty"];

    private static readonly string[] Months =
        ["January", "February", "March", "April", "June", "July", "August", "September", "October", "November", "December"];

    private static readonly Dictionary<string, string[]> Lists = new()
    {
        ["@person"] =
        [
            "Maria Lopez", "John Carter", "Aisha Khan", "Peter Novak", "Sofia Rossi", "Liam Murphy", "Yuki Tanaka", "Omar Haddad", "Grace Kim", "David Cohen", "Elena Petrova",
            "Lucas Silva", "Hannah Weber", "Noah Smith", "Priya Patel", "Erik Larsen", "Chloe Martin", "Kofi Mensah", "Ivan Horvat", "Mei Chen", "Karl Schmidt", "Julia Nowak",
        ],
        ["@city"] =
        [
            "Denver", "Oslo", "Lisbon", "Kyoto", "Nairobi", "Lima", "Toronto", "Madrid", "Prague", "Cairo", "Seattle", "Dublin", "Athens", "Hanoi", "Boston", "Vienna", "Bogota",
            "Helsinki", "Melbourne", "Chicago", "Naples", "Warsaw", "Manila", "Glasgow", "San Diego", "Cape Town",
        ],
        ["@country"] =
        [
            "France", "Norway", "Brazil", "Japan", "Kenya", "Canada", "Spain", "India", "Egypt", "Mexico", "Austria", "Ireland", "Vietnam", "Poland", "Peru", "Finland", "Morocco",
            "Greece", "Chile", "Germany", "Australia", "South Korea", "New Zealand", "Portugal",
        ],
        ["@company"] =
        [
            "Siemens", "Toyota", "Nestle", "Pfizer", "Boeing", "Spotify", "Unilever", "Adobe", "Airbus", "Samsung", "Walmart", "Starbucks", "Netflix", "Volvo", "Bayer", "Intel",
            "Nokia", "Heineken", "Cisco", "Sony",
        ],
        ["@product"] =
        [
            "Kindle", "Galaxy S24", "Galaxy S23", "iPhone 14", "iPhone 15", "PlayStation 5", "Roomba", "GoPro", "Xbox", "Thermomix", "Chromecast", "Fitbit", "Echo Dot", "iPad",
            "Surface Pro", "Pixel 8", "Pixel 9", "Nespresso", "AirPods", "Vespa",
        ],
        ["@cur"] = ["dollars", "euros", "pounds", "yen", "rupees", "pesos", "Swiss francs", "kroner", "Canadian dollars", "lira", "baht", "zloty", "dirhams"],
        ["@lang"] = ["French", "German", "Spanish", "Italian", "Japanese", "Portuguese", "Dutch", "Polish", "Turkish", "Korean", "Greek", "Hindi", "Swedish", "Arabic", "English"],
        ["@format"] =
        [
            "a table", "a bullet list", "a numbered list", "JSON", "CSV", "YAML", "XML", "Markdown", "plain text", "a poem", "an e-mail", "a dialogue", "HTML", "a checklist",
            "a timeline", "one paragraph", "a rhyme", "LaTeX",
        ],
        ["@length"] =
        [
            "one sentence", "two sentences", "three sentences", "one paragraph", "two paragraphs", "five paragraphs", "50 words", "100 words", "250 words", "500 words", "one word",
            "a single line", "ten lines", "one page", "three pages", "280 characters", "1000 characters", "six bullet points", "twelve bullet points",
        ],
    };

    /// <summary>Two different values of a slot, the first of which no slot of the sentence has yet, where there are that many.</summary>
    public static (string One, string Other) Two(string[] alternatives, HashSet<string> drawn, Random dice)
    {
        string[] pool = Pool(alternatives, dice);
        for (int round = 0; round < 20; round++)
        {
            string one = pool[dice.Next(pool.Length)];
            if (pool.Length > 2 && !drawn.Add(one) && round < 19)
                continue;
            for (int again = 0; again < 50; again++)
            {
                string other = pool[dice.Next(pool.Length)];
                if (other != one)
                    return (one, other);
            }
        }

        return (pool[0], pool[0]);
    }

    private static string[] Pool(string[] alternatives, Random dice) => alternatives switch
    {
        ["@date"] => Dates(dice),
        ["@time"] => Times(dice),
        ["#w"] => Words,
        [['#', .. string range]] => Range(range),
        [['@', ..] list] => Lists[list],
        _ => alternatives,
    };

    private static string[] Range(string range)
    {
        string[] ends = range.Split('-');
        int first = int.Parse(ends[0], CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(first, int.Parse(ends[1], CultureInfo.InvariantCulture) - first + 1).Select(number => number.ToString(CultureInfo.InvariantCulture))];
    }

    /// <summary>All in one of the ways to write a date, so that different texts are different days.</summary>
    private static string[] Dates(Random dice)
    {
        int way = dice.Next(6);
        int year = dice.Next(2015, 2031);
        return [.. Enumerable.Range(0, 12).Select(_ =>
        {
            int month = dice.Next(Months.Length);
            int day = dice.Next(1, 29);
            return way switch
            {
                0 => $"{Months[month]} {day}",
                1 => $"{day} {Months[month]} {year}",
                2 => $"{year}-{month + 1:00}-{day:00}",
                3 => $"{Months[month]} {day}, {year}",
                4 => $"{Months[month]} {year}",
                _ => $"{day:00}.{month + 1:00}.{year}",
            };
        }).Distinct()];
    }

    private static string[] Times(Random dice)
    {
        int way = dice.Next(4);
        int minute = dice.Next(1, 12) * 5;
        return [.. Enumerable.Range(0, 10).Select(_ =>
        {
            int hour = dice.Next(1, 13);
            string half = dice.Next(2) == 0 ? "am" : "pm";
            return way switch
            {
                0 => $"{hour} {half}",
                1 => $"{hour}:{minute:00} {half}",
                2 => $"{hour + 11:00}:{minute:00}",
                _ => $"{hour}{half}",
            };
        }).Distinct()];
    }
}
