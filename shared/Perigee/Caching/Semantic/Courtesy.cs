using System.Collections.Frozen;

namespace Perigee.Caching.Semantic;

/// <summary>Folds away how something is asked for: greetings, politeness, "could you tell me". What is asked stays.</summary>
internal static class Courtesy
{
    /// <summary>What must come after a phrase for it to be one.</summary>
    private enum Next
    {
        /// <summary>The end of the sentence, or a comma: the phrase is one of its own.</summary>
        End,

        /// <summary>A word that asks.</summary>
        Wh,

        /// <summary>A verb that asks for something.</summary>
        Request,

        /// <summary>The beginning of a question or request, or a mark.</summary>
        Start,

        /// <summary>A mark: without one, the phrase is part of what is asked.</summary>
        Mark,
    }

    private sealed record Phrase(string[] Words, Next Next);

    internal const string Greetings =
        "hi|hello|hey|hiya|howdy|greetings|good morning|good afternoon|good evening|good day|hi there|hello there|hey there|hi again|hello again|hi everyone|hello everyone|hi all|hi team|hello team|hi folks|hi guys|hey guys|"
        + "hi assistant|hello assistant|hey assistant|dear assistant|dear ai|dear chatgpt|dear claude|dear all|dear team|dear sir|dear sir or madam|hi chatgpt|hello chatgpt|hey chatgpt|hi claude|hello claude|hey claude|hi gemini|hello gemini|hey gemini|hi bot|hello bot|hey bot|hi ai|hello ai|hey ai|hi friend|hello friend|hey friend|"
        + "hi buddy|hey buddy|hi mate|hey mate|hi sir|hello sir|so|well|um|umm|uh|er|erm|hm|hmm|hmmm|ok|okay|ok so|okay so|alright|alright so|quick question|a quick question|just a quick question|sorry|excuse me|pardon me|please|just curious|just wondering|out of curiosity|"
        + "i have a question|i have a quick question|i have one question|i got a question|sorry to bother you|sorry for bothering you|sorry for the bother|if you do not mind|if possible|for a quick answer";

    /// <summary>What announces a question, and what only fills the time before it.</summary>
    internal const string Announcements =
        "question|a question|my question|one question|one more question|another question|new question|next question|first question|here is my question|here is a question|here is another question|here is the question|here goes|so here is my question|this is my question|"
        + "please answer|answer|answer please|answer me|answer me that|can you answer|could you answer|would you answer|please answer my question|please help me with a question|please help me answer|by the way|btw|anyway|anyways|anyhow|i mean|you know|ok then|okay then|now then|"
        + "just out of curiosity|just a question|just one question|just a thought|fun question|serious question|random question|honest question|silly question|stupid question|dumb question|simple question|weird question|odd question|general question|beginner question|noob question|sorry for the silly question|"
        + "this may be a silly question|this may be a stupid question|i hope this is not a silly question|i am just curious|i am just asking|just asking|asking for a friend|i was thinking|i have been thinking|please help|please help me|help me|help me out|help me please|can you help me with a question|"
        + "i need an answer|i need an answer to a question|i need to ask|i have to ask|i must ask|let me ask|let me ask you|let me ask you something|let me ask you a question|i have another question|i have one more question|i have a follow up question|if i may ask|if i may|may i|a favor|do me a favor|one thing|tell me something|tell me this";

    internal const string Remarks =
        "please|kindly|oh|ah|listen|thanks|thank you|thanks a lot|thanks a bunch|many thanks|thanks in advance|thank you in advance|thanks so much|thank you so much|thanks very much|thank you very much|thank you kindly|cheers|much appreciated|thanks again|thank you again|"
        + "thanks for your help|thank you for your help|thanks for the help|thank you for the help|thank you for your time|thanks for your time|thanks so much in advance|thank you so much in advance|thank you very much in advance|many thanks in advance|"
        + "i hope you are well|i hope you are doing well|hope you are well|hope you are doing well|i hope all is well|hope all is well|i hope this message finds you well|i hope this email finds you well|hope this finds you well|"
        + "i hope you are having a good day|i hope you are having a great day|hope you are having a good day|hope you are having a great day|how are you|how are you doing|how are you today|how are you doing today|how is it going|nice to meet you|"
        + "i need your help|i need some help|i need help|i could use some help|i could use your help|can you help me|could you help me|can you help|could you help|please help|please help me|can you help me out|could you help me out|i have a question for you|i have a quick question for you|"
        + "can i ask you something|can i ask you a question|may i ask you something|may i ask you a question|may i ask a question|can i ask a question|i would appreciate it|i would appreciate your help|i would appreciate any help|i would really appreciate it|i would really appreciate your help|"
        + "any help would be appreciated|any help is appreciated|any help would be great|any help would be greatly appreciated|your help is appreciated|i appreciate it|i appreciate your help|i really appreciate it|appreciate it|have a nice day|have a great day|have a good day|"
        + "that would be great|that would be helpful|it would be great|no rush|no hurry|take your time|if you can|if you could|if you would|if you do not mind|if possible|if it is not too much trouble|please and thank you|pretty please|please let me know|let me know";

