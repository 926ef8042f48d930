using System.Buffers.Binary;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Tensors;

/// <summary>Blocks worked out by hand from the layouts, so that a decoder cannot be wrong in agreement with itself.</summary>
internal sealed class KnownBlocks
{
    [Test]
    public void Q8_0_is_scale_times_signed_byte()
    {
        byte[] block = new byte[34];
        WriteHalf(block, 0, 0.5f);
        block[2] = 1;
        block[3] = 0xFF; // −1
        block[2 + 31] = 0x80; // −128
        float[] values = Decode<Q8_0Format>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[0], Is.EqualTo(0.5f));
            Assert.That(values[1], Is.EqualTo(-0.5f));
            Assert.That(values[2], Is.Zero);
            Assert.That(values[31], Is.EqualTo(-64f));
        });
    }

    [Test]
    public void Q4_0_keeps_the_first_half_in_low_nibbles()
    {
        byte[] block = new byte[18];
        WriteHalf(block, 0, 2f);
        block[2] = 0xF0; // value 0: 0 − 8, value 16: 15 − 8
        block[2 + 15] = 0x19; // value 15: 9 − 8, value 31: 1 − 8
        float[] values = Decode<Q4_0Format>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[0], Is.EqualTo(-16f));
            Assert.That(values[16], Is.EqualTo(14f));
            Assert.That(values[15], Is.EqualTo(2f));
            Assert.That(values[31], Is.EqualTo(-14f));
        });
    }

    [Test]
    public void Q4_1_adds_a_minimum()
    {
        byte[] block = new byte[20];
        WriteHalf(block, 0, 0.5f);
        WriteHalf(block, 2, -3f);
        block[4 + 1] = 0xF2; // value 1: 2, value 17: 15
        float[] values = Decode<Q4_1Format>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[0], Is.EqualTo(-3f));
            Assert.That(values[1], Is.EqualTo(-2f));
            Assert.That(values[17], Is.EqualTo(4.5f));
        });
    }

    [Test]
    public void Q5_0_adds_sixteen_where_the_fifth_bit_is_set()
    {
        byte[] block = new byte[22];
        WriteHalf(block, 0, 2f);
        block[2] = 0b0000_0001; // value 0
        block[5] = 0b1000_0000; // value 31
        block[6] = 0x30; // value 0: 0 + 16 − 16, value 16: 3 − 16
        block[6 + 15] = 0xF1; // value 15: 1 − 16, value 31: 15 + 16 − 16
        float[] values = Decode<Q5_0Format>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[0], Is.Zero);
            Assert.That(values[16], Is.EqualTo(-26f));
            Assert.That(values[15], Is.EqualTo(-30f));
            Assert.That(values[31], Is.EqualTo(30f));
            Assert.That(values[1], Is.EqualTo(-32f));
        });
    }

    [Test]
    public void Q5_1_adds_a_minimum()
    {
        byte[] block = new byte[24];
        WriteHalf(block, 0, 2f);
        WriteHalf(block, 2, -3f);
        block[4] = 0b0000_0010; // value 1
        block[6] = 0b0000_0001; // value 16
        block[8] = 0x35; // value 0: 5, value 16: 3 + 16
        float[] values = Decode<Q5_1Format>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[0], Is.EqualTo(7f));
            Assert.That(values[1], Is.EqualTo(29f));
            Assert.That(values[16], Is.EqualTo(35f));
            Assert.That(values[31], Is.EqualTo(-3f));
        });
    }

    [Test]
    public void Q4_K_takes_scale_and_minimum_from_six_bits()
    {
        byte[] block = new byte[144];
        WriteHalf(block, 0, 0.5f);
        WriteHalf(block, 2, 0.25f);
        block[4 + 0] = 0b10_000011; // scale 0 = 3; upper bits of scale 4 = 2
        block[4 + 4] = 0b01_000101; // minimum 0 = 5; upper bits of minimum 4 = 1
        block[4 + 8] = 0b0110_1001; // scale 4 = 2·16 + 9 = 41; minimum 4 = 1·16 + 6 = 22
        block[16] = 0x0D; // value 0: q = 13
        block[16 + 64 + 31] = 0x07; // sub-block 4, value 31: q = 7
        float[] values = Decode<Q4_KFormat>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[0], Is.EqualTo((1.5f * 13) - 1.25f));
            Assert.That(values[1], Is.EqualTo(-1.25f));
            Assert.That(values[(4 * 32) + 31], Is.EqualTo((20.5f * 7) - 5.5f));
            Assert.That(values[32], Is.Zero, "sub-block 1 has neither scale nor minimum");
        });
    }

    [Test]
    public void Q4_K_keeps_odd_sub_blocks_in_high_nibbles()
    {
        byte[] block = new byte[144];
        WriteHalf(block, 0, 1f);
        block[4 + 1] = 7; // scale of sub-block 1
        block[16 + 2] = 0xA5; // sub-block 0: 5 (scale 0), sub-block 1: 10
        float[] values = Decode<Q4_KFormat>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[2], Is.Zero);
            Assert.That(values[34], Is.EqualTo(70f));
        });
    }

    [Test]
    public void Q5_K_adds_sixteen_where_the_fifth_bit_is_set()
    {
        byte[] block = new byte[176];
        WriteHalf(block, 0, 1f);
        for (int i = 0; i < 4; i++)
        {
            block[4 + i] = 1; // scales 0–3
            block[12 + i] = 1; // scales 4–7
        }

        block[16 + 3] = 0b1000_0010; // value 3 of sub-blocks 1 and 7
        block[48 + 3] = 0x21; // sub-blocks 0 and 1, value 3
        block[48 + 96 + 3] = 0xF0; // sub-blocks 6 and 7, value 3
        float[] values = Decode<Q5_KFormat>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[3], Is.EqualTo(1f));
            Assert.That(values[32 + 3], Is.EqualTo(18f));
            Assert.That(values[(6 * 32) + 3], Is.Zero);
            Assert.That(values[(7 * 32) + 3], Is.EqualTo(31f));
        });
    }

    [Test]
    public void Q6_K_joins_nibbles_with_bit_pairs()
    {
        byte[] block = new byte[210];
        WriteHalf(block, 208, 0.5f);
        for (int i = 0; i < 16; i++)
            block[192 + i] = (byte)(sbyte)(i - 8);

        block[5] = 0xC3; // half 0: group 0 value 5 low 3; group 2 value 5 low 12
        block[128 + 5] = 0b00_10_00_01; // group 0: 1, group 1: 0, group 2: 2, group 3: 0
        block[64 + 32 + 17] = 0x90; // half 1: group 3 value 17 low 9
        block[128 + 32 + 17] = 0b11_00_00_00; // group 3: 3
        float[] values = Decode<Q6_KFormat>(block);
        Assert.Multiple(() =>
        {
            Assert.That(values[5], Is.EqualTo(0.5f * -8 * (3 + 16 - 32)));
            Assert.That(values[64 + 5], Is.EqualTo(0.5f * -4 * (12 + 32 - 32)));
            Assert.That(values[128 + 96 + 17], Is.EqualTo(0.5f * 7 * (9 + 48 - 32)));
            Assert.That(values[255], Is.EqualTo(0.5f * 7 * -32));
        });
    }

    [Test]
    public void BF16_is_the_upper_half_and_rounds_ties_to_even()
    {
        float[] values = [1f, 1.00390625f, 1.01171875f, -0f, float.PositiveInfinity, float.NaN];
        byte[] encoded = new byte[12];
        BF16Format.Encode(values, encoded);
        float[] decoded = Decode<BF16Format>(encoded);
        Assert.That(decoded, Is.EqualTo(new[] { 1f, 1f, 1.015625f, -0f, float.PositiveInfinity, float.NaN }));
    }

    [Test]
    public void F16_is_what_the_runtime_converts()
    {
        float[] values = [1f, 65504f, 6.1035156e-5f, 5.9604645e-8f, -2.5f];
        byte[] encoded = new byte[10];
        F16Format.Encode(values, encoded);
        Assert.That(Decode<F16Format>(encoded), Is.EqualTo(values));
    }

    private static void WriteHalf(byte[] block, int at, float value) =>
        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(at), (Half)value);

    private static float[] Decode<TFormat>(byte[] source)
        where TFormat : struct, ITensorFormat<TFormat>
    {
        float[] values = new float[source.Length / TFormat.BlockBytes * TFormat.BlockLength];
        TFormat.DecodeScalar(source, values);
        float[] vector = new float[values.Length];
        TFormat.Decode(source, vector);
        Assert.That(vector, Is.EqualTo(values));
        return values;
    }
}
