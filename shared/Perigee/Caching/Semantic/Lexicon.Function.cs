namespace Perigee.Caching.Semantic;

/// <summary>The closed classes: words that carry structure.</summary>
internal static partial class Lexicon
{
    private const string Articles = "a an the";

    private const string WhWords = "who what when where why which whose whom how whether";

    private const string Auxiliaries =
        "am is are was were be been being do does did doing done has have had having can could will would shall should must may might ought "
        + "need dare used";

    private const string Pronouns =
        "i me my mine myself you your yours yourself we us our ours ourselves he him his himself she her hers herself it its itself they them "
        + "their theirs themselves one's someone somebody something anyone anybody anything everyone everybody everything this that these those "
        + "oneself yourselves each other another";

    private const string Anaphors = "it its itself he him his himself she her hers herself they them their theirs themselves";

    private const string Prepositions =
        "of in on at to from by for with without about against between among amongst amid into onto out off over under above below beneath "
        + "behind beside besides before after during since until till through throughout across along around near within inside outside up down "
        + "toward towards upon via per versus than as like unlike despite except beyond past regarding concerning underneath opposite minus plus";

    private const string Negations =
        "not no never none neither nor nothing nobody nowhere without hardly barely scarcely rarely seldom except unless lack lacks "
        + "lacking non";

    private const string Connectives =
        "and or but if then else because so although though while whereas unless that both either yet however therefore thus hence instead "
        + "otherwise also too even still again ever there here very quite rather enough almost nearly always often usually sometimes only just "
        + "already soon once twice yes ok okay please let lets all some any every many much few little several half more most less least fewer "
        + "fewest same such own further furthermore moreover together apart away back perhaps maybe anyway really actually basically simply "
        + "essentially literally honestly kindly possibly exactly precisely hi hello hey thanks thank";

    /// <summary>Missing apostrophes and short spellings, each with what it stands for.</summary>
    private const string Contractions =
        "dont=do+not doesnt=do+not didnt=did+not isnt=is+not arent=is+not wasnt=was+not werent=was+not hasnt=have+not havent=have+not "
        + "hadnt=had+not wouldnt=would+not couldnt=could+not shouldnt=should+not mustnt=must+not cant=can+not cannot=can+not wont=will+not "
        + "whats=what+is wheres=where+is whos=who+is hows=how+is whys=why+is whens=when+is thats=that+is theres=there+is im=i+am ive=i+have "
        + "youre=you+is theyre=they+is youve=you+have theyve=they+have gonna=going+to wanna=want+to gotta=got+to gimme=give+me lemme=let+me "
        + "whatre=what+is dosent=do+not dosnt=do+not";

    /// <summary>Words that say the same in every question; the second stands for both in every tier.</summary>
    private const string SameWords =
        "are=is were=was does=do has=have pls=please plz=please plese=please pleas=please thx=thanks tnx=thanks thnx=thanks ok=okay u=you ur=your "
        + "versus=vs till=until amongst=among whilst=while upon=on "
        + "towards=toward percent=% hiya=hi howdy=hi yo=hi heya=hi";

    private const string NumberWords =
        "zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 "
        + "sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fourty=40 fifty=50 sixty=60 seventy=70 eighty=80 "
        + "ninety=90 hundred=100 thousand=1000";

    private const string Ordinals = "first=1st third=3rd fourth=4th fifth=5th sixth=6th seventh=7th eighth=8th ninth=9th tenth=10th";

    private const string Definites =
        "best worst top bottom first last second third fourth fifth only most least main sole final next previous biggest largest smallest "
        + "highest lowest longest shortest oldest youngest fastest slowest cheapest tallest heaviest lightest strongest richest poorest hottest "
        + "coldest deepest closest nearest farthest furthest greatest earliest easiest hardest safest newest hottest brightest busiest happiest "
        + "healthiest loudest simplest weakest widest wealthiest deadliest hottest quickest softest darkest";

    private const string Requests =
        "tell explain describe list give show write define compare count translate summarize summarise outline name find help create make "
        + "generate suggest recommend provide calculate compute convert solve check proofread rewrite rephrase paraphrase draft compose design "
        + "build plan prove derive estimate evaluate analyze analyse discuss identify classify categorize sort order rank fix debug refactor "
        + "implement code review improve edit correct complete finish fill continue expand shorten simplify elaborate clarify illustrate "
        + "demonstrate walk teach share recite quote spell pronounce draw imagine pretend act answer state mention propose pick choose select "
        + "look search read extract remove replace format print output return use brainstorm invent predict recall remind say think guess produce "
        + "predict contrast differentiate distinguish interpret justify argue criticize critique assess balance add multiply divide subtract "
        + "factor simplify integrate differentiate plot graph";

    private const string Creations =
        "give list write name find create make generate suggest recommend provide draft compose design build share invent imagine propose "
        + "pick choose select think produce show tell draw mention identify brainstorm quote recite";

    private const string LanguageWords =
        "say says said saying translate translates translated translation pronounce pronounced pronunciation spell spelled spelt spelling mean "
        + "means meaning meanings meant word words phrase phrases synonym synonyms antonym antonyms define definition call called rhyme rhymes "
        + "rhyming etymology slang idiom idioms term terms expression grammar grammatical adverb adjective verb noun sentence sentences greeting "
        + "conjugate plural abbreviation acronym lyrics song title titled rewrite rephrase proofread paraphrase reply respond email message letter tweet caption";

    private const string TimelyWords =
        "today todays tonight tomorrow yesterday now latest newest currently recent recently nowadays weather forecast news price prices "
        + "upcoming trending ago presently lately ongoing";

    private const string LetteredWords =
        "vitamin hepatitis type plan class grade group option section part level schedule appendix influenza point team model variable side "
        + "blood choice column row form exhibit series vitamins letter note minor major flat sharp set vector matrix event node vertex angle";

    private const string ForeignWords =
        "el los las una uno unos que es por para con como donde cual cuando esta este pero muy mas del al y le la les des du un une est et dans pour "
        + "avec sur qui quoi comment pourquoi je vous nous il elle ce cette der die das und ist nicht ein eine einen einer mit von zu wie wer wo "
        + "warum ich sie wir auf den dem il lo gli di che per sono come dove perche della nel het een van en wat hoe waarom niet op voor zijn "
        + "och att det som inte hur vad varfor hvad hvordan og ikke jeg o os do da em nao uma por qual quais isso jak co jest nie czy ve bir "
        + "nedir ne icin mi apa itu yang dan adalah bagaimana";

    /// <summary>Words that rarely narrow what would be answered, and never a form, a length, a number or a degree.</summary>
    private const string HarmlessWords = "exactly overall generally typically usually commonly basically actually really simply essentially precisely";
}
