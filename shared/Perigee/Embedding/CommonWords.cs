namespace Perigee.Embedding;

/// <summary>
/// Words that stand in so many English questions that sharing one says little: what an inverse document frequency would say, without a
/// collection of documents to count in. Lower case, apostrophes dropped.
/// </summary>
internal static class CommonWords
{
    private static readonly HashSet<ulong> Hashes = [.. Read().Select(static word => HashedEmbedder.Hash(word))];

    /// <summary>Whether the word of that hash is one of them.</summary>
    public static bool Has(ulong hash) => Hashes.Contains(hash);

    private static string[] Read() => """
        a an the this that these those there here it its itself he him his she her hers they them their theirs we us our ours you your yours
        i me my mine myself yourself one ones someone anyone everyone something anything everything nothing
        is are was were be been being am isnt arent wasnt werent im youre theyre were its thats whats hows whos ive youve weve
        do does did done doing dont doesnt didnt have has had having havent hasnt hadnt
        can could will would shall should may might must cant couldnt wont wouldnt shouldnt
        and or but if then than so as because while although though nor yet either neither both
        of in on at to from by with without for about into onto over under between among through during before after above below up down out off
        against within along across behind beyond near since until upon per via
        not no yes never always often sometimes usually ever just only also too very really quite rather much many more most less least few
        some any all each every other another such own same enough
        what which who whom whose when where why how
        please thanks thank hello hi hey dear kindly
        tell say show give get got let make made go going gone come take put want wants wanted need needs needed know knows known like likes
        use used using find explain describe help mean means meaning think work works way ways thing things
        now today still again already soon later first last next new old good better best bad great big small long short
        people person man men woman women time times day days year years world life
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