    internal const string BeforeWh =
        "tell me|let me know|remind me|can you tell me|could you tell me|would you tell me|will you tell me|can you let me know|could you let me know|can you remind me|could you remind me|can anyone tell me|could anyone tell me|can someone tell me|could someone tell me|"
        + "can anybody tell me|can somebody tell me|would you be able to tell me|are you able to tell me|would you mind telling me|do you mind telling me|would you be so kind as to tell me|would you be kind enough to tell me|i would be grateful if you could tell me|i would appreciate it if you could tell me|"
        + "i would like you to tell me|i want you to tell me|i need you to tell me|is there any chance you could tell me|any chance you could tell me|you could tell me|i was hoping you could tell me|i was wondering if you could tell me|i was wondering if you know|i wonder if you could tell me|i am wondering if you could tell me|"
        + "i was wondering|i am wondering|i wonder|i was just wondering|i am just wondering|wondering|was wondering|do you know|do you happen to know|would you happen to know|do you have any idea|have you any idea|any idea|does anyone know|does anybody know|does someone know|do you by any chance know|"
        + "i want to know|i wanted to know|i would like to know|i would love to know|i need to know|i would really like to know|i really want to know|i want to find out|i would like to find out|i need to find out|i am trying to find out|i am trying to figure out|i want to ask|i wanted to ask|i would like to ask|"
        + "i am curious|i am curious to know|i am curious about|i am interested in knowing|i am interested to know|i have a question about|my question is|the question is|can i ask|may i ask|could i ask|might i ask|can i ask you|may i ask you|could i ask you|can i know|may i know|could i know|"
        + "what i want to know is|what i would like to know is|please tell me|please let me know|i do not know|i have been wondering|i always wondered|i have always wondered|help me know";

    internal const string BeforeRequest =
        "can you|could you|would you|will you|can you please|could you please|would you please|will you please|can u|could u|please|kindly|i want you to|i would like you to|i need you to|i would love for you to|i would love you to|i would like for you to|would you mind|do you mind|would you be able to|are you able to|"
        + "would you be so kind as to|would you be kind enough to|could you be so kind as to|is it possible for you to|would it be possible for you to|i was wondering if you could|i was wondering if you can|i was wondering if you would|i am wondering if you could|i wonder if you could|i would be grateful if you could|"
        + "i would appreciate it if you could|i would appreciate if you could|i would be happy if you could|i was hoping you could|i am hoping you can|i hope you can|is there any chance you could|any chance you could|any chance you can|do me a favor and|you could|you can|can someone|could someone|can anyone|could anyone|"
        + "i would like to ask you to|i want to ask you to|i need your help to|your task is to|go ahead and|feel free to|be so kind as to|it would be great if you could|it would be nice if you could|it would be helpful if you could|i would really appreciate it if you could|may i ask you to|can i ask you to|could i ask you to";

    internal const string Endings =
        "please|thanks|thank you|cheers|thanks in advance|thank you in advance|many thanks|many thanks in advance|thanks a lot|thanks so much|thank you so much|thank you very much|thanks very much|thanks a bunch|please and thank you|pretty please|if possible|if you can|if you could|if you would|if you please|if you do not mind|"
        + "if you would not mind|if that is okay|if that is ok|if it is possible|if you know|if you have time|if you have a moment|by any chance|thanks for your help|thank you for your help|thanks for the help|thanks again|kindly|when you can|when you have time|when you get a chance|when you have a moment|if it is not too much trouble";

    /// <summary>Small words that may stand anywhere in a phrase.</summary>
    private static readonly FrozenSet<string> s_between = FrozenSet.Create("please", "just", "kindly", "maybe", "perhaps", "possibly", "quickly", "really", "actually", "also");

    /// <summary>After these a "please" or "thanks" is spoken of.</summary>
    private static readonly FrozenSet<string> s_spokenOf =
        FrozenSet.Create("say", "saying", "said", "write", "type", "use", "with", "and", "or", "to", "than", "for", "the", "a", "an", "of", "as", "is", "send", "reply", "answer", "respond", "after", "before", "from", "by", "not", "in", "do", "always", "want", "she", "he", "they", "you", "we");

    private static readonly FrozenDictionary<string, Phrase[]> s_openings = Table();
    private static readonly FrozenDictionary<string, Phrase[]> s_endings = Reversed();

