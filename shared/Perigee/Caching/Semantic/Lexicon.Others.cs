namespace Perigee.Caching.Semantic;

/// <summary>Words that are known and never inflected: qualities, masses, names.</summary>
internal static partial class Lexicon
{
    private const string Others =
        "able absolute abstract academic acceptable accurate active actual additional adequate advanced aerobic aggressive agile alive alone amazing ambiguous american "
        + "anaerobic ancient angry annual anonymous another apparent appropriate approximate artificial asleep asynchronous automatic available average awake aware awesome "
        + "bad bald bare basic beautiful beneficial big bigger binary biological bitter black blind blue boring bored brave brief bright broad brown busy calm capable careful careless casual causal central "
        + "certain cheap cheaper chemical chief chronic civil classic clean clear clever clinical close closed coastal cold colder comfortable common complex complicated concerned concise concrete confident "
        + "confused confusing constant contemporary content conventional convex concave cool corporate correct corrupt crazy creative critical crucial cruel curious cute daily dangerous dark dead deaf "
        + "dear decent deep deeper defensive delicious dense dependent desperate detailed different differential difficult digital diligent direct dirty discrete discreet distant distinct diverse domestic dominant double "
        + "drunk dry due dull dumb dynamic eager early earlier east eastern easy easier economic educational effective efficient elastic elderly elder electric electrical electronic eligible emotional empty endangered "
        + "endless english enormous entire environmental equal essential ethical evergreen evil exact excellent excessive exclusive exotic expensive experimental explicit exponential exposed external extinct extra extreme "
        + "fair faithful fake false familiar famous fancy far fast faster fat fatal federal female fertile few final financial fine finite firm fiscal flat flexible fluent foreign formal former fragile free "
        + "frequent fresh friendly frozen full functional fundamental funny future general generic genetic gentle genuine geometric giant global glad gold golden good gradual graceful grateful gray great greater green gross grumpy guilty "
        + "half handsome happy happier hard harder harmful harmless harmonic healthy healthier heavy heavier helpful hidden high higher historic historical holy honest horizontal horrible hostile hot hotter huge humid hungry ideal "
        + "identical idle ill illegal imaginary immediate immune immutable implicit important impossible impressive inactive inclusive incorrect incredible independent indirect individual industrial inevitable infinite "
        + "informal inner innocent inorganic insane inside instant intelligent intense interactive interesting interested intermediate internal international intrinsic extrinsic invalid invisible irrational irregular isolated joint "
        + "junior key kind large larger late later lazy leading least left legal legitimate lesser less lethal liable liberal light lighter likely linear liquid literal little live lively local logical lonely long longer loose loud louder low "
        + "lower loyal lucky lunar mad magnetic magnificent main major male mandatory manual many marginal marine marital martial massive mature maximum meaningful mechanical medical medieval mental mere middle mild military minimal minimum minor minus missing "
        + "mobile moderate modern modest moral morning mutable mutual mysterious naive naked narrow nasty national native natural near neat necessary negative nervous neutral new newer next nice noble nocturnal noisy nonlinear normal "
        + "north northern notable novel nuclear numeric numerical nutritional obese objective obscure obvious odd offensive official offline old older online open opposite optical optimal optional oral ordinary organic original outdoor indoor outer outside "
        + "overall overnight overseas overweight pale parallel partial passive past patient peaceful perfect permanent perpendicular personal persistent physical plain plastic pleasant plural plus poisonous polar polite political poor poorer popular portable positive "
        + "possible potential powerful practical pregnant premature present pretty previous primary primitive prior private probable productive professional profitable prominent proper protected proud public pure purple qualitative quantitative quick quicker quiet quieter quite random rapid rare rational raw "
        + "ready real realistic reasonable recursive red redundant regional regular relational relative relevant reliable religious remote renewable representative resident residential resistant respective responsible rich richer rigid ripe robust romantic rough round "
        + "royal rude rural sad safe safer same satisfied saturated unsaturated scary scientific secret secure select selfish senior sensible sensitive separate serious several severe sexual shallow sharp sharper short shorter shy sick significant silent silly silver similar simple simpler simultaneous "
        + "single singular skilled sleepy slight slim slow slower small smaller smart smarter smooth social soft softer solar sole solid sophisticated sour south southern spare special specific spicy spiritual stable standard static stationary stationery statistical steady steep sterile "
        + "stiff straight strange strategic strict strong stronger structural stubborn stupid subjective subsequent substantial subtle successful sudden sufficient suitable sunny super superior inferior supreme sure surprising surprised susceptible sustainable sweet sweeter symbolic symmetric "
        + "asymmetric synchronous synthetic systematic tall taller technical temporal temporary tender terrible thermal thick thicker thin thinner tight tiny tired tiring toxic traditional transparent tropical true typical ugly ultimate unable uncommon unconscious underground unique united universal unknown "
        + "unlikely unusual upper upset urban urgent useful useless usual vague valid valuable vast vegan vegetarian venomous verbal vertical viable vibrant vicious violent viral virtual visible visual vital vivid voluntary vulnerable warm warmer weak weaker wealthy weekly "
        + "weird well west western wet white whole wide wider wild willing windy wise wonderful wooden worldwide worse worth worthy wrong yellow young younger zero "
        + "abroad absolutely accidentally accurately across ahead alive along alphabetically approximately ashore aside automatically backwards badly briefly carefully certainly cheaply clearly closely commonly completely consistently "
        + "constantly correctly currently deeply deliberately differently difficultly directly easily effectively efficiently entirely especially eventually everyday everywhere evenly extremely fairly finally forever formally formerly forward frequently fully generally gradually "
        + "greatly happily hardly heavily highly hopefully hourly immediately incorrectly increasingly indeed independently initially instantly internally largely lately later legally likewise loudly locally mainly manually maybe meanwhile merely monthly mostly naturally nearby neatly "
        + "necessarily newly nicely normally obviously occasionally online originally overseas partially particularly permanently personally physically poorly possibly potentially precisely previously primarily privately probably programmatically properly publicly quickly quietly randomly "
        + "rapidly regularly relatively repeatedly roughly safely secretly seriously shortly significantly silently similarly slightly slowly smoothly softly solely somehow somewhat somewhere specifically strictly strongly successfully suddenly tomorrow totally truly typically unfortunately "
        + "usually virtually well widely yearly yesterday annually weekly daily "
        + "people anybody accounting advertising anatomy art arts arm arms astronomy bread butter biology building buildings beginning blood calculus chemistry clothes clothing coding compilation content contents cooking copper cotton credit custom customs damage damages dancing deforestation dishes dust "
        + "dynamics earnings earth economics economy education electricity energy engineering entertainment equipment erosion ethics evaporation evolution fear finance firearms fishing flooding food force forces freedom friction fun furniture gaming garlic genetics geography geology geometry glass glasses gold goods "
        + "grammar gravity hardware health hearing heating helium help hiking history homework honesty housing hunger hygiene ice imagination importing inflation influence information insurance intelligence iron jealousy jewelry knowledge laughter lead leadership learning lighting lightning linguistics listening "
        + "literacy livestock logic logistics luck luggage magic magnesium management manners marketing mass math mathematics maths meat mechanics meditation metabolism midnight milk mining mitosis meiosis morality moss motion mud music nature nitrogen noon nutrition obesity oxygen packaging pain "
        + "painting paper parenting parking patience peace philosophy photosynthesis physics planning plumbing poetry politics pollution population poverty pressure pricing printing privacy productivity programming progress propaganda proof psychology publishing punctuation quality racism radiation rain rating "
        + "reading recycling relaxation reproduction research respiration rest rights running safety salt sand savings schooling science seafood security selling sense setting shipping shopping silence silk singing slavery sleep snow socialism capitalism communism sociology sodium software spelling spending "
        + "sport sports statistics steam steel stress success sunlight sunshine surgery swimming teaching testing thinking timing tourism training transport transportation trigonometry trading traveling typing unemployment vision vocabulary walking washing waste water wealth wellbeing wheat wildlife "
        + "winning wisdom wood wool working writing yoga spring autumn fall january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday "
        + "noon dawn dusk germs mood gossip elasticity discrimination chess tennis golf cricket rugby hockey basketball baseball volleyball football soccer badminton boxing wrestling skiing surfing cycling rowing sailing aid aids pin pins sad pat pap pip dip cot sim sat sos tic lab mod moa";


