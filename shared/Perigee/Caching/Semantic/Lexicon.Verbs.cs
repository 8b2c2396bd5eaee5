namespace Perigee.Caching.Semantic;

/// <summary>Common verbs. Past forms are never folded: <c>is used</c> is not <c>is using</c>, <c>owned</c> not <c>owns</c>.</summary>
internal static partial class Lexicon
{
    /// <summary>Verbs whose -ing form says the same (<c>stop using</c>), not a thing of its own (<c>painting</c>).</summary>
    private const string GerundVerbs =
        "accept access achieve activate adapt add adjust adopt allow analyze announce apologize apply approach arrange ask assemble assess assign attach avoid "
        + "become begin borrow break bring buy calculate cancel capture carry cause choose clarify classify collect combine commit communicate compare compile "
        + "complete compute configure confirm connect consider contain contribute convert cope correct create damage debug decide declare decrease "
        + "define delete deliver deploy describe detect determine develop diagnose differentiate disable discover discuss display divide download earn eat edit "
        + "eliminate enable encourage encrypt decrypt enhance ensure enter establish estimate evaluate examine execute explain explore export express extract "
        + "fetch find finish fix forget format gain generate get give grow handle happen help identify ignore implement import improve increase "
        + "influence inform initialize insert install integrate introduce invent investigate invite join justify keep learn let limit lose "
        + "maintain make manage maximize measure memorize mention merge migrate minimize modify monitor motivate multiply negotiate observe obtain occur offer "
        + "optimize organize overcome parse participate perform persuade pick post postpone predict prefer prepare prevent produce promote propose protect "
        + "prove provide publish purchase raise reach react receive recommend recover reduce refactor refer reject relate relax release rely remember remove rename "
        + "repair repeat replace reply report represent request require reset resolve respond restart restore retrieve return reverse review rewrite run save "
        + "schedule select send separate serve shorten show simplify solve sort specify start stop store submit subtract succeed suggest summarize support suppress "
        + "survive swap sync take teach tell terminate throw track transfer transform translate transmit troubleshoot try uninstall unlock update "
        + "upgrade upload use validate verify visit visualize wait want wash watch wear worry write "
        + "customize normalize recognize realize memorize prioritize categorize standardize serialize deserialize capitalize localize authorize tokenize randomize "
        + "authenticate automate allocate annotate append archive benchmark bypass calibrate clone concatenate "
        + "compress decompress dispose duplicate enumerate filter flatten iterate lint log loop mock paginate poll populate query redirect render resize "
        + "rotate round scale scan scrape scroll search slice split stream traverse trim truncate wrap zip unzip "
        + "bake boil clean cure freeze fry lift lower peel roast sneeze stretch "
        + "understand enjoy hire invest sell quit compete cooperate argue apologize bully snore travel migrate hibernate";

    /// <summary>Verbs whose -ing form may be a thing or a quality of its own.</summary>
    private const string Verbs =
        "follow include exclude polish lead copy win smoke fire heat play treat hunt vote cook drive sing sleep swim feed kill lie act age agree aim answer appear argue arise arrive attack attract balance ban base be beat behave believe belong bend bind bite blame bleed blend block "
        + "blow book bounce brew brush build burn bury call care cast catch celebrate challenge change charge chase cheat check cite claim climb close code come "
        + "comment compose conclude conduct consist construct consume control cost count cover crack crash crawl cross cry cut dance deal defend depend derive design "
        + "deserve desire destroy die differ dig direct disagree disappear dissolve distinguish distribute do draft drag draw dream dress drop dry dye edit emit "
        + "employ end engage escape evaporate evolve exceed exchange excite exercise exist expand expect experience expire explode extend face fail fall fear feel fight "
        + "fill fit float flow flush fly fold force forgive form found function fund gather glow go govern grade grasp greet grip guard guess guide hang harm hate have "
        + "hear hide hit hold hope host hug hurt illustrate imagine imply impress impact indicate inhale exhale inherit inspire interact interest interpret interrupt invade "
        + "iron jump judge knit knock know label lack land last laugh launch lay leak lean leave lend lick light like link list listen live load lock look love "
        + "march mark marry master match matter mean meet melt mind mine miss mix move mow name need note notice number obey object oppose order orbit oversee own pack paint "
        + "park pass pause pay perceive perform permit plan plant plead please plot point pop possess pour practice praise pray present press pretend print process program "
        + "promise pull pump punish push put qualify quote rain range rank rate read reason rebuild recall recite record recycle reflect refuse regard register regulate rehearse reign rent "
        + "reproduce rescue research resist rest result retain retire reveal revise revolve reward ride ring rise risk roll rub ruin rule say scratch scream seal see seek seem sense "
        + "set settle shake shape share shave shed shift shine ship shock shoot shop shout shut sign signal sink sit skip slide slip slow smell smile snow soak sound sow spawn speak "
        + "spell spend spill spin spread stab stain stand stare state stay steal step stick stir strike struggle study substitute suck suffer supply suppose surf surround suspect swallow swear sweep swell "
        + "switch talk tap taste tear tend test thank think tie touch tour train trap trigger trust turn twist type unite value vanish vary view wake walk want warm warn waste water "
        + "wave weigh welcome whisper whistle wish wonder work worship wound yell yield zoom";

    /// <summary>Past forms and others that no rule makes: known, and words of their own.</summary>
    private const string IrregularForms =
        "became began begun bitten blew blown bought bound bred broke broken brought built burnt came caught chose chosen dealt died done drank drawn drew driven drove drunk "
        + "eaten fallen fed fell felt flew flown forgot forgotten fought found froze frozen gave given gone got gotten grew grown heard held hid hidden hung kept knew known laid "
        + "led left lent lit lost made meant met paid proved proven ran rang read ridden risen rode rose rung said sang sank sat saw seen sent shook shone shot shown shut slept "
        + "sold sought spent spoke spoken spun stole stolen stood struck stuck sung sunk swam swept swore sworn swum taken taught thought threw thrown told took tore torn "
        + "understood woke woken won wore worn wound written wrote went did was were been lain lay laid born bore";

    /// <summary>Verbs of more than one syllable that double their last letter.</summary>
    private const string Doubling = "begin forget prefer refer occur commit submit admit permit control transfer emit quit swap format travel zip unzip log";
}
