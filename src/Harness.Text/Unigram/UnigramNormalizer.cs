using System.Runtime.CompilerServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.Unigram;

/// <summary>
/// SentencePiece's normalization as llama.cpp does it (<c>llm_tokenizer_ugm_session::normalize</c>): the character map,
/// the space in front, runs of spaces made one, and spaces written as U+2581.
/// </summary>
internal sealed class UnigramNormalizer
{
    private readonly CharacterMap? map;
    private readonly ByteTrie? userDefined;
    private readonly bool prepends;
    private readonly bool appends;
    private readonly bool merges;

    // Whether merging spaces gives the first word none, and white space alone its prefix; llama.cpp does otherwise.
    private readonly bool barely;

    // ASCII that is no space and begins no user-defined token.
    private readonly bool[] stays = new bool[256];

    /// <summary>Builds the normalizer.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="addSpacePrefix">Whether text gets a space in front (or behind, where white space is a suffix).</param>
    /// <param name="userDefined">Texts that are never changed.</param>
    public UnigramNormalizer(TokenizerData data, bool addSpacePrefix, IReadOnlyList<ReadOnlyMemory<byte>> userDefined)
    {
        map = CharacterMap.Read(data.PrecompiledCharacterMap.Span);
        appends = addSpacePrefix && data.WhitespaceIsSuffix;
        prepends = addSpacePrefix && !data.WhitespaceIsSuffix;
        merges = data.RemoveExtraWhitespaces ?? false;
        barely = data.NormalizesAsSentencePiece;
        if (userDefined.Count > 0)
            this.userDefined = new ByteTrie(userDefined, new int[userDefined.Count]);
        for (int value = 0; value < 0x80; value++)
            stays[value] = value != ' ' && !(this.userDefined?.Start((byte)value) >= 0);
    }

    /// <summary>Normalizes.</summary>
    /// <param name="utf8">The text; may be invalid UTF-8, which becomes U+FFFD.</param>
    /// <param name="session">Where to work.</param>
    /// <returns>The normalized text, in the session's buffer.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<byte> Normalize(ReadOnlySpan<byte> utf8, EncodingSession session)
    {
        var output = new Output(session, utf8.Length + 16);
        bool prefixed = false;
        bool seen = false;
        bool inWord = false;
        int at = 0;
        if (barely && prepends && !merges && !utf8.IsEmpty)
        {
            output.AddSpace();
            prefixed = true;
        }

        while (at < utf8.Length)
        {
            if (inWord && UnchangedRun(utf8[at..]) is > 0 and int run)
            {
                seen = true;
                output.Add(utf8.Slice(at, run));
                at += run;
                continue;
            }

            ReadOnlySpan<byte> piece = NormalizePrefix(utf8[at..], out int consumed);
            at += consumed;
            foreach (byte value in piece)
            {
                if (value == ' ')
                {
                    inWord = false;
                    if (!merges)
                        output.AddSpace();
                    continue;
                }

                if (!inWord)
                {
                    inWord = true;
                    if ((prepends && !prefixed) || (merges && (seen || !barely)))
                    {
                        output.AddSpace();
                        prefixed = true;
                    }
                }

                seen = true;
                output.Add(value);
            }
        }

        if (appends)
            output.AddSpace();
        return output.Written;
    }

    private int UnchangedRun(ReadOnlySpan<byte> text)
    {
        int run = 0;
        while (run < text.Length && stays[text[run]]
            && map?.Begins(text[run], run + 1 < text.Length ? text[run + 1] : (byte)0) != true)
        {
            run++;
        }

        return run;
    }

    private ReadOnlySpan<byte> NormalizePrefix(ReadOnlySpan<byte> text, out int consumed)
    {
        // As far as the beginning of any user-defined token reaches, whole or not: so llama.cpp has it.
        if (userDefined is not null)
        {
            int node = userDefined.Start(text[0]);
            int length = 0;
            while (node >= 0)
            {
                length++;
                node = length < text.Length ? userDefined.Next(node, text[length]) : -1;
            }

            if (length > 0)
            {
                consumed = length;
                return text[..length];
            }
        }

        if (map is not null)
        {
            ReadOnlySpan<byte> replaced = map.Longest(text, out consumed);
            if (consumed > 0)
                return replaced;
        }

        consumed = LenientUtf8.WholeSequence(text);
        if (consumed > 0)
            return text[..consumed];
        consumed = 1;
        return "\uFFFD"u8;
    }

    private ref struct Output(EncodingSession session, int capacity)
    {
        private readonly EncodingSession session = session;
        private byte[] bytes = session.Bytes.Length >= capacity ? session.Bytes : new byte[capacity];
        private int count;

        public ReadOnlySpan<byte> Written
        {
            get
            {
                session.Bytes = bytes;
                return bytes.AsSpan(0, count);
            }
        }

        public void Add(byte value)
        {
            if (count == bytes.Length)
                Array.Resize(ref bytes, bytes.Length * 2);
            bytes[count++] = value;
        }

        public void Add(ReadOnlySpan<byte> values)
        {
            if (count + values.Length > bytes.Length)
                Array.Resize(ref bytes, Math.Max(bytes.Length * 2, count + values.Length));
            values.CopyTo(bytes.AsSpan(count));
            count += values.Length;
        }

        public void AddSpace()
        {
            Add(0xE2);
            Add(0x96);
            Add(0x81);
        }
    }
}