    /// <summary>Terms and abbreviations whose case says nothing.</summary>
    private const string Terms =
        "iphone ipad ipod imac macbook airpods macos ebay chatgpt openai deepmind tiktok whatsapp mcdonald mcdonalds devops pytorch tensorflow numpy graphql fastapi nodejs postgresql sqlite dynamodb playstation xbox wordpress doordash bigquery covid mrna ecommerce "
        + "kubernetes docker javascript typescript java html css json yaml xml sql api http https url regex git github linux windows android ios ubuntu powershell angular django postgres mysql redis mongodb kafka latex markdown unicode ascii utf boolean "
        + "null undefined async await lambda tcp udp dns ssh tls ssl cpu gpu rom usb pdf csv png jpeg gif mp3 wifi bluetooth blockchain bitcoin ethereum crypto "
        + "etc vs eg ie cm km kg mg ml mm ft lb lbs oz mph kph fahrenheit celsius kelvin usd eur gbp am pm bc "
        + "quantum asap diy faq ceo cfo cto phd mba dna rna gdp hiv ptsd adhd";

    private const string Names =
        "afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahamas bahrain bangladesh barbados belarus belgium belize benin bhutan bolivia bosnia botswana brazil brunei bulgaria burundi "
        + "cambodia cameroon canada chad chile china colombia comoros congo croatia cuba cyprus czechia denmark djibouti dominica ecuador egypt eritrea estonia eswatini ethiopia fiji finland france gabon gambia georgia germany ghana greece grenada guatemala "
        + "guinea guyana haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya kiribati korea kosovo kuwait kyrgyzstan laos latvia lebanon lesotho liberia libya liechtenstein lithuania luxembourg madagascar malawi malaysia "
        + "maldives mali malta mauritania mauritius mexico micronesia moldova monaco mongolia montenegro morocco mozambique myanmar namibia nauru nepal netherlands nicaragua niger nigeria norway oman pakistan palau palestine panama paraguay peru philippines poland portugal qatar romania "
        + "russia rwanda samoa senegal serbia seychelles singapore slovakia slovenia somalia spain sudan suriname sweden switzerland syria taiwan tajikistan tanzania thailand togo tonga trinidad tunisia turkey turkmenistan tuvalu uganda ukraine uruguay uzbekistan vanuatu vatican venezuela "
        + "vietnam yemen zambia zimbabwe england scotland wales britain america africa asia europe antarctica arctic antarctic atlantic pacific mediterranean caribbean "
        + "african albanian american arabic armenian asian australian austrian bengali brazilian british bulgarian canadian chinese croatian czech danish dutch egyptian estonian european finnish french german greek hebrew hindi hungarian icelandic indian indonesian iranian iraqi irish israeli italian "
        + "japanese korean latin latvian lithuanian malay mandarin cantonese mexican mongolian nepali nigerian norwegian persian polish portuguese punjabi romanian russian scottish serbian slovak slovenian somali spanish swahili swedish swiss tamil telugu thai turkish ukrainian urdu vietnamese welsh roman "
        + "alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont "
        + "virginia washington wisconsin wyoming carolina dakota jersey mexico york hampshire amsterdam ankara athens atlanta auckland baghdad bangkok barcelona beijing belgrade berlin berne boston brisbane brussels bucharest budapest cairo canberra caracas casablanca chicago copenhagen dallas delhi denver detroit "
        + "dubai dublin edinburgh frankfurt geneva glasgow hamburg hanoi havana helsinki houston istanbul jakarta jerusalem johannesburg kabul karachi kathmandu kiev kyiv kyoto lagos lahore lima lisbon liverpool london madrid manchester manila marseille melbourne miami milan minneapolis minsk montreal moscow "
        + "munich nairobi naples orlando osaka oslo ottawa oxford cambridge paris perth philadelphia phoenix prague quebec rome salzburg santiago seattle seoul shanghai sofia stockholm stuttgart sydney tallinn tehran tokyo toronto tripoli vancouver venice vienna vilnius warsaw zagreb zurich "
        + "mercury venus mars jupiter saturn uranus neptune pluto einstein newton darwin shakespeare napoleon hitler lincoln obama trump biden google microsoft apple amazon facebook netflix tesla samsung toyota honda nokia sony intel nvidia oracle adobe spotify twitter instagram youtube linkedin "
        + "paypal uber airbnb walmart costco ikea nike adidas pepsi disney christmas easter halloween ramadan hanukkah christian christianity islam muslim hindu hinduism buddhism buddhist judaism jewish catholic protestant";

