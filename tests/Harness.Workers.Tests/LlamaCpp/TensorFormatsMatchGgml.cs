using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>A stored block means to us what it means to ggml, bit for bit, and we write the blocks it writes.</summary>
public class TensorFormatsMatchGgml
{
    private const int RowLength = 1024;
    private const int Rows = 24;
    private GgmlOracle _ggml = null!;

    [OneTimeSetUp]
    public void LoadGgml() => _ggml = GgmlOracle.Load();

    [Test]
    public void Every_type_has_the_block_that_ggml_gives_it()
    {
        Assert.Multiple(() =>
        {
            for (uint number = 0; number < 64; number++)
            {
                bool known = TensorLayout.TryGet(number, out TensorLayoutInfo ours);
                var theirs = number < 43 ? _ggml.Layout(number) : null;
                Assert.That(known, Is.EqualTo(theirs is not null), $"type {number}, {theirs?.Name}");
                if (known && theirs is { } layout)
                {
                    Assert.That((ours.Name.ToUpperInvariant(), ours.BlockLength, ours.BlockBytes),
                        Is.EqualTo((layout.Name.ToUpperInvariant(), layout.BlockLength, layout.BlockBytes)));
                }
            }
        });
    }

    [TestCaseSource(nameof(Decoded))]
    public void Any_bytes_decode_to_the_same_values(TensorType type)
    {
        TensorFormat format = Format(type);
        var bytes = new byte[RowLength / format.BlockLength * format.BlockBytes * Rows];
        new Random((int)type).NextBytes(bytes);
        AssertSame(type, bytes);
    }

    [TestCaseSource(nameof(Written))]
    public void What_ggml_wrote_decodes_to_the_same_values(TensorType type) =>
        AssertSame(type, _ggml.Encode(Format(type), AwkwardWeights.Rows(17, RowLength, Rows), RowLength, Importance(RowLength)));

    [TestCaseSource(nameof(Encoded))]
    public void The_same_values_encode_to_the_same_bytes(TensorType type)
    {
        TensorFormat format = Format(type);
        float[] values = AwkwardWeights.Rows(31, RowLength, Rows);
        byte[] expected = _ggml.Encode(format, values, RowLength), actual = new byte[expected.Length];
        format.Encode!(values, actual);
        AssertSameRows(type, actual, expected);
    }

    [TestCaseSource(nameof(Weighted))]
    public void So_they_do_under_an_importance_matrix(TensorType type)
    {
        TensorFormat format = Format(type);
        float[] values = AwkwardWeights.Rows(37, RowLength, Rows), importance = Importance(RowLength);
        byte[] expected = _ggml.Encode(format, values, RowLength, importance), actual = new byte[expected.Length];
        for (int row = 0; row < Rows; row++)
        {
            format.EncodeWeighted!(
                values.AsSpan(row * RowLength, RowLength), importance, actual.AsSpan(row * actual.Length / Rows, actual.Length / Rows));
        }

        AssertSameRows(type, actual, expected);
    }

    private static void AssertSameRows(TensorType type, byte[] actual, byte[] expected)
    {
        int rowBytes = expected.Length / Rows;
        Assert.That(
            Enumerable.Range(0, Rows).Where(r => !actual.AsSpan(r * rowBytes, rowBytes).SequenceEqual(expected.AsSpan(r * rowBytes, rowBytes))),
            Is.Empty, $"{type}: rows that differ of {Rows}");
    }

    // ggml has no decoder for its forms of activations, and does not know the types of safetensors.
    private static IEnumerable<TensorType> Decoded() => TensorFormats.All
        .Where(f => f.BlockLength > 1 && f.Type is not (TensorType.Q8_1 or TensorType.Q8_K))
        .Select(f => f.Type);

    // ggml takes seconds to prepare the tables that quantizing to these needs.
    private static IEnumerable<TestCaseData> Written() => Decoded().Select(type => new TestCaseData(type).SetCategory(
        type is TensorType.IQ1_S or TensorType.IQ1_M or TensorType.IQ2_XS or TensorType.IQ2_S ? "Soak" : "Everyday"));

    private static IEnumerable<TensorType> Encoded() =>
        TensorFormats.All.Where(f => f.Encode is not null && f.Type is not (TensorType.F32 or TensorType.F8_E4M3 or TensorType.F8_E5M2)).Select(f => f.Type);

    private static IEnumerable<TensorType> Weighted() => TensorFormats.All.Where(f => f.EncodeWeighted is not null).Select(f => f.Type);

    private static TensorFormat Format(TensorType type) => TensorFormats.TryGet(type, out TensorFormat? format)
        ? format
        : throw new NotSupportedException(type.ToString());

    private static float[] Importance(int columns)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, columns).Select(_ => (float)Math.Pow(random.NextDouble(), 3))];
    }

    private void AssertSame(TensorType type, byte[] bytes)
    {
        TensorFormat format = Format(type);
        float[] expected = _ggml.Decode(format, bytes), actual = new float[expected.Length];
        format.Decode(bytes, actual);
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = float.IsNaN(expected[i])
                ? float.IsNaN(actual[i])
                : BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]);
            if (!same)
                Assert.Fail($"{type}: value {i} is {actual[i]:R}, ggml's {expected[i]:R}");
        }
    }
}
