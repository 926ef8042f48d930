using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Tensors;

/// <summary>Quantizing loses no more than the bits a format has must lose.</summary>
internal sealed class EncodersAreClose
{
    /// <summary>
    /// Root of mean square error over that of the values, for bell-shaped weights. The bounds are a few per cent above what
    /// llama.cpp's reference quantizers, whose bytes ours are, reach on the same values.
    /// </summary>
    private static readonly (TensorType Type, double Least, double Most)[] Errors =
    [
        (TensorType.Q1_0, 0.5, 0.65),
        (TensorType.TQ1_0, 0.5, 1.1),
        (TensorType.TQ2_0, 0.5, 1.1),
        (TensorType.Q2_0, 0.5, 1.1),
        (TensorType.Q2_K, 0.2, 0.35),
        (TensorType.Q3_K, 0.1, 0.2),
        (TensorType.MXFP4, 0.05, 0.13),
        (TensorType.NVFP4, 0.05, 0.13),
        (TensorType.IQ4_NL, 0.05, 0.1),
        (TensorType.IQ4_XS, 0.05, 0.1),
        (TensorType.F8_E4M3, 0.01, 0.03),
        (TensorType.F8_E5M2, 0.02, 0.06),
        (TensorType.Q8_1, 0.003, 0.007),
        (TensorType.Q8_K, 0.003, 0.01),
        (TensorType.Q4_0, 0.05, 0.11),
        (TensorType.Q4_1, 0.05, 0.10),
        (TensorType.Q4_K, 0.05, 0.08),
        (TensorType.Q5_0, 0.025, 0.055),
        (TensorType.Q5_1, 0.025, 0.05),
        (TensorType.Q5_K, 0.025, 0.04),
        (TensorType.Q6_K, 0.01, 0.021),
        (TensorType.Q8_0, 0.003, 0.007),
        (TensorType.BF16, 0.0005, 0.002),
        (TensorType.F16, 0.00005, 0.0003),
    ];

    [TestCaseSource(nameof(Errors))]
    public void On_bell_shaped_weights((TensorType Type, double Least, double Most) expected)
    {
        float[] values = Bell(256 * 64);
        double error = RelativeError(values, Recoded(expected.Type, values));
        TestContext.Out.WriteLine($"{expected.Type}: {error:g4}");
        Assert.That(error, Is.InRange(expected.Least, expected.Most));
    }

    [TestCaseSource(nameof(Errors))]
    public void Quantizing_what_was_quantized_loses_little_more((TensorType Type, double Least, double Most) expected)
    {
        float[] once = Recoded(expected.Type, Bell(256 * 64));

        // Scales are searched anew and rounded again: not the same bytes, but far closer than the first time.
        Assert.That(RelativeError(once, Recoded(expected.Type, once)), Is.LessThan(0.6 * expected.Least));
    }

    [Test]
    public void Constant_blocks_keep_their_value([Values(1f, -0.37f, 1000f, -0.02f)] float constant)
    {
        float[] values = Enumerable.Repeat(constant, 512).ToArray();
        Assert.Multiple(() =>
        {
            foreach (TensorFormat format in TensorFormats.All.Where(f => f.Encode is not null))
            {
                // A quarter step of 4 bits at the most: the largest magnitude is met, or a minimum with a 6-bit scale. A
                // scale that is a power of two, or an 8-bit float with a least and a largest, meets no magnitude.
                double most = format.Type switch
                {
                    TensorType.MXFP4 => 0.34,
                    TensorType.F8_E5M2 => 0.13,
                    TensorType.F8_E4M3 when constant <= 448 => 0.07,
                    TensorType.F8_E4M3 => 1 - (448 / constant) + 0.01,
                    TensorType.NVFP4 when MathF.Abs(constant) < 0.05f => 0.2,
                    TensorType.NVFP4 => 0.07,
                    _ => 0.02,
                };
                Assert.That(RelativeError(values, Recoded(format.Type, values)), Is.LessThan(most), format.Type.ToString());
            }
        });
    }

    [Test]
    public void A_block_of_nothing_beside_others_stays_nothing()
    {
        float[] values = Bell(512);
        values.AsSpan(64, 32).Clear();
        values.AsSpan(256, 256).Clear();
        Assert.Multiple(() =>
        {
            foreach (TensorFormat format in TensorFormats.All.Where(f => f.Encode is not null))
            {
                // A sign for each value, and a scale for 128, have no code for nothing.
                float[] decoded = Recoded(format.Type, values);
                if (format.Type != TensorType.Q1_0)
                    Assert.That(decoded[64..96], Is.All.Zero, format.Type.ToString());
                Assert.That(decoded[256..], Is.All.Zero, format.Type.ToString());
            }
        });
    }

    [Test]
    public void Blocks_do_not_depend_on_their_neighbours()
    {
        float[] values = Bell(1024);
        foreach (TensorFormat format in TensorFormats.All.Where(f => f.Encode is not null))
        {
            byte[] together = Encode(format, values), last = Encode(format, values[768..]);
            Assert.That(together[^last.Length..], Is.EqualTo(last), format.Type.ToString());
        }
    }

    [Test]
    public void A_part_of_a_block_is_refused()
    {
        foreach (TensorFormat format in TensorFormats.All.Where(f => f.BlockLength > 1 && f.Encode is not null))
        {
            Assert.That(
                () => format.Encode!(new float[format.BlockLength + 1], new byte[2 * format.BlockBytes]), Throws.ArgumentException,
                format.Type.ToString());
            Assert.That(
                () => format.Encode!(new float[2 * format.BlockLength], new byte[(2 * format.BlockBytes) - 1]), Throws.ArgumentException,
                format.Type.ToString());
        }
    }

    private static float[] Recoded(TensorType type, float[] values)
    {
        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        float[] decoded = new float[values.Length];
        format!.Decode(Encode(format, values), decoded);
        return decoded;
    }

    private static byte[] Encode(TensorFormat format, float[] values)
    {
        byte[] encoded = new byte[values.Length / format.BlockLength * format.BlockBytes];
        format.Encode!(values, encoded);
        return encoded;
    }

    private static float[] Bell(int count)
    {
        Random random = new(11);
        return [.. Enumerable.Range(0, count).Select(_ =>
            (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    private static double RelativeError(float[] expected, float[] actual)
    {
        double error = 0, power = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(actual[i] - (double)expected[i], 2);
            power += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(error / power);
    }
}
