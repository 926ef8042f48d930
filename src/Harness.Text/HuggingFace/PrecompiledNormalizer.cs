using System.Globalization;
using System.Text;
using Harness.Text.Unigram;

namespace Harness.Text.HuggingFace;

/// <summary>
/// SentencePiece's character map as HuggingFace applies it: to a whole grapheme cluster of up to five bytes, else to each of
/// its code points; what is replaced is all of it, by the replacement of its shortest beginning that has one.
/// </summary>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private const int LongestCluster = 5;

    private readonly CharacterMap? map;

    private PrecompiledNormalizer(byte[] bytes)
    {
        Bytes = bytes;
        map = CharacterMap.Read(bytes);
    }

    /// <summary>The map as compiled.</summary>
    public byte[] Bytes { get; }

    /// <summary>Reads the step from a <c>tokenizer.json</c>.</summary>
    public static new PrecompiledNormalizer Read(JsonPlace json)
    {
        if (!json.TryGet("precompiled_charsmap", out JsonPlace text))
            return new PrecompiledNormalizer([]);
        try
        {
            return new PrecompiledNormalizer(Convert.FromBase64String(text.AsText()));
        }
        catch (FormatException)
        {
            throw text.Error("this is no base64");
        }
        catch (TokenizerException e)
        {
            throw text.Error(e.Message.TrimEnd('.'));
        }
    }

    /// <inheritdoc/>
    public override List<int> Normalize(List<int> text)
    {
        if (map is null)
            return text;
        string clusters = CodePoints.Text(text);
        var result = new List<int>(text.Count + 16);
        byte[] utf8 = new byte[16];
        Span<char> single = stackalloc char[2];
        for (int at = 0; at < clusters.Length;)
        {
            int length = StringInfo.GetNextTextElementLength(clusters, at);
            ReadOnlySpan<char> cluster = clusters.AsSpan(at, length);
            at += length;
            if (cluster.Length <= LongestCluster && Encoding.UTF8.GetByteCount(cluster) <= LongestCluster && TryReplace(cluster, utf8, result))
                continue;
            foreach (Rune rune in cluster.EnumerateRunes())
            {
                if (!TryReplace(single[..rune.EncodeToUtf16(single)], utf8, result))
                    result.Add(rune.Value);
            }
        }

        return result;
    }

    private bool TryReplace(ReadOnlySpan<char> part, byte[] utf8, List<int> result)
    {
        int count = Encoding.UTF8.GetBytes(part, utf8);
        ReadOnlySpan<byte> replacement = map!.Shortest(utf8.AsSpan(0, count), out int length);
        if (length == 0)
            return false;
        CodePoints.Add(replacement, result);
        return true;
    }
}
