using System.Buffers.Binary;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Tensors;

/// <summary>Whatever registers a processor has, a stored tensor means the same numbers, bit for bit.</summary>
[TestFixture(typeof(F16Format))]
[TestFixture(typeof(BF16Format))]
[TestFixture(typeof(F8_E4M3Format))]
[TestFixture(typeof(F8_E5M2Format))]
[TestFixture(typeof(Q1_0Format))]
[TestFixture(typeof(Q2_0Format))]
[TestFixture(typeof(Q4_0Format))]
[TestFixture(typeof(Q4_1Format))]
[TestFixture(typeof(Q5_0Format))]
[TestFixture(typeof(Q5_1Format))]
[TestFixture(typeof(Q8_0Format))]
[TestFixture(typeof(Q8_1Format))]
[TestFixture(typeof(Q2_KFormat))]
[TestFixture(typeof(Q3_KFormat))]
[TestFixture(typeof(Q4_KFormat))]
[TestFixture(typeof(Q5_KFormat))]
[TestFixture(typeof(Q6_KFormat))]
[TestFixture(typeof(Q8_KFormat))]
[TestFixture(typeof(IQ4_NLFormat))]
[TestFixture(typeof(IQ4_XSFormat))]
[TestFixture(typeof(TQ1_0Format))]
[TestFixture(typeof(TQ2_0Format))]
[TestFixture(typeof(MXFP4Format))]
[TestFixture(typeof(NVFP4Format))]
[TestFixture(typeof(IQ1_SFormat))]
[TestFixture(typeof(IQ1_MFormat))]
[TestFixture(typeof(IQ2_XXSFormat))]
[TestFixture(typeof(IQ2_XSFormat))]
[TestFixture(typeof(IQ2_SFormat))]
[TestFixture(typeof(IQ3_XXSFormat))]
[TestFixture(typeof(IQ3_SFormat))]
internal sealed class EveryWidthDecodesTheSameBits<TFormat>
    where TFormat : struct, ITensorFormat<TFormat>, ILaneDecoder
{
    private const int Blocks = 37;

    /// <summary>zero, one, smallest and largest subnormal, smallest normal, largest, infinity, NaN; and negatives.</summary>
    private static readonly ushort[] ExtremeHalves =
        [0x0000, 0x3C00, 0x0001, 0x03FF, 0x0400, 0x7BFF, 0x7C00, 0x7E00, 0x7C01, 0x8000, 0x8001, 0xBC00, 0xFBFF, 0xFC00, 0xFE01];

    [Test]
    public void On_random_bytes([Range(0, 19)] int seed)
    {
        byte[] source = new byte[Blocks * TFormat.BlockBytes];
        new Random(seed).NextBytes(source);
        AssertAllWidthsAgree(source);
    }

    [TestCase(0x00)]
    [TestCase(0xFF)]
    [TestCase(0x80)]
    [TestCase(0x7F)]
    public void On_blocks_of_one_byte_repeated(byte value)
    {
        byte[] source = new byte[Blocks * TFormat.BlockBytes];
        Array.Fill(source, value);
        AssertAllWidthsAgree(source);
    }

    [Test]
    public void On_extreme_scales([ValueSource(nameof(ExtremeHalves))] ushort scale, [Values(0, 1)] int seed)
    {
        byte[] source = new byte[Blocks * TFormat.BlockBytes];
        new Random(seed).NextBytes(source);
        int at = TFormat.Type switch
        {
            TensorType.Q6_K => 208,
            TensorType.Q2_K => 80,
            TensorType.Q3_K => 108,
            TensorType.TQ1_0 => 52,
            TensorType.TQ2_0 => 64,
            _ => 0,
        };
        for (int block = 0; TFormat.BlockLength > 1 && block < Blocks; block++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(source.AsSpan((block * TFormat.BlockBytes) + at), scale);
            if (TFormat.Type is TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K)
            {
                ushort other = ExtremeHalves[block % ExtremeHalves.Length];
                BinaryPrimitives.WriteUInt16LittleEndian(source.AsSpan((block * TFormat.BlockBytes) + 2), other);
            }
        }

        AssertAllWidthsAgree(source);
    }

    [Test]
    public void On_every_16_bit_pattern()
    {
        // One after the other, in as many blocks as hold them all.
        byte[] source = new byte[(2 * 65536 / TFormat.BlockBytes + 1) * TFormat.BlockBytes];
        for (int i = 0; i < source.Length / 2; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(source.AsSpan(2 * i), (ushort)i);

        AssertAllWidthsAgree(source);
    }

    [Test]
    public void A_part_of_a_block_is_refused()
    {
        // A single byte has no part.
        if (TFormat.BlockBytes == 1)
            return;

        byte[] source = new byte[(3 * TFormat.BlockBytes) + TFormat.BlockBytes - 1];
        float[] values = new float[4 * TFormat.BlockLength];
        Assert.That(() => TFormat.Decode(source, values), Throws.ArgumentException.With.Message.Contains("no whole number"));
        Assert.That(() => TFormat.DecodeScalar(source, values), Throws.ArgumentException);
    }

    [Test]
    public void Too_small_a_destination_is_refused()
    {
        byte[] source = new byte[3 * TFormat.BlockBytes];
        float[] values = new float[(3 * TFormat.BlockLength) - 1];
        Assert.That(() => TFormat.Decode(source, values), Throws.ArgumentException.With.Message.Contains("room"));
        Assert.That(() => TFormat.DecodeScalar(source, values), Throws.ArgumentException);
    }

    private static unsafe void AssertAllWidthsAgree(byte[] source)
    {
        int blocks = source.Length / TFormat.BlockBytes;
        float[] expected = new float[blocks * TFormat.BlockLength];
        TFormat.DecodeScalar(source, expected);

        float[] preferred = new float[expected.Length];
        TFormat.Decode(source, preferred);
        AssertSame(expected, preferred, "as dispatched on this machine");

        AssertSame(expected, With<Lanes128>(), "4 lanes");
        AssertSame(expected, With<Lanes256>(), "8 lanes");
        AssertSame(expected, With<Lanes512>(), "16 lanes");

        float[] With<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            float[] actual = new float[expected.Length];
            fixed (byte* from = source)
            fixed (float* to = actual)
                TFormat.DecodeLanes<TLanes>(from, to, blocks);

            return actual;
        }
    }

    private static void AssertSame(float[] expected, float[] actual, string width)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = float.IsNaN(expected[i])
                ? float.IsNaN(actual[i])
                : BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]);
            if (!same)
                Assert.Fail($"{TFormat.Type} with {width}: value {i} is {actual[i]:R}, not {expected[i]:R}.");
        }
    }
}
