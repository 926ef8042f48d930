using System.Buffers.Binary;
using System.Text;

namespace Harness.Text.Tests;

/// <summary>Compiles replacements as SentencePiece does: a double array of 32-bit units, then the replacements.</summary>
internal static class CharacterMapWriter
{
    public static byte[] Write(IReadOnlyDictionary<string, string> replacements)
    {
        var texts = new MemoryStream();
        var keys = new List<(byte[] Key, int Value)>();
        foreach ((string key, string value) in replacements)
        {
            keys.Add((Encoding.UTF8.GetBytes(key), (int)texts.Length));
            texts.Write(Encoding.UTF8.GetBytes(value));
            texts.WriteByte(0);
        }

        var units = new Dictionary<int, uint> { [0] = 0 };
        Place(units, 0, keys, 0);
        int count = (units.Keys.Max() | 0xFF) + 1;
        byte[] bytes = new byte[4 + (4 * count) + texts.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, 4 * count);
        foreach ((int index, uint unit) in units)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 + (4 * index)), unit);
        texts.ToArray().CopyTo(bytes, 4 + (4 * count));
        return bytes;
    }

    // Gives the children of a node places whose numbers differ from a common base by their labels alone.
    private static void Place(Dictionary<int, uint> units, int index, List<(byte[] Key, int Value)> keys, int depth)
    {
        var groups = keys.Where(k => k.Key.Length > depth).GroupBy(k => k.Key[depth]).ToList();
        (byte[] Key, int Value)[] own = [.. keys.Where(k => k.Key.Length == depth)];
        int[] labels = [.. groups.Select(g => (int)g.Key), .. own.Length > 0 ? (int[])[0] : []];
        int start = 1;
        while (labels.Any(label => units.ContainsKey(start ^ label)))
            start++;
        units[index] |= (uint)((index ^ start) << 10) | (own.Length > 0 ? 0x100u : 0);
        foreach (int label in labels)
            units.Add(start ^ label, label == 0 ? 0x8000_0000u | (uint)own[0].Value : (uint)label);
        foreach (var group in groups)
            Place(units, start ^ group.Key, [.. group], depth + 1);
    }
}
