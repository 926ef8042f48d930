namespace Harness.Text.Vocabulary;

/// <summary>
/// The ids of short words met before, direct-mapped: text repeats itself, and a hit costs a hash and a compare.
/// Belongs to one <see cref="EncodingSession"/>, so it needs no lock.
/// </summary>
internal sealed class WordCache
{
    private const int Slots = 1 << 14;
    private const int MaxBytes = 24;
    private const int MaxIds = 8;

    private readonly byte[] lengths = new byte[Slots];
    private readonly byte[] counts = new byte[Slots];
    private readonly byte[] words = new byte[Slots * MaxBytes];
    private readonly int[] ids = new int[Slots * MaxIds];

    /// <summary>Finds a word's ids.</summary>
    /// <param name="word">The word.</param>
    /// <param name="slot">Where it belongs, for <see cref="Store"/>; −1 when it is too long to be kept.</param>
    /// <param name="found">Its ids.</param>
    /// <returns>Whether it is known.</returns>
    public bool TryGet(ReadOnlySpan<byte> word, out int slot, out ReadOnlySpan<int> found)
    {
        found = default;
        slot = -1;
        if (word.Length is 0 or > MaxBytes)
            return false;
        slot = (int)(ByteStringTable.Hash(word) & (Slots - 1));
        if (lengths[slot] != word.Length || !words.AsSpan(slot * MaxBytes, word.Length).SequenceEqual(word))
            return false;
        found = ids.AsSpan(slot * MaxIds, counts[slot]);
        return true;
    }

    /// <summary>Keeps a word's ids, in place of what lay there.</summary>
    public void Store(int slot, ReadOnlySpan<byte> word, ReadOnlySpan<int> wordIds)
    {
        if (slot < 0 || wordIds.Length > MaxIds)
            return;
        word.CopyTo(words.AsSpan(slot * MaxBytes));
        wordIds.CopyTo(ids.AsSpan(slot * MaxIds));
        lengths[slot] = (byte)word.Length;
        counts[slot] = (byte)wordIds.Length;
    }
}
