using Harness.Formats.Forging;
using NUnit.Framework;

namespace Harness.Formats.Tests.Forging;

/// <summary>Floats made from integers are the floats that arithmetic makes.</summary>
public class FloatBitsTests
{
    [Test]
    public void Integers_times_powers_of_two_encode_as_arithmetic_does()
    {
        var random = new Random(5);
        for (int i = 0; i < 100_000; i++)
        {
            long value = random.NextInt64(1L << random.Next(1, 45)) * (random.Next(2) == 0 ? 1 : -1);
            int exponent = random.Next(-60, -10);
            double exact = Math.ScaleB(value, exponent);
            float single = BitConverter.UInt32BitsToSingle(FloatBits.Single(value, exponent));
            var half = BitConverter.UInt16BitsToHalf(FloatBits.Half(value, exponent));
            float brain = BitConverter.UInt32BitsToSingle((uint)FloatBits.BFloat16(value, exponent) << 16);

            // To nearest: within half a unit in the last place, subnormals of binary16 included.
            if (Math.Abs(single - exact) > Math.Abs(exact) * Math.ScaleB(1, -24))
                Assert.Fail($"binary32 of {value} × 2^{exponent}");
            if (Math.Abs(exact) < 65_000 && Math.Abs((double)half - exact) > Math.Max(Math.Abs(exact) * Math.ScaleB(1, -11), Math.ScaleB(1, -25)))
                Assert.Fail($"binary16 of {value} × 2^{exponent}");
            if (Math.Abs(brain - exact) > Math.Abs(exact) * Math.ScaleB(1, -8))
                Assert.Fail($"bfloat16 of {value} × 2^{exponent}");
        }
    }

    [Test]
    public void The_spread_of_a_sum_is_kept_at_its_gain([Values(256, 512, 896, 4096)] int inputs)
    {
        double spread = Spread.OfInputs(gainEighths: 12, inputs).Units * Math.ScaleB(1, Spread.Exponent);
        Assert.That(spread, Is.EqualTo(1.5 / Math.Sqrt(inputs)).Within(1).Percent);
    }
}
