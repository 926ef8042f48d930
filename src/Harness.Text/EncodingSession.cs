using Harness.Text.Vocabulary;

namespace Harness.Text;

/// <summary>
/// What one call of encoding works in: buffers and a cache of words. A <see cref="Tokenizer"/> keeps one for the next
/// call; calls at the same time make their own.
/// </summary>
internal sealed class EncodingSession
{
    // Short prompts do not repay a cache.
    private const int CacheFrom = 1024;

    private WordCache? cache;
    private long bytesSeen;

    public byte[] Kinds = [];
    public int[] Offsets = [];
    public byte[] Bytes = [];
    public int[] Symbols = new int[64];
    public int[] Ranks = new int[64];
    public int[] Results = new int[64];
    public Link[] Links = [];
    public BestEnding[] Best = [];
    public CheapestBeginning[] Costs = [];

    public List<int> Ends { get; private set; } = [];

    public List<int> SpareEnds { get; private set; } = [];

    public MergeHeap Heap { get; } = new();

    /// <summary>The cache, once enough text was seen.</summary>
    public WordCache? Cache => cache ??= bytesSeen >= CacheFrom ? new WordCache() : null;

    /// <summary>Counts text that is about to be encoded.</summary>
    public void Expect(int bytes) => bytesSeen += bytes;

    /// <summary>Gives back the memory of a very long text.</summary>
    public void Trim()
    {
        const int Keep = 1 << 20;
        if (Kinds.Length > Keep)
            (Kinds, Offsets) = ([], []);
        if (Bytes.Length > Keep)
            Bytes = [];
        if (Links.Length > Keep)
            Links = [];
        if (Ends.Capacity > Keep)
            Ends = [];
        if (Best.Length > Keep)
            Best = [];
        if (Costs.Length > Keep)
            Costs = [];
        if (SpareEnds.Capacity > Keep)
            SpareEnds = [];
        Heap.Clear();
    }

    /// <summary>The best way found to write the text up to a place.</summary>
    /// <param name="Score">Its sum of scores.</param>
    /// <param name="Start">Where its last token begins.</param>
    /// <param name="Token">Its last token.</param>
    public record struct BestEnding(double Score, int Start, int Token);

    /// <summary>The cheapest way to write the text from a place on.</summary>
    /// <param name="Cost">Its cost.</param>
    /// <param name="Length">Bytes of its first token.</param>
    /// <param name="Token">Its first token, or −1 for a character as bytes.</param>
    public record struct CheapestBeginning(long Cost, int Length, int Token);

    /// <summary>A symbol of a long word: a run of bytes between its neighbours. A length of 0 means merged away.</summary>
    /// <param name="Previous">Index of the left neighbour, or −1.</param>
    /// <param name="Next">Index of the right neighbour, or −1.</param>
    /// <param name="Start">First byte.</param>
    /// <param name="Length">How many bytes.</param>
    /// <param name="Symbol">Its number.</param>
    public record struct Link(int Previous, int Next, int Start, int Length, int Symbol);
}