    /// <summary>Folds it away at the beginning of the sentence from a token on.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="at">Where a sentence begins.</param>
    /// <param name="indirect">Whether a phrase fell away after which a question has the order of a statement.</param>
    /// <returns>Where what is asked begins.</returns>
    public static int Open(Span<Token> tokens, int at, out bool indirect)
    {
        indirect = false;
        while (at < tokens.Length)
        {
            int end = Longest(tokens, at, out Next next);
            if (end < 0)
                return at;
            indirect = next == Next.Wh && end < tokens.Length && tokens[end].Is(WordKinds.Wh);
            for (int i = at; i < end; i++)
                tokens[i].Dropped = true;
            at = end;
            while (at < tokens.Length && (tokens[at].Kind == TokenKind.Comma || tokens[at].IsBreak || IsDash(tokens, at) || IsColon(tokens[at])))
                tokens[at++].Dropped = true;
        }

        return at;
    }

    /// <summary>Folds it away at the end of a sentence.</summary>
    /// <param name="tokens">The sentence, without the mark that ends it.</param>
    /// <param name="speaksOfWords">Whether the question is about words.</param>
    public static void Close(Span<Token> tokens, bool speaksOfWords)
    {
        int end = tokens.Length;
        while (end > 1)
        {
            if (tokens[end - 1].Dropped || tokens[end - 1].Kind == TokenKind.Comma)
            {
                tokens[--end].Dropped = true;
                continue;
            }

            int begin = LongestEnding(tokens[..end]);
            if (begin <= 0 || tokens[begin - 1].Dropped)
                return;
            ref Token before = ref tokens[begin - 1];
            bool marked = before.Kind == TokenKind.Comma || IsDash(before);
            bool several = end - begin > 1;
            bool plea = end - begin == 1 && tokens[begin].Is("please");
            bool bare = !several && !plea;
            if (!marked && ((speaksOfWords && !(plea && MayPlead(tokens, before))) || (bare && !MayThank(tokens, before)) || (before.Word is { } word && (s_spokenOf.Contains(word.Text) || s_spokenOf.Contains(word.Stem)))))
                return;
            for (int i = begin - (marked ? 1 : 0); i < end; i++)
                tokens[i].Dropped = true;
            end = begin - (marked ? 1 : 0);
        }
    }

    /// <summary>A "thanks" without a comma, after a question: not "how do I text thanks".</summary>
    private static bool MayThank(ReadOnlySpan<Token> tokens, in Token before) =>
        (tokens[0].Is(WordKinds.Wh | WordKinds.Auxiliary) || tokens[0].Dropped) && !before.Is(WordKinds.Verb | WordKinds.Function | WordKinds.Request);

    /// <summary>A "please" without a comma, after a request for a letter or a message: not "translate good morning please".</summary>
    private static bool MayPlead(ReadOnlySpan<Token> tokens, in Token before)
    {
        foreach (ref readonly Token token in tokens)
        {
            if (token.Is(WordKinds.Language) && token.Word!.Stem is not ("letter" or "email" or "message" or "title" or "song" or "sentence" or "lyrics" or "caption" or "tweet"))
                return false;
        }

        return before.Kind == TokenKind.Word && !before.Is(WordKinds.Verb) && (before.Word is { } word ? word.Is(WordKinds.Noun | WordKinds.Language | WordKinds.Name) : true);
    }

    /// <summary>Whether a question or request may begin here.</summary>
    public static bool Starts(in Token token) => token.Is(WordKinds.Wh | WordKinds.Auxiliary | WordKinds.Request) || token.Is("i") || token.Is("please");

    private static bool IsDash(in Token token) => token is { Kind: TokenKind.Symbol, Value: "-", Apart: true };

    /// <summary>A dash between phrases: not the sign of "-5" and "-v".</summary>
    private static bool IsDash(ReadOnlySpan<Token> tokens, int at) => IsDash(tokens[at]) && !(at + 1 < tokens.Length && tokens[at + 1].Start == tokens[at].Start + tokens[at].Length);

    private static int Longest(Span<Token> tokens, int at, out Next next)
    {
        next = Next.End;
        int longest = -1;
        if (tokens[at].Word is not { } first || !s_openings.TryGetValue(first.Stem, out Phrase[]? phrases))
            return -1;
        foreach (Phrase phrase in phrases)
        {
            int end = Match(tokens, at, phrase);
            if (end <= longest)
                continue;
            longest = end;
            next = phrase.Next;
        }

        return longest;
    }

