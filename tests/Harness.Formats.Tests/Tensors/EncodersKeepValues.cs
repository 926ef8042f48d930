using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Tensors;

/// <summary>What is written reads back within the step of its format.</summary>
internal sealed class EncodersKeepValues
{
    [TestCase(TensorType.F32, 0)]
    [TestCase(TensorType.F16, 1 / 2048.0)]
    [TestCase(TensorType.BF16, 1 / 256.0)]
    [TestCase(TensorType.Q8_0, 1 / 254.0)]
    [TestCase(TensorType.Q4_0, 1 / 8.0)]
    [TestCase(TensorType.Q4_1, 1 / 15.0)]
    [TestCase(TensorType.Q5_0, 1 / 16.0)]
    [TestCase(TensorType.Q5_1, 1 / 31.0)]
    public void Within_the_step_of_the_format(TensorType type, double relativeToLargest)
    {
        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        Random random = new(5);
        float[] values = new float[32 * 50];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, (i / 32 % 5) - 1));

        byte[] encoded = new byte[values.Length / format!.BlockLength * format.BlockBytes];
        format.Encode!(values, encoded);
        float[] decoded = new float[values.Length];
        format.Decode(encoded, decoded);

        // The scale itself is rounded to binary16, which moves every value by up to 2^-11 of it.
        double step = type == TensorType.F32 ? 0 : relativeToLargest + (1 / 2048.0);
        for (int block = 0; block < values.Length; block += 32)
        {
            float largest = values.AsSpan(block, 32).ToArray().Max(MathF.Abs);
            for (int i = block; i < block + 32; i++)
                Assert.That(decoded[i], Is.EqualTo(values[i]).Within(step * largest));
        }
    }

    [Test]
    public void Zeros_stay_zeros()
    {
        foreach (TensorFormat format in TensorFormats.All)
        {
            if (format.Encode is null)
                continue;

            byte[] encoded = new byte[256 / format.BlockLength * format.BlockBytes];
            format.Encode(new float[256], encoded);
            float[] decoded = new float[256];
            format.Decode(encoded, decoded);
            Assert.That(decoded, Is.All.EqualTo(0f), format.Type.ToString());
        }
    }

    [Test]
    public void An_unknown_type_is_named_not_guessed()
    {
        Assert.That(TensorFormats.TryGet((TensorType)5, out _), Is.False);
        Assert.That(
            () => TensorFormats.Visit((TensorType)5, new TypeOf()),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("5"));
    }

    [Test]
    public void The_table_and_the_visitor_agree()
    {
        foreach (TensorFormat format in TensorFormats.All)
            Assert.That(TensorFormats.Visit(format.Type, new TypeOf()), Is.EqualTo(format.Type));
    }

    private sealed class TypeOf : ITensorFormatVisitor<TensorType>
    {
        public TensorType Visit<TFormat>()
            where TFormat : struct, ITensorFormat<TFormat> => TFormat.Type;
    }
}
