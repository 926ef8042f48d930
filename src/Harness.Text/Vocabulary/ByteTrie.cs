using System.Buffers.Binary;

namespace Harness.Text.Vocabulary;

/// <summary>
/// A read-only trie over byte strings. The children of a node lie side by side, found by a scan of their labels; those of
/// the root by a table.
/// </summary>
internal sealed class ByteTrie
{
    // Up to this many labels are compared one by one.
    private const int FewChildren = 6;

    private readonly int[] root = new int[256];
    private readonly Node[] nodes;
    private readonly byte[] labels;

    /// <summary>Builds the trie.</summary>
    /// <param name="keys">The strings; an empty one is never found.</param>
    /// <param name="values">What each stands for, not negative; of equal strings the last counts.</param>
    public ByteTrie(IReadOnlyList<ReadOnlyMemory<byte>> keys, ReadOnlySpan<int> values)
    {
        int[] order = Sorted(keys);

        // Breadth first, so that siblings are neighbours; a node's Value is the start of its range until it is visited.
        List<Node> building = [new Node(0, 0, 0)];
        List<int> ends = [order.Length];
        List<byte> labelList = [0];
        List<int> depths = [0];
        for (int n = 0; n < building.Count; n++)
        {
            int start = building[n].Value;
            int end = ends[n];
            int depth = depths[n];
            int value = -1;
            while (start < end && keys[order[start]].Length == depth)
                value = values[order[start++]];
            int first = building.Count;
            while (start < end)
            {
                byte label = keys[order[start]].Span[depth];
                int next = start + 1;
                while (next < end && keys[order[next]].Span[depth] == label)
                    next++;
                building.Add(new Node(0, 0, start));
                ends.Add(next);
                labelList.Add(label);
                depths.Add(depth + 1);
                start = next;
            }

            building[n] = new Node(first, building.Count - first, n == 0 ? -1 : value);
        }

        nodes = [.. building];
        labels = [.. labelList];
        Array.Fill(root, -1);
        for (int i = 0; i < nodes[0].Children; i++)
            root[labels[nodes[0].First + i]] = nodes[0].First + i;
    }

    /// <summary>The node one byte long, or −1.</summary>
    public int Start(byte first) => root[first];

    /// <summary>The node one byte on, or −1.</summary>
    public int Next(int node, byte label)
    {
        ref readonly Node from = ref nodes[node];
        ReadOnlySpan<byte> children = labels.AsSpan(from.First, from.Children);
        if (children.Length > FewChildren)
        {
            int found = children.IndexOf(label);
            return found < 0 ? -1 : from.First + found;
        }

        for (int i = 0; i < children.Length; i++)
        {
            if (children[i] == label)
                return from.First + i;
        }

        return -1;
    }

    /// <summary>What a node's string stands for, or −1 when it is only the beginning of others.</summary>
    public int Value(int node) => nodes[node].Value;

    /// <summary>The longest string the text begins with.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">Its length; 0 when there is none.</param>
    /// <returns>What it stands for, or −1.</returns>
    public int LongestPrefix(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        int found = -1;
        int node = text.IsEmpty ? -1 : root[text[0]];
        for (int at = 1; node >= 0; at++)
        {
            if (nodes[node].Value >= 0)
                (found, length) = (nodes[node].Value, at);
            if (at == text.Length)
                break;
            node = Next(node, text[at]);
        }

        return found;
    }

    // By the first eight bytes as a number, then, among equals, byte by byte: a zero that fills up sorts before all.
    private static int[] Sorted(IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        int[] order = new int[keys.Count];
        ulong[] heads = new ulong[order.Length];
        Span<byte> head = stackalloc byte[8];
        for (int i = 0; i < order.Length; i++)
        {
            ReadOnlySpan<byte> key = keys[i].Span;
            head.Clear();
            key[..Math.Min(8, key.Length)].CopyTo(head);
            heads[i] = BinaryPrimitives.ReadUInt64BigEndian(head);
            order[i] = i;
        }

        Array.Sort(heads, order);
        for (int from = 0; from < order.Length;)
        {
            int to = from + 1;
            while (to < order.Length && heads[to] == heads[from])
                to++;
            if (to - from > 1)
            {
                order.AsSpan(from, to - from).Sort((a, b) =>
                {
                    int compared = keys[a].Span.SequenceCompareTo(keys[b].Span);
                    return compared != 0 ? compared : a.CompareTo(b);
                });
            }

            from = to;
        }

        return order;
    }

    private readonly record struct Node(int First, int Children, int Value);
}
