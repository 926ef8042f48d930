using System.Buffers.Binary;
using System.Globalization;

namespace Harness.Text.Unigram;

/// <summary>
/// SentencePiece's precompiled character map: replacements of beginnings of a text, in a double array (Aoe 1989; the
/// layout is that of Darts-clone, one 32-bit unit a node), with the replacements behind it, each ended by a zero.
/// </summary>
internal sealed class CharacterMap
{
    private const uint ValueBits = 0x7FFF_FFFF;

    private readonly uint[] units;
    private readonly byte[] replacements;

    // Whether text that begins with two bytes can match at all: hardly any two letters can, though most single ones begin
    // something, with a combining mark behind.
    private readonly bool[] begins = new bool[256 * 256];

    private CharacterMap(uint[] units, byte[] replacements)
    {
        this.units = units;
        this.replacements = replacements;
        for (int first = 1; first < 256; first++)
        {
            int node = Step(Base(0), (byte)first, out bool ends, out _);
            for (int second = 0; node >= 0 && second < 256; second++)
                begins[(first << 8) | second] = ends || (second > 0 && Step(node, (byte)second, out _, out _) >= 0);
        }
    }

    /// <summary>Reads a map.</summary>
    /// <param name="bytes">Four bytes of length, little-endian, then as many bytes of units, then the replacements.</param>
    /// <returns>The map, or null where there are no bytes.</returns>
    /// <exception cref="TokenizerException">The bytes are cut short, or a unit or replacement lies outside them.</exception>
    public static CharacterMap? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return null;
        if (bytes.Length < 4)
            throw Broken("it has no length");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length > bytes.Length - 5 || length % 4 != 0)
        {
            throw Broken(string.Create(
                CultureInfo.InvariantCulture, $"it says {length} bytes of units, of {bytes.Length - 4} that are there"));
        }

        var units = new uint[length / 4];
        for (int i = 0; i < units.Length; i++)
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + (4 * i))..]);
        byte[] replacements = bytes[(4 + (int)length)..].ToArray();
        if (replacements[^1] != 0)
            throw Broken("its last replacement has no end");
        return units.Length == 0 ? null : new CharacterMap(units, replacements);
    }

    /// <summary>Finds the longest beginning of a text that is replaced.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">How many bytes of it are replaced; 0 when none.</param>
    /// <returns>What stands in their place.</returns>
    public ReadOnlySpan<byte> Longest(ReadOnlySpan<byte> text, out int length) => Find(text, longest: true, out length);

    /// <summary>Finds the shortest beginning of a text that is replaced.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">How many bytes of it are replaced; 0 when none.</param>
    /// <returns>What stands in their place.</returns>
    public ReadOnlySpan<byte> Shortest(ReadOnlySpan<byte> text, out int length) => Find(text, longest: false, out length);

    /// <summary>Whether any replacement is of a text that begins with a byte, or with two; 0 stands for no second one.</summary>
    public bool Begins(byte first, byte second) => begins[(first << 8) | second];

    private static TokenizerException Broken(string what) =>
        new($"The precompiled character map (tokenizer.ggml.precompiled_charsmap) is damaged: {what}. Convert the model again.");

    private ReadOnlySpan<byte> Find(ReadOnlySpan<byte> text, bool longest, out int length)
    {
        length = 0;
        if (text.IsEmpty || !Begins(text[0], text.Length > 1 ? text[1] : (byte)0))
            return default;
        int node = Base(0);
        int found = -1;
        for (int at = 0; at < text.Length && text[at] != 0; at++)
        {
            node = Step(node, text[at], out bool ends, out int value);
            if (node < 0)
                break;
            if (!ends)
                continue;
            (found, length) = (value, at + 1);
            if (!longest)
                break;
        }

        if (found < 0)
            return default;
        if (found >= replacements.Length)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"a replacement begins at {found} of {replacements.Length} bytes"));
        ReadOnlySpan<byte> rest = replacements.AsSpan(found);
        return rest[..rest.IndexOf((byte)0)];
    }

    // From a node's base to the base of its child.
    private int Step(int from, byte label, out bool ends, out int value)
    {
        ends = false;
        value = -1;
        int index = from ^ label;
        if ((uint)index >= (uint)units.Length)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"unit {index} of {units.Length} is asked for"));
        uint unit = units[index];
        if ((unit & 0x8000_00FF) != label)
            return -1;
        int next = index ^ Offset(unit);
        ends = ((unit >> 8) & 1) != 0;
        if (ends)
        {
            if ((uint)next >= (uint)units.Length)
                throw Broken(string.Create(CultureInfo.InvariantCulture, $"unit {next} of {units.Length} is asked for"));
            value = (int)(units[next] & ValueBits);
        }

        return next;
    }

    private int Base(int index) => Offset(units[index]);

    private static int Offset(uint unit) => (int)((unit >> 10) << (int)((unit & 0x200) >> 6));
}
