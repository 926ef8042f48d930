using System.Buffers.Binary;
using System.Globalization;

namespace Harness.Text.SentencePiece;

/// <summary>Reads a SentencePiece <c>tokenizer.model</c>: a protocol buffer (<c>sentencepiece_model.proto</c>), BPE or unigram.</summary>
internal static class SentencePieceModel
{
    private const int Unigram = 1;
    private const int BytePair = 2;

    /// <summary>Reads a model.</summary>
    /// <param name="bytes">The file.</param>
    /// <exception cref="TokenizerException">It is damaged; says where.</exception>
    /// <exception cref="UnsupportedTokenizerException">It is of another kind.</exception>
    public static TokenizerData Read(ReadOnlyMemory<byte> bytes)
    {
        var tokens = new List<ReadOnlyMemory<byte>>();
        var scores = new List<float>();
        var types = new List<int>();
        var trainer = new Trainer();
        var normalizer = new NormalizerRules();
        foreach (Field field in Fields(bytes))
        {
            switch (field.Number)
            {
                case 1:
                    ReadPiece(field, tokens, scores, types);
                    break;
                case 2:
                    trainer.Read(field.Bytes);
                    break;
                case 3:
                    normalizer.Read(field.Bytes);
                    break;
            }
        }

        if (tokens.Count == 0)
            throw new TokenizerException("The tokenizer.model holds no pieces: it is damaged, or no SentencePiece model.");
        if (trainer.Kind is not (Unigram or BytePair))
            throw new UnsupportedTokenizerException("model_type", trainer.Kind.ToString(CultureInfo.InvariantCulture), ["1 (unigram)", "2 (BPE)"]);
        if (!normalizer.Escapes)
            throw new UnsupportedTokenizerException("escape_whitespaces", "false", []);
        return new TokenizerData
        {
            Model = trainer.Kind == BytePair ? "llama" : "t5",
            Tokens = tokens,
            Scores = scores.ToArray(),
            Types = types.ToArray(),
            BosId = Id(trainer.Bos, tokens.Count),
            EosId = Id(trainer.Eos, tokens.Count),
            UnkId = Id(trainer.Unknown, tokens.Count),
            PadId = Id(trainer.Padding, tokens.Count),
            AddSpacePrefix = normalizer.AddsPrefix,
            RemoveExtraWhitespaces = normalizer.MergesSpaces,
            PrecompiledCharacterMap = normalizer.Map,
            WhitespaceIsSuffix = trainer.SpaceIsSuffix,
            ByteFallback = trainer.ByteFallback,
            NormalizesAsSentencePiece = true,
        };
    }

    private static int? Id(int id, int count) => id >= 0 && id < count ? id : null;

    private static void ReadPiece(Field message, List<ReadOnlyMemory<byte>> tokens, List<float> scores, List<int> types)
    {
        ReadOnlyMemory<byte> text = default;
        float score = 0;
        int type = (int)TokenType.Normal;
        foreach (Field field in Fields(message.Bytes))
        {
            switch (field.Number)
            {
                case 1:
                    text = field.Bytes;
                    break;
                case 2:
                    score = BitConverter.Int32BitsToSingle((int)field.Value);
                    break;
                case 3:
                    type = (int)field.Value;
                    break;
            }
        }

        if (float.IsNaN(score))
            throw new TokenizerException(string.Create(CultureInfo.InvariantCulture, $"The tokenizer.model gives piece {tokens.Count} a score that is no number."));
        tokens.Add(text);
        scores.Add(score);
        types.Add(type);
    }

    // Tag by tag; lengths are held against what is there before anything is taken.
    private static IEnumerable<Field> Fields(ReadOnlyMemory<byte> message)
    {
        int at = 0;
        while (at < message.Length)
        {
            int start = at;
            ulong tag = Varint(message.Span, ref at);
            int number = (int)Math.Min(tag >> 3, int.MaxValue);
            ulong value = 0;
            ReadOnlyMemory<byte> bytes = default;
            switch (tag & 7)
            {
                case 0:
                    value = Varint(message.Span, ref at);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(Take(message, ref at, 8).Span);
                    break;
                case 2:
                    ulong length = Varint(message.Span, ref at);
                    bytes = Take(message, ref at, length);
                    break;
                case 5:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(Take(message, ref at, 4).Span);
                    break;
                default:
                    throw Damaged(start);
            }

            if (number == 0)
                throw Damaged(start);
            yield return new Field(number, value, bytes);
        }
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> message, ref int at, ulong length)
    {
        if (length > (ulong)(message.Length - at))
            throw Damaged(at);
        ReadOnlyMemory<byte> taken = message.Slice(at, (int)length);
        at += (int)length;
        return taken;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length)
                break;
            byte part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }

        throw Damaged(at);
    }

    private static TokenizerException Damaged(int at) => new(string.Create(
        CultureInfo.InvariantCulture, $"The tokenizer.model is damaged, or no SentencePiece model: no field can be read at byte {at} of a message."));

    private readonly record struct Field(int Number, ulong Value, ReadOnlyMemory<byte> Bytes);

    private sealed class Trainer
    {
        public int Kind { get; private set; } = Unigram;

        public bool SpaceIsSuffix { get; private set; }

        public bool ByteFallback { get; private set; }

        public int Unknown { get; private set; }

        public int Bos { get; private set; } = 1;

        public int Eos { get; private set; } = 2;

        public int Padding { get; private set; } = -1;

        public void Read(ReadOnlyMemory<byte> message)
        {
            foreach (Field field in Fields(message))
            {
                int value = unchecked((int)field.Value);
                switch (field.Number)
                {
                    case 3:
                        Kind = value;
                        break;
                    case 24:
                        SpaceIsSuffix = value != 0;
                        break;
                    case 35:
                        ByteFallback = value != 0;
                        break;
                    case 40:
                        Unknown = value;
                        break;
                    case 41:
                        Bos = value;
                        break;
                    case 42:
                        Eos = value;
                        break;
                    case 43:
                        Padding = value;
                        break;
                }
            }
        }
    }

    private sealed class NormalizerRules
    {
        public ReadOnlyMemory<byte> Map { get; private set; }

        public bool AddsPrefix { get; private set; } = true;

        public bool MergesSpaces { get; private set; } = true;

        public bool Escapes { get; private set; } = true;

        public void Read(ReadOnlyMemory<byte> message)
        {
            foreach (Field field in Fields(message))
            {
                switch (field.Number)
                {
                    case 2:
                        Map = field.Bytes;
                        break;
                    case 3:
                        AddsPrefix = field.Value != 0;
                        break;
                    case 4:
                        MergesSpaces = field.Value != 0;
                        break;
                    case 5:
                        Escapes = field.Value != 0;
                        break;
                }
            }
        }
    }
}
