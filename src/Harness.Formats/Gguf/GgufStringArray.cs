using System.Text;

namespace Harness.Formats.Gguf;

/// <summary>
/// An array of UTF-8 strings in one buffer: a vocabulary of 150,000 tokens is two allocations, not 150,000.
/// The bytes are kept as the file has them, valid UTF-8 or not.
/// </summary>
public sealed class GgufStringArray
{
    private readonly byte[] bytes;
    private readonly int[] ends;

    internal GgufStringArray(byte[] bytes, int[] ends)
    {
        this.bytes = bytes;
        this.ends = ends;
    }

    /// <summary>Gathers strings into one buffer.</summary>
    /// <param name="strings">The strings, in order.</param>
    public GgufStringArray(IEnumerable<string> strings)
    {
        ArgumentNullException.ThrowIfNull(strings);
        using var buffer = new MemoryStream();
        var positions = new List<int>();
        foreach (string s in strings)
        {
            buffer.Write(Encoding.UTF8.GetBytes(s));
            positions.Add(checked((int)buffer.Length));
        }

        bytes = buffer.ToArray();
        ends = [.. positions];
    }

    /// <summary>Gathers byte strings into one buffer.</summary>
    /// <param name="strings">The strings' bytes, in order.</param>
    public GgufStringArray(IReadOnlyList<byte[]> strings)
    {
        ArgumentNullException.ThrowIfNull(strings);
        bytes = new byte[strings.Sum(s => (long)s.Length)];
        ends = new int[strings.Count];
        int position = 0;
        for (int i = 0; i < strings.Count; i++)
        {
            strings[i].CopyTo(bytes, position);
            position += strings[i].Length;
            ends[i] = position;
        }
    }

    /// <summary>How many strings there are.</summary>
    public int Count => ends.Length;

    /// <summary>The bytes of all strings together.</summary>
    public int TotalBytes => bytes.Length;

    /// <summary>The bytes of one string.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public ReadOnlySpan<byte> this[int index] => GetMemory(index).Span;

    /// <summary>The bytes of one string, as memory that may be kept.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    /// <returns>The bytes; no copy.</returns>
    public ReadOnlyMemory<byte> GetMemory(int index)
    {
        int end = ends[index];
        int start = index == 0 ? 0 : ends[index - 1];
        return bytes.AsMemory(start, end - start);
    }

    /// <summary>Where a text stands first.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Its index, or −1.</returns>
    public int IndexOf(string text)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < ends.Length; i++)
        {
            if (this[i].SequenceEqual(wanted))
                return i;
        }

        return -1;
    }

    /// <summary>One string as text; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    /// <returns>A new string.</returns>
    public string GetString(int index) => Encoding.UTF8.GetString(this[index]);

    /// <summary>All strings as text, one by one.</summary>
    /// <returns>New strings, made as they are asked for.</returns>
    public IEnumerable<string> AsStrings()
    {
        for (int i = 0; i < Count; i++)
            yield return GetString(i);
    }
}
