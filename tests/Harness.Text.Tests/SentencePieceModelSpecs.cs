using System.Text;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>A bare SentencePiece <c>tokenizer.model</c> gives the ids its vocabulary gives.</summary>
public sealed class SentencePieceModelSpecs
{
    private const string Separator = "\n__ggml_vocab_test__\n";

    [Test]
    public void A_published_vocabulary_as_tokenizer_model_gives_the_published_ids()
    {
        string path = SharedFolder.Require("vocab", "ggml-vocab-llama-spm.gguf");
        using var file = GgufFile.Open(path);
        Tokenizer tokenizer = TokenizerFile.FromSentencePiece(Write(TokenizerData.FromGguf(file.Metadata), kind: 2, mergesSpaces: false));
        string[] texts = File.ReadAllText(path + ".inp").Split(Separator);
        string[] expected = File.ReadAllText(path + ".out").Split('\n');
        Assert.That(texts.Select(t => string.Join(' ', tokenizer.Encode(t))), Is.EqualTo(expected.Take(texts.Length).Select(e => e.Trim())));
    }

    [Test]
    public void A_unigram_model_gives_the_ids_of_its_vocabulary()
    {
        TokenizerData data = MadeVocabularies.Make("unigram-mapped");
        Tokenizer model = TokenizerFile.FromSentencePiece(Write(data, kind: 1, mergesSpaces: false));
        var tokenizer = Tokenizer.Create(data);
        var random = new Random(51);
        for (int i = 0; i < 300; i++)
        {
            // White space alone gets its prefix here, and none in a GGUF file.
            string text = "x" + RandomText.Next(random);
            Assert.That(model.Encode(text), Is.EqualTo(tokenizer.Encode(text)), text);
        }
    }

    [Test]
    public void Spaces_are_merged_and_trimmed_where_the_model_says()
    {
        foreach (int kind in (int[])[1, 2])
        {
            TokenizerData data = kind == 1 ? MadeVocabularies.Make("unigram") : SmallVocabulary.SentencePiece();
            Tokenizer tokenizer = TokenizerFile.FromSentencePiece(Write(data, kind, mergesSpaces: true));
            Tokenizer bare = TokenizerFile.FromSentencePiece(Write(data, kind, mergesSpaces: true, addsPrefix: false));
            Assert.Multiple(() =>
            {
                Assert.That(tokenizer.Encode("  the   the  "), Is.EqualTo(tokenizer.Encode("the the")));
                Assert.That(Encoding.UTF8.GetString(bare.Decode(bare.Encode("  the   the  "))), Is.EqualTo("the the"));
            });
        }
    }

    [Test]
    public void Unknown_text_becomes_bytes_only_where_the_model_has_them()
    {
        TokenizerData data = MadeVocabularies.Make("unigram");
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")];
        TokenizerData withBytes = data with
        {
            Tokens = [.. data.Tokens, .. SmallVocabulary.Bytes(bytes)],
            Types = (int[])[.. data.Types.Span, .. Enumerable.Repeat(6, 256)],
            Scores = (float[])[.. data.Scores.Span, .. Enumerable.Repeat(0f, 256)],
        };
        Tokenizer tokenizer = TokenizerFile.FromSentencePiece(Write(withBytes, kind: 1, mergesSpaces: false, byteFallback: true));
        Tokenizer without = TokenizerFile.FromSentencePiece(Write(data, kind: 1, mergesSpaces: false));
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("🦙")[^4..], Is.EqualTo(new[] { 0xF0, 0x9F, 0xA6, 0x99 }.Select(b => data.Tokens.Count + b)));
            Assert.That(without.Encode("🦙")[^1], Is.EqualTo(2));
        });
    }

    [Test]
    public void A_damaged_file_gets_a_clear_error_and_nothing_else()
    {
        byte[] whole = Write(MadeVocabularies.Make("unigram-mapped"), kind: 1, mergesSpaces: false);
        var random = new Random(52);
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = whole[..(i % 2 == 0 ? random.Next(whole.Length) : whole.Length)];
            for (int n = i % 2 == 0 ? 0 : random.Next(1, 20); n > 0; n--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                TokenizerFile.FromSentencePiece(damaged).Encode("the <e e\u0301 ﬁ");
            }
            catch (TokenizerException e)
            {
                Assert.That(e.Message, Is.Not.Empty);
            }
        }
    }

    internal static byte[] Write(TokenizerData data, int kind, bool mergesSpaces, bool addsPrefix = true, bool byteFallback = false)
    {
        var model = new MemoryStream();
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            var piece = new MemoryStream();
            Bytes(piece, 1, data.Tokens[id].ToArray());
            piece.WriteByte((2 << 3) | 5);
            piece.Write(BitConverter.GetBytes(id < data.Scores.Length ? data.Scores.Span[id] : 0));
            Number(piece, 3, (ulong)data.Types.Span[id]);
            Bytes(model, 1, piece.ToArray());
        }

        var trainer = new MemoryStream();
        Number(trainer, 3, (ulong)kind);
        Number(trainer, 35, byteFallback ? 1ul : 0);
        Number(trainer, 40, kind == 1 ? 2ul : 0);
        Number(trainer, 43, ulong.MaxValue);
        Bytes(model, 2, trainer.ToArray());
        var normalizer = new MemoryStream();
        Bytes(normalizer, 1, "identity"u8.ToArray());
        Bytes(normalizer, 2, data.PrecompiledCharacterMap.ToArray());
        Number(normalizer, 3, addsPrefix ? 1ul : 0);
        Number(normalizer, 4, mergesSpaces ? 1ul : 0);
        Bytes(model, 3, normalizer.ToArray());
        return model.ToArray();

        static void Number(MemoryStream to, int field, ulong value)
        {
            Varint(to, (ulong)field << 3);
            Varint(to, value);
        }

        static void Bytes(MemoryStream to, int field, byte[] value)
        {
            Varint(to, ((ulong)field << 3) | 2);
            Varint(to, (ulong)value.Length);
            to.Write(value);
        }

        static void Varint(MemoryStream to, ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                to.WriteByte((byte)(value | 0x80));
            to.WriteByte((byte)value);
        }
    }
}
