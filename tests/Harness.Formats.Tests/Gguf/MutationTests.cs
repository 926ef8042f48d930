using System.Buffers.Binary;
using System.Diagnostics;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Formats.Tests.Gguf;

/// <summary>
/// Whatever stands in a file, reading it ends in a header or in a <see cref="GgufException"/>, soon, and without
/// allocating more than a small multiple of the bytes that are there.
/// </summary>
public class MutationTests
{
    // An entry of 13 bytes becomes a key, a value and places in a list and a dictionary; messages come on top.
    private const long BytesPerByte = 48;
    private const long BytesForMessages = 64 << 10;

    private static readonly ulong[] Giants = [0, 1, 0x7F, 0xFFFF, int.MaxValue, uint.MaxValue, 1UL << 40, long.MaxValue, ulong.MaxValue, ulong.MaxValue - 7];

    [Test]
    public void Mutated_headers_are_read_or_refused() => Mutate(4_000);

    [Test]
    [Category("Soak")]
    public void A_hundred_thousand_mutated_headers_are_read_or_refused() => Mutate(100_000);

    [Test]
    public void Every_truncation_is_refused_as_one()
    {
        // The padding after the last tensor may be missing; nothing else may.
        byte[] file = Sample(3);
        long end = GgufHeader.Parse(file).Tensors.Max(t => t.Offset + t.ByteLength);
        for (int length = 0; length < end; length++)
        {
            byte[] cut = file[..length];
            GgufException exception = Assert.Throws<GgufException>(() => GgufHeader.Parse(cut), $"{length} of {file.Length}")!;
            Assert.That(exception.Message, Does.Contain("truncated").Or.Contain("more than a file of").Or.Contain("end of the file"), $"{length}");
        }
    }

    [Test]
    public void Every_prefix_of_a_whole_file_asks_for_more()
    {
        byte[] file = Sample(3);
        long header = GgufHeader.Parse(file).HeaderLength;
        for (int length = 0; length < header; length++)
        {
            Assert.That(GgufHeader.TryParse(file.AsSpan(0, length), file.Length, out _, out long needed), Is.False, $"{length}");
            Assert.That(needed, Is.GreaterThan(length).And.LessThanOrEqualTo(header), $"{length}");
        }

        Assert.That(GgufHeader.TryParse(file.AsSpan(0, (int)header), file.Length, out _, out _));
    }

    [Test]
    public void Counts_of_a_giant_file_of_which_little_is_there_allocate_little()
    {
        // What a ranged request may see: a prefix of a file said to be 700 GB long, with counts that would fit it.
        foreach (int at in (int[])[8, 16])
        {
            byte[] file = Sample(3);
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), 5_000_000_000);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                GgufHeader.TryParse(file, 700_000_000_000, out _, out _);
            }
            catch (GgufException)
            {
                // Refusing it is as good as asking for more.
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan((BytesPerByte * file.Length) + BytesForMessages));
        }
    }

    private static void Mutate(int count)
    {
        var random = new Random(20_261_121);
        byte[][] samples = [.. Enumerable.Range(0, 24).Select(Sample)];
        int read = 0;
        TimeSpan longest = TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            byte[] file = Mutated(samples[random.Next(samples.Length)], random);
            long start = Stopwatch.GetTimestamp();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Touch(GgufHeader.Parse(file), file);
                read++;
            }
            catch (GgufException)
            {
                // Refused, as it may be.
            }
            catch (Exception exception)
            {
                Assert.Fail($"Mutation {i}: {exception}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            longest = elapsed > longest ? elapsed : longest;
            if (allocated > (BytesPerByte * file.Length) + BytesForMessages)
                Assert.Fail($"Mutation {i} of {file.Length} bytes allocated {allocated}.");
        }

        TestContext.Out.WriteLine($"{count} mutations, {read} still read, longest {longest.TotalMilliseconds:F1} ms");
        Assert.That(read, Is.GreaterThan(0).And.LessThan(count));
        Assert.That(longest, Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    // What is accepted must really be there: every tensor's first and last byte.
    private static void Touch(GgufHeader header, byte[] file)
    {
        foreach (GgufTensor tensor in header.Tensors)
        {
            if (tensor.ByteLength > 0)
                _ = file[tensor.Offset] + file[tensor.Offset + tensor.ByteLength - 1];
            _ = tensor.TypeName;
        }
    }

    private static byte[] Mutated(byte[] sample, Random random)
    {
        byte[] file = random.Next(6) == 0 ? sample[..random.Next(sample.Length)] : [.. sample];
        if (file.Length < 24)
            return file;

        // Mostly in the header, where lengths and types are; sometimes anywhere.
        int reach = random.Next(4) == 0 ? file.Length : Math.Min(file.Length, 600);
        int changes = random.Next(1, 5);
        for (int i = 0; i < changes; i++)
        {
            int at = random.Next(reach);
            switch (random.Next(5))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2 when at + 8 <= file.Length:
                    BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), Giants[random.Next(Giants.Length)]);
                    break;
                case 3 when at + 4 <= file.Length:
                    BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), (uint)random.Next(14));
                    break;
                default:
                    int length = Math.Min(random.Next(1, 40), file.Length - at);
                    file.AsSpan(random.Next(file.Length - length), length).ToArray().CopyTo(file, at);
                    break;
            }
        }

        return file;
    }

    private static byte[] Sample(int seed) => new SyntheticGguf(seed, version: seed % 2 == 0 ? 2u : 3u).ToBytes();
}
