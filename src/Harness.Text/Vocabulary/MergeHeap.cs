namespace Harness.Text.Vocabulary;

/// <summary>A pair of neighbouring symbols that may be merged.</summary>
/// <param name="Order">What is merged first has the least: rank or inverted score in the upper half, position in the lower.</param>
/// <param name="Left">Index of the left symbol.</param>
/// <param name="Right">Index of the right symbol.</param>
/// <param name="Length">Bytes of both together when the pair was seen; if they differ now, the pair is stale.</param>
/// <param name="Result">What the merge makes.</param>
internal readonly record struct MergeCandidate(ulong Order, int Left, int Right, int Length, int Result);

/// <summary>A binary min-heap of merge candidates, kept from word to word so that nothing is allocated.</summary>
internal sealed class MergeHeap
{
    private MergeCandidate[] items = new MergeCandidate[64];

    /// <summary>How many candidates wait.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a candidate.</summary>
    public void Push(in MergeCandidate candidate)
    {
        if (Count == items.Length)
            Array.Resize(ref items, items.Length * 2);
        int i = Count++;
        while (i > 0)
        {
            int parent = (i - 1) >> 1;
            if (items[parent].Order <= candidate.Order)
                break;
            items[i] = items[parent];
            i = parent;
        }

        items[i] = candidate;
    }

    /// <summary>Takes the candidate with the least order.</summary>
    /// <returns>The candidate; the heap must not be empty.</returns>
    public MergeCandidate Pop()
    {
        MergeCandidate top = items[0];
        MergeCandidate last = items[--Count];
        int i = 0;
        while (true)
        {
            int child = (2 * i) + 1;
            if (child >= Count)
                break;
            if (child + 1 < Count && items[child + 1].Order < items[child].Order)
                child++;
            if (last.Order <= items[child].Order)
                break;
            items[i] = items[child];
            i = child;
        }

        items[i] = last;
        return top;
    }

    /// <summary>Forgets all candidates, and the memory of a very long word.</summary>
    public void Clear()
    {
        Count = 0;
        if (items.Length > 1 << 16)
            items = new MergeCandidate[64];
    }
}