    private static int Match(Span<Token> tokens, int at, Phrase phrase)
    {
        int i = at;
        foreach (string word in phrase.Words)
        {
            while (i > at && i < tokens.Length && tokens[i].Word is { } small && small.Stem != word && s_between.Contains(small.Stem))
                i++;
            if (i == tokens.Length || tokens[i].Kind != TokenKind.Word || !tokens[i].Is(word) || tokens[i].Case == LetterCase.Upper)
                return -1;
            i++;
        }

        int after = i;
        while (after < tokens.Length && tokens[after].Word is { } filler && s_between.Contains(filler.Stem))
            after++;
        if (after == tokens.Length)
            return phrase.Next == Next.End && at > 0 && tokens[at - 1].IsBreak ? i : -1;
        bool fits = phrase.Next switch
        {
            Next.Wh => tokens[after].Is(WordKinds.Wh) || AsksWhether(tokens, after) || (after == i && IsPause(tokens, i) && !phrase.Words.Contains("remind")),
            Next.Mark => after == i && IsMark(tokens, i),
            Next.Request => tokens[after].Is(WordKinds.Request),
            Next.Start => (after == i && IsMark(tokens, i)) || Starts(tokens[after]),
            _ => after == i && IsEnd(tokens, i),
        };
        return !fits ? -1 : phrase.Next is Next.Wh or Next.Request ? after : i;
    }

    /// <summary>After a greeting: an end that more follows, or a comma before a question.</summary>
    private static bool IsMark(Span<Token> tokens, int at) => IsPause(tokens, at) && !IsTitle(tokens, at);

    /// <summary>Whatever divides a phrase from what follows it, which then begins a sentence whatever its case.</summary>
    private static bool IsPause(Span<Token> tokens, int at) =>
        at + 1 < tokens.Length && (tokens[at].IsBreak || tokens[at].Kind == TokenKind.Comma || IsDash(tokens, at) || IsColon(tokens[at]));

    /// <summary>"Hello, world", "Hey, Jude", "Sorry, Wrong Number" and "Hi, Mom!" greet nobody: a capital after the comma that no question or request begins with.</summary>
    private static bool IsTitle(ReadOnlySpan<Token> tokens, int at)
    {
        ref readonly Token next = ref tokens[at + 1];
        if (tokens[at - 1].Is("hello") && next.Is("world"))
            return true;
        if (tokens[at].Kind != TokenKind.Comma || next.Kind != TokenKind.Word || next.Case != LetterCase.Capital || next.Is(WordKinds.Function | WordKinds.Request))
            return false;
        return next.Word is not { } word || word.Is(WordKinds.Cased) || at + 2 == tokens.Length || tokens[at + 2].IsBreak || tokens[at + 2].Case == LetterCase.Capital;
    }

    /// <summary>"can you tell me is it safe": a yes-no question, by an auxiliary and its subject. Not "do you know Will Smith".</summary>
    private static bool AsksWhether(Span<Token> tokens, int at) =>
        at + 1 < tokens.Length && tokens[at].Is(WordKinds.Auxiliary) && tokens[at].Case is LetterCase.Lower && tokens[at + 1].Is(WordKinds.Pronoun | WordKinds.Article);

    private static bool IsColon(in Token token) => token is { Kind: TokenKind.Symbol, Value: ":" };

    private static bool IsEnd(Span<Token> tokens, int at) =>
        tokens[at].IsBreak || (IsColon(tokens[at]) && at + 1 < tokens.Length) || ((tokens[at].Kind == TokenKind.Comma || IsDash(tokens, at)) && at + 1 < tokens.Length && Starts(tokens[at + 1]));

    private static int LongestEnding(Span<Token> tokens)
    {
        if (tokens[^1].Word is not { } last || !s_endings.TryGetValue(last.Stem, out Phrase[]? phrases))
            return -1;
        int longest = 0;
        foreach (Phrase phrase in phrases)
        {
            int count = phrase.Words.Length;
            if (count <= longest || count > tokens.Length)
                continue;
            bool fits = true;
            for (int i = 0; i < count && fits; i++)
                fits = tokens[tokens.Length - count + i].Is(phrase.Words[i]);
            if (fits)
                longest = count;
        }

        return longest == 0 ? -1 : tokens.Length - longest;
    }

    private static IEnumerable<Phrase> Phrases(string list, Next next) =>
        list.Split('|').Select(text => new Phrase([.. text.Split(' ').Select(word => Lexicon.Find(word)?.Stem ?? word)], next));

    private static FrozenDictionary<string, Phrase[]> Table() =>
        Phrases(Greetings, Next.Start).Concat(Phrases(Announcements, Next.Mark)).Concat(Phrases(Remarks, Next.End)).Concat(Phrases(BeforeWh, Next.Wh)).Concat(Phrases(BeforeRequest, Next.Request))
            .GroupBy(phrase => phrase.Words[0]).ToFrozenDictionary(group => group.Key, group => group.ToArray());

    private static FrozenDictionary<string, Phrase[]> Reversed() =>
        Phrases(Endings, Next.End).GroupBy(phrase => phrase.Words[^1]).ToFrozenDictionary(group => group.Key, group => group.ToArray());
}