    /// <summary>Words that a capital in the middle of a sentence turns into others.</summary>
    private const string CasedWords =
        "may march august polish turkey china apple amazon windows word excel outlook access edge teams orange visa mercury mars nice reading mobile bath cork jersey guinea chile jordan georgia hungary "
        + "will mark bill rose grace hope faith joy frank jack rich art drew pat rob sue dawn iris lily daisy ruby pearl crystal amber ginger olive violet heather basil chuck dick gene guy harry jean josh lance max miles nick norm "
        + "peter ray rusty skip stew victor wade ward penny robin holly ivy summer autumn earl duke major catholic titan target gap shell subway sprint oracle meta alphabet square stripe slack zoom chrome safari opera "
        + "signal discord steam unity spring rust swift go dart elm julia scheme racket basic bash fish flask express react angular spark storm hive pig chef puppet salt boots next monster indeed ford dodge ram lincoln jaguar mini smart "
        + "beetle focus fiesta tide dove axe gain cheer crest friends lost scrubs house heat magic jazz thunder giants saints cardinals bills browns bears lions eagles jets titans rockets nuggets kings suns blues stars wild sharks bond bush "
        + "brown green white black gray grey wood stone fox wolf young king price cook baker smith carpenter miller taylor hunter archer fisher mason parker cooper carter turner page gates jobs trump cruise drake prince queen kiss cream "
        + "doors police cure rush journey lent job mass host pole poles scotch swede indian titanic word notes pages numbers keynote photos music maps mail messages calendar reminders notion linear figma sketch go r c make ant maven gradle "
        + "bing siri alexa cortana gemini claude bard llama falcon mistral phoenix pascal lotus sage tempo corona crown beck bream chad mali oman niger cuba malta panama brie champagne cologne china denim cardigan sandwich "
        + "hamburger oxford cambridge god bible lord lady pope church state congress senate house parliament union republic democrat republican liberal labour green conservative tory whig communist nazi "
        + "conservatives liberals democrats republicans greens tories whigs nationals reform "
        + "mustang mustangs azure galaxy grant chase earth ram rams bull bulls python pythons java tesla newton danish manila lima conservatives liberals democrats republicans greens tories raven ravens falcon falcons panthers dolphins "
        + "cowboys patriots steelers hornets pistons raptors clippers rangers pirates braves angels twins penguins sabres senators predators flames wolves foxes camaro viper explorer bronco civic corolla prius kindle echo alexa safari visa chrome "
        + "vault snowflake arsenal oasis blur queen genesis exodus eve pandora orion pluto leo aries libra gemini";

