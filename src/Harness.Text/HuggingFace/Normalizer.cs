using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Text.RegularExpressions;
using Harness.Text.Unicode;

namespace Harness.Text.HuggingFace;

/// <summary>A step that changes text before it is cut.</summary>
internal abstract class Normalizer
{
    /// <summary>Normalizes.</summary>
    /// <param name="text">Code points; may be changed.</param>
    /// <returns>The normalized code points.</returns>
    public abstract List<int> Normalize(List<int> text);

    /// <summary>What it does, in a word or two that tell it from others; of a sequence, its steps' with commas between.</summary>
    public string Description { get; private set; } = string.Empty;

    /// <summary>The steps of a sequence; otherwise the step itself.</summary>
    public virtual IEnumerable<Normalizer> Steps => [this];

    /// <summary>Reads the <c>normalizer</c> of a <c>tokenizer.json</c>.</summary>
    public static Normalizer Read(JsonPlace json)
    {
        Normalizer normalizer = Create(json);
        normalizer.Description = json.Type switch
        {
            "Sequence" => string.Join(',', normalizer.Steps.Select(step => step.Description)),
            "Prepend" => $"Prepend({json.Text("prepend")})",
            "Replace" => $"Replace({TextPattern.Read(json.Get("pattern")).Source}→{json.Text("content")})",
            string type => type,
        };
        return normalizer;
    }

    private static Normalizer Create(JsonPlace json) => json.Type switch
    {
        "Sequence" => new NormalizerSequence([.. json.Get("normalizers").Items().Select(Read)]),
        "NFC" => new FormNormalizer(compatible: false, compose: true),
        "NFD" => new FormNormalizer(compatible: false, compose: false),
        "NFKC" => new FormNormalizer(compatible: true, compose: true),
        "NFKD" => new FormNormalizer(compatible: true, compose: false),
        "Lowercase" => new MappingNormalizer(AddLower),
        "StripAccents" => new MappingNormalizer((c, to) => AddUnless(IsMark(c), c, to)),
        "Nmt" => new MappingNormalizer(AddNmt),
        "ByteLevel" => new ByteLetterNormalizer(),
        "Strip" => new StripNormalizer(json.Flag("strip_left", true), json.Flag("strip_right", true)),
        "Prepend" => new PrependNormalizer(CodePoints.Of(json.Get("prepend").AsText())),
        "Replace" => new ReplaceNormalizer(TextPattern.Read(json.Get("pattern")), CodePoints.Of(json.Get("content").AsText())),
        "Precompiled" => PrecompiledNormalizer.Read(json),
        "BertNormalizer" => new BertNormalizer(
            json.Flag("clean_text", true), json.Flag("handle_chinese_chars", true),
            json.Flag("strip_accents", json.Flag("lowercase", true)), json.Flag("lowercase", true)),
        _ => throw json.Unknown("normalizer"),
    };

    /// <summary>Adds the lower case of a code point.</summary>
    protected static void AddLower(int codePoint, List<int> to)
    {
        if (UnicodeTables.Instance.Lower(codePoint) is { } lower)
            to.AddRange(lower);
        else
            to.Add(codePoint);
    }

    /// <summary>Adds a code point, or not.</summary>
    protected static void AddUnless(bool dropped, int codePoint, List<int> to)
    {
        if (!dropped)
            to.Add(codePoint);
    }

    private static bool IsMark(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static void AddNmt(int c, List<int> to)
    {
        if (c is (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F)
            return;
        bool space = c is 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
        to.Add(space ? ' ' : c);
    }

    private sealed class NormalizerSequence(Normalizer[] steps) : Normalizer
    {
        public override IEnumerable<Normalizer> Steps => steps.SelectMany(step => step.Steps);

        public override List<int> Normalize(List<int> text)
        {
            foreach (Normalizer step in steps)
                text = step.Normalize(text);
            return text;
        }
    }

    private sealed class FormNormalizer(bool compatible, bool compose) : Normalizer
    {
        public override List<int> Normalize(List<int> text)
        {
            ReadOnlySpan<int> span = CollectionsMarshal.AsSpan(text);
            return span.ContainsAnyExceptInRange(0, 0x7F) ? Normalization.Normalize(span, compatible, compose) : text;
        }
    }

    private sealed class MappingNormalizer(Action<int, List<int>> add) : Normalizer
    {
        public override List<int> Normalize(List<int> text)
        {
            var result = new List<int>(text.Count);
            foreach (int codePoint in text)
                add(codePoint, result);
            return result;
        }
    }

    private sealed class ByteLetterNormalizer : Normalizer
    {
        public override List<int> Normalize(List<int> text)
        {
            var result = new List<int>(text.Count);
            CodePoints.AddByteLetters(CollectionsMarshal.AsSpan(text), result);
            return result;
        }
    }

    private sealed class StripNormalizer(bool left, bool right) : Normalizer
    {
        public override List<int> Normalize(List<int> text)
        {
            int start = 0;
            int end = text.Count;
            while (left && start < end && CodePointSet.IsWhitespace(text[start]))
                start++;
            while (right && end > start && CodePointSet.IsWhitespace(text[end - 1]))
                end--;
            return text.GetRange(start, end - start);
        }
    }

    private sealed class PrependNormalizer(int[] prefix) : Normalizer
    {
        public override List<int> Normalize(List<int> text)
        {
            if (text.Count > 0)
                text.InsertRange(0, prefix);
            return text;
        }
    }

    private sealed class ReplaceNormalizer(TextPattern pattern, int[] content) : Normalizer
    {
        public override List<int> Normalize(List<int> text)
        {
            var matches = new List<RegexMatch>();
            ReadOnlySpan<int> span = CollectionsMarshal.AsSpan(text);
            pattern.FindAll(span, matches);
            if (matches.Count == 0)
                return text;
            var result = new List<int>(text.Count + (matches.Count * content.Length));
            int last = 0;
            foreach (RegexMatch match in matches)
            {
                result.AddRange(span[last..match.Start]);
                result.AddRange(content);
                last = match.End;
            }

            result.AddRange(span[last..]);
            return result;
        }
    }

    /// <summary>BERT's cleaning.</summary>
    public sealed class BertNormalizer(bool cleans, bool partsChinese, bool stripsAccents, bool lowercases) : Normalizer
    {
        /// <summary>Whether text becomes lower case.</summary>
        public bool Lowercases => lowercases;

        /// <summary>Whether accents are taken off.</summary>
        public bool StripsAccents => stripsAccents;

        /// <inheritdoc/>
        public override List<int> Normalize(List<int> text)
        {
            var result = new List<int>(text.Count + 16);
            foreach (int codePoint in text)
            {
                int c = codePoint;
                if (cleans)
                {
                    if (c is 0 or 0xFFFD || IsControl(c))
                        continue;
                    c = CodePointSet.IsWhitespace(c) ? ' ' : c;
                }

                bool apart = partsChinese && IsChinese(c);
                if (apart)
                    result.Add(' ');
                result.Add(c);
                if (apart)
                    result.Add(' ');
            }

            if (stripsAccents)
            {
                List<int> decomposed = Normalization.Normalize(CollectionsMarshal.AsSpan(result), compatible: false, compose: false);
                decomposed.RemoveAll(c => CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark);
                result = decomposed;
            }

            if (!lowercases)
                return result;
            var lower = new List<int>(result.Count);
            foreach (int c in result)
                AddLower(c, lower);
            return lower;
        }

        private static bool IsControl(int c) => c is not ('\t' or '\n' or '\r') && CharUnicodeInfo.GetUnicodeCategory(c)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

        private static bool IsChinese(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
            or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
            or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
    }
}
