using System.Globalization;

namespace Harness.Text.Unicode;

/// <summary>
/// What tokenizers ask of the Unicode Character Database, from the resource <c>unicode.txt</c>: decompositions, combining
/// classes, lower case. Our own tables because the runtime's follow the machine (or are absent without ICU), and one text
/// must give the same ids everywhere.
/// </summary>
internal sealed class UnicodeTables
{
    private static readonly Lazy<UnicodeTables> Read = new(() => new UnicodeTables());

    private readonly Dictionary<int, int[]> canonical = [];
    private readonly Dictionary<int, int[]> compatible = [];
    private readonly Dictionary<long, int> compositions = [];
    private readonly Dictionary<int, int[]> lower = [];
    private readonly Dictionary<int, byte> classes = [];
    private readonly HashSet<int> neverComposed = [];

    private UnicodeTables()
    {
        using Stream stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode.txt")!;
        using var reader = new StreamReader(stream);
        string section = string.Empty;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('@'))
                section = line;
            else if (line.Length > 0 && line[0] != '#')
                Add(section, line);
        }

        foreach ((int composed, int[] parts) in canonical)
        {
            if (neverComposed.Contains(composed) || parts.Length < 2)
                continue;
            int first = parts.Length == 2 ? parts[0] : Find(parts.AsSpan(0, parts.Length - 1));
            compositions.Add(((long)first << 32) | (uint)parts[^1], composed);
        }
    }

    /// <summary>The tables; read when first asked for.</summary>
    public static UnicodeTables Instance => Read.Value;

    /// <summary>The full canonical decomposition of a code point, or null. Hangul is not among them.</summary>
    public int[]? Canonical(int codePoint) => canonical.GetValueOrDefault(codePoint);

    /// <summary>The full compatible decomposition where it differs from the canonical one, or null.</summary>
    public int[]? Compatible(int codePoint) => compatible.GetValueOrDefault(codePoint);

    /// <summary>The primary composite of two code points, or −1.</summary>
    public int Composition(int first, int second) =>
        compositions.TryGetValue(((long)first << 32) | (uint)second, out int composed) ? composed : -1;

    /// <summary>The canonical combining class, 0 to 240.</summary>
    public byte CombiningClass(int codePoint) => codePoint < 0x300 ? (byte)0 : classes.GetValueOrDefault(codePoint);

    /// <summary>The full lower case, without context, or null where the code point has none.</summary>
    public int[]? Lower(int codePoint) => lower.GetValueOrDefault(codePoint);

    /// <summary>The lower case as one code point: the first of the full one.</summary>
    public int SimpleLower(int codePoint)
    {
        if (codePoint < 0x80)
            return codePoint is >= 'A' and <= 'Z' ? codePoint | 0x20 : codePoint;
        return lower.TryGetValue(codePoint, out int[]? full) ? full[0] : codePoint;
    }

    private static int Hex(ReadOnlySpan<char> text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private void Add(string section, string line)
    {
        int equals = line.IndexOf('=', StringComparison.Ordinal);
        ReadOnlySpan<char> key = line.AsSpan(0, equals);
        int step = 1;
        if (key.EndsWith("/2"))
        {
            key = key[..^2];
            step = 2;
        }

        int dash = key.IndexOf('-');
        int first = Hex(dash < 0 ? key.TrimEnd('!') : key[..dash]);
        int last = dash < 0 ? first : Hex(key[(dash + 1)..]);
        ReadOnlySpan<char> value = line.AsSpan(equals + 1);
        switch (section)
        {
            case "@canonical":
                canonical.Add(first, CodePoints(value));
                if (key.EndsWith("!"))
                    neverComposed.Add(first);
                break;
            case "@compatible":
                compatible.Add(first, CodePoints(value));
                break;
            case "@class":
                byte combining = byte.Parse(value, CultureInfo.InvariantCulture);
                for (int c = first; c <= last; c++)
                    classes.Add(c, combining);
                break;
            default:
                int[] to = CodePoints(value);
                for (int c = first; c <= last; c += step)
                    lower.Add(c, first == last ? to : [to[0] + c - first]);
                break;
        }
    }

    private static int[] CodePoints(ReadOnlySpan<char> text)
    {
        var result = new int[text.Count(' ') + 1];
        int at = 0;
        foreach (Range range in text.Split(' '))
            result[at++] = Hex(text[range]);
        return result;
    }

    // The composite whose full decomposition this is; there is one, or the longer one could not be a composite.
    private int Find(ReadOnlySpan<int> parts)
    {
        int composed = parts[0];
        foreach (int part in parts[1..])
        {
            composed = -1;
            foreach ((int candidate, int[] decomposed) in canonical)
            {
                if (!neverComposed.Contains(candidate) && parts.SequenceEqual(decomposed))
                    composed = candidate;
            }
        }

        return composed;
    }
}