    /// <summary>
    /// More of them, seldom the first word of a question: cars, teams, products, people, towns, bands, papers. Those that are common words besides need no place here, because
    /// any common word with a capital in the middle of a sentence differs from the same without one.
    /// </summary>
    private const string RareCasedWords =
        "acadia accent access accord accords act acts advent aim alexa alien aliens allah always amplitude angel angela angels angers april aquarius arby aries armada arsenal ascension ascent ascot ash asia assembly "
        + "assistant assumption astro athena athletics atlas aurora avalanche avatar axe babel backbone bamboo ban banana bar barking barry bath battle bay beam bedrock beer bell bench best bill bing bird bishop black "
        + "blanche blazer blazers blitz blur bolt bolton bones book boost booth boston bottle bounty bow bowman bra brad brave braves bray brazil brest brewer brewers bridges brie bronco brook brooke brooks brownies "
        + "bruins buckle buddha buddy bug bun bunny burns bury bush butcher butler byrd cabinet cake camaro cancer candy cannon canyon capitals capitol capricorn caress carina carol cars cascade cash castle cat cavaliers "
        + "cayenne celery cell cellular chai challenger chamber chambers charger charter chase cheer cheers chef chevron chicago chili chronicles chuck church circle citizens civic clare classroom clay cliff clippers "
        + "coach coast cobalt coco coleman colgate colorado colt comet commander commons communion compass confession constitution consul continental convention cork corolla cosmos cotton court covenant cox coyotes craft "
        + "crane crash cream creation creed crest cricket crook cross crown crusade crusades crux cruze crystal cub cuban cubs cucumber curry cypress dale danish dash dawn day deal dean declaration defender degree delta "
        + "denny depression derby destiny devils dial diamondbacks dickens discover discovery diss disturbed docker docs dodgers don doors dot doubt dove draco drew drift drive druid duo dutch dyer dynasty eagles earnest "
        + "earth east ebony echo eclipse economist edge elastic element elixir elks elle ember embrace empire english enlightenment envoy epiphany equinox era escape escort essence europe eve exchange exodus expedition "
        + "explorer explorers express eye fabric faith falls farmer fay fed fern fidelity field fields filter finch finnish fire fit flames flask fleming flink flint flora flowers flutter flyers focus ford forest forester "
        + "forms fortune fossil foster fox foxes frasier freeman freemasons french friends frontier frost frozen fusion gain galant gale gap garbage gardener garner gay gemini gemma genesis gent german gherkin ghost "
        + "ginger glad glade gladiator glass glee globe glover glue gold golden golf gong goodman gospel grace grant graves greek green grizzlies gross grunt guard guardian guardians guess guides gulf gulp gunners guy "
        + "hall halo ham hamm hammers hank hardy harper hart hawks hay hayes head heat heath hebrews hefty herald heroes hibernate hicks hill hive hole holmes holocaust home hood hook hope horn hornets house hudson hull "
        + "hunt hunter hurricanes hurt hydra impala inception independent inquisition insight intercom ionic iris irish islanders ivory ivy jack james janus jasmine jaws jay jazz jest jewel jimmy job john jolly journal "
        + "journey joy judges juke julia juno kansas karma kay keane keen keep kelly kerry key keys kindle kings kiss kit knight korn kraken lake lamb lambda lancer lancet lane laurel law leaf leafs lee legacy legend lens "
        + "lent leo liberty libra life lightning limerick limited lions little live logan long looe look looker loop lords lost lou love low luke luna luvs madras mae magic magna magpies mail major malibu mall mann march "
        + "marina marine mariners marines mark marlins marsh mason masons mass mavericks may mayo mayor meath meet melody mercer mercy merry meteor mets mexican middle mike miles milk mills mina mint mirage mirror misty "
        + "mobil mocha mold monday money monk  moose mosque moss muse myrtle nancy nash nature nelson nest nets next nice noble nomad nope norm north nova novak numbers oasis observer odyssey off offaly olay opal "
        + "optima orange orient orion otto outback outreach pace pacers pack packer paige pain palm panda pandas pandora pansy parcel park parks partition passover passport pat pathfinder patience patriot pay payne "
        + "pelicans penguins pentagon people pert peru phantom phoenix pierce pig pilot piper pirates pisces pistons pitt pixel placebo plague planner playboy pledge pluto poison police polish pollard polo pony pool poole "
        + "poppy porter post pound powers pratt precious predator predators prelude presto prime prius proctor prohibition project proverbs psalms psycho publisher puffs pulp punto puppet queen quick rabbit racket raid "
        + "rains randy ranger rangers ranks raptors ray rays reader reconstruction reds reed reese reformation remix renaissance renegade reserve resistance restoration revelation revenge rex rhodes rich ridgeline ring "
        + "river rivers roach rob rocky rogue rolling roman romans rose rotary rowan royals rugby rush ruth rye sabres sage sale sandwich sandy savage savannah saw sawyer scandal science scope scorpio scotch scout scouts "
        + "scream seal seals secret segment sellers senators sentinel sequoia serenity sessions sharp sheets shell shepherd short sierra silver singer sites skinner skip sky slides small smash snow snowball snowflake "
        + "sonata sonic sonny soul south spa spark sparks speaker spears speed spence spin split spring sprint spurs stadia star starr state steel steele stella sterling stern stinger stone storey storm stream street "
        + "strong struts suave suburban subway suede summer summers  sunny suns surface swan sway sweet swift swiss synapse tableau target tate taurus taylor teddy telegraph templars temple tempo tempra terraform "
        + "terrain terror terry thing thorn three thunder tide tiffany tigers timberwolves time times titan titanic toffees tool tornado total tours townes traffic trailblazer train translate traverse travis treasury "
        + "treaty tribune trim trinity trip troubles troy tucker tundra turkey tweed twins tyler ursa vagrant vance vanguard variety vault vela vertigo villa violet viper virgin virgo visa visio viva vogue volt wade "
        + "walker wall wallet walls ware warren warriors watch waters watts weaver webb weeks wells welsh wendy west whisper whistler white whiteboard wilder wiley will willow wings winter wired wise wiseman wizards "
        + "wolves woods woolf workman worms worth wrangler wren wright yankees yarn yes zest zig";

    /// <summary>Words of one group, each group's first standing for all: tier <c>near</c> only, and only where one may take the other's place in any question.</summary>
    private const string Synonyms =
        "buy purchase|big large|start begin commence|fast quick rapid|quickly rapidly|car automobile|kid child|movie film|doctor physician|smart intelligent clever|"
        + "huge enormous|way method|improve enhance|use utilize|build construct|television tv|photo photograph|phone telephone|fridge refrigerator|couch sofa|taxi cab|lawyer attorney|rabbit bunny|teenager teen|allow permit|forbid prohibit|understand comprehend|sunscreen sunblock|information info|application app|"
        + "exam examination|math maths mathematics|ad advert advertisement|repository repo|configuration config|bicycle bike|airplane plane|reduce decrease|expensive pricey|"
        + "difference distinction|advantage benefit|disadvantage drawback|important crucial|mistake error|fix repair|garbage trash rubbish|"
        + "happen occur|required needed necessary|simple easy|simplest easiest|happy glad|ill sick|hard difficult|hardest toughest|employ hire|"
        + "inexpensive cheap|typically usually|approximately roughly about|main primary|whole entire|mom mother|dad father|grandma grandmother|grandpa grandfather";
}
