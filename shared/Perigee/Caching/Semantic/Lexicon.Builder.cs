namespace Perigee.Caching.Semantic;

/// <summary>Makes the table of words of the lists.</summary>
internal static partial class Lexicon
{
    private sealed class Builder
    {
        private readonly Dictionary<string, (string Stem, WordKinds Kinds, int Value)> _drafts = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _senses = new(StringComparer.Ordinal);

        /// <summary>All of them.</summary>
        public IEnumerable<KeyValuePair<string, Lexeme>> Words
        {
            get
            {
                Dictionary<string, Lexeme> words = new(StringComparer.Ordinal);
                foreach ((string text, (string stem, WordKinds kinds, int value)) in _drafts)
                    words[text] = new Lexeme(text, stem, kinds, _senses.GetValueOrDefault(stem, stem)) { Value = value };
                foreach ((string alias, string target) in _aliases)
                {
                    if (words.TryGetValue(target, out Lexeme? word))
                        words[alias] = word;
                }

                return words;
            }
        }

        public void AddClosedClasses()
        {
            Add(Articles, WordKinds.Function | WordKinds.Article);
            Add(WhWords, WordKinds.Function | WordKinds.Wh);
            Add(Auxiliaries, WordKinds.Function | WordKinds.Auxiliary);
            Add(Pronouns, WordKinds.Function | WordKinds.Pronoun);
            Add(Anaphors, WordKinds.Anaphor);
            Add(Prepositions, WordKinds.Function | WordKinds.Preposition);
            Add(Negations, WordKinds.Function | WordKinds.Negation);
            Add(Connectives, WordKinds.Function);
            foreach ((string word, string value) in Pairs(NumberWords))
                _drafts[word] = (word, WordKinds.Number, int.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
            foreach ((string word, string digits) in Pairs(Ordinals))
            {
                _drafts[word] = (digits, WordKinds.Definite, 0);
                _drafts[digits] = (digits, WordKinds.Definite, 0);
            }

            _drafts["%"] = ("%", WordKinds.None, 0);
        }

        public void AddOpenClasses()
        {
            Add(Others, WordKinds.None);
            Add(Names, WordKinds.Name);
            Add(Terms, WordKinds.Name);
            Add(IrregularForms, WordKinds.None);
            foreach (string verb in Split(GerundVerbs))
                AddVerb(verb, foldGerund: true);
            foreach (string verb in Split(Verbs))
                AddVerb(verb, foldGerund: false);
            foreach (string noun in Split(Nouns))
                AddNoun(noun);
            foreach ((string plural, string singular) in Pairs(IrregularPlurals))
            {
                Add(singular, WordKinds.Noun);
                _drafts[plural] = (singular, WordKinds.Noun | WordKinds.Plural, 0);
            }

            foreach (string phrases in (ReadOnlySpan<string>)[Courtesy.Greetings, Courtesy.Announcements, Courtesy.Remarks, Courtesy.BeforeWh, Courtesy.BeforeRequest, Courtesy.Endings])
                Add(phrases.Replace('|', ' '), WordKinds.None);
            Add(Definites, WordKinds.Definite);
            Add(Requests, WordKinds.Request);
            Add(Creations, WordKinds.Creation);
            foreach (string verb in Split(Requests))
                AddToGerund(verb);
            Add(LanguageWords, WordKinds.Language);
            Add(TimelyWords, WordKinds.Timely);
            Add(LetteredWords, WordKinds.Lettered);
            Add(CasedWords, WordKinds.Cased);
            foreach (string word in Split(RareCasedWords))
            {
                if (!_drafts.ContainsKey(word))
                    Add(word, WordKinds.Cased);
            }

            Add(HarmlessWords, WordKinds.Harmless);
            foreach (string word in Split(ForeignWords))
            {
                if (!_drafts.ContainsKey(word))
                    Add(word, WordKinds.Foreign);
            }
        }

        public void AddSpellings()
        {
            foreach ((string british, string american) in Pairs(BritishStems))
            {
                foreach (string ending in SharedEndings.Split('|'))
                {
                    if (!_drafts.ContainsKey(american + ending))
                    {
                        if (ending.Length > 0)
                            continue;
                        Add(american, WordKinds.None);
                    }

                    _drafts.Remove(british + ending);
                    _aliases[british + ending] = american + ending;
                }
            }

            foreach ((string wrong, string right) in Pairs(SameWords + " " + Misspellings))
            {
                if (!_drafts.ContainsKey(right))
                    Add(right, WordKinds.None);
                if (_drafts.TryGetValue(wrong, out (string, WordKinds Kinds, int) known) && !SameWords.Contains(wrong + "=", StringComparison.Ordinal))
                    continue;
                _drafts.Remove(wrong);
                _aliases[wrong] = right;
            }

            foreach (string group in Synonyms.Split('|'))
            {
                string[] members = Split(group);
                foreach (string member in members)
                {
                    Add(member, WordKinds.None);
                    _senses.TryAdd(_drafts.TryGetValue(member, out (string Stem, WordKinds, int) draft) ? draft.Stem : member, members[0]);
                }
            }

            Add(NotSlips, WordKinds.None);
        }

        private void Add(string list, WordKinds kinds)
        {
            foreach (string word in Split(list))
            {
                if (_aliases.ContainsKey(word))
                    continue;
                _drafts[word] = _drafts.TryGetValue(word, out (string Stem, WordKinds Kinds, int Value) known)
                    ? (known.Stem, known.Kinds | kinds, known.Value)
                    : (word, kinds, 0);
            }
        }

        private void AddNoun(string noun)
        {
            Add(noun, WordKinds.Noun);
            AddForm(Plural(noun), noun, WordKinds.Noun | WordKinds.Plural);
        }

        private void AddVerb(string verb, bool foldGerund)
        {
            Add(verb, WordKinds.Verb);
            AddForm(Plural(verb), verb, WordKinds.Verb | WordKinds.Plural);
            string doubled = Doubles(verb) ? verb + verb[^1] : verb;
            string gerund = Gerund(verb);
            if (foldGerund)
                AddForm(gerund, verb, WordKinds.Verb);
            else
                Add(gerund, WordKinds.None);
            Add(verb.EndsWith('e') ? verb + "d" : verb.EndsWith('y') && !IsVowel(verb[^2]) ? verb[..^1] + "ied" : doubled + "ed", WordKinds.None);
        }

        /// <summary>"would you mind explaining" asks as "explain" does.</summary>
        private void AddToGerund(string verb)
        {
            string gerund = Gerund(verb);
            if (_drafts.TryGetValue(gerund, out (string Stem, WordKinds Kinds, int Value) form) && form.Stem == verb)
                _drafts[gerund] = (verb, form.Kinds | (_drafts[verb].Kinds & (WordKinds.Request | WordKinds.Creation)), 0);
        }

        private static string Gerund(string verb) =>
            verb.EndsWith("ie", StringComparison.Ordinal) ? verb[..^2] + "ying"
            : verb.EndsWith('e') && !verb.EndsWith("ee", StringComparison.Ordinal) ? verb[..^1] + "ing"
            : (Doubles(verb) ? verb + verb[^1] : verb) + "ing";

        /// <summary>A form, unless it is a word of its own already; of a noun and a verb alike, both.</summary>
        private void AddForm(string form, string stem, WordKinds kinds)
        {
            if (!_drafts.TryGetValue(form, out (string Stem, WordKinds Kinds, int Value) known))
                _drafts[form] = (stem, kinds, 0);
            else if (known.Stem == stem)
                _drafts[form] = (stem, known.Kinds | kinds, 0);
        }

        private static string Plural(string word)
        {
            if (word.EndsWith('s') || word.EndsWith('x') || word.EndsWith('z') || word.EndsWith("ch", StringComparison.Ordinal)
                || word.EndsWith("sh", StringComparison.Ordinal))
                return word + "es";
            return word.EndsWith('y') && !IsVowel(word[^2]) ? word[..^1] + "ies" : word + "s";
        }

        private static bool Doubles(string verb)
        {
            if (Doubling.Split(' ').Contains(verb))
                return true;
            int vowels = verb.Count(IsVowel);
            return verb.Length is 3 or 4 && vowels == 1 && IsVowel(verb[^2]) && !IsVowel(verb[^1]) && verb[^1] is not ('w' or 'x' or 'y');
        }

        private static bool IsVowel(char letter) => letter is 'a' or 'e' or 'i' or 'o' or 'u';
    }
}
