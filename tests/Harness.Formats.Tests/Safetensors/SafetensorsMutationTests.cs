using System.Buffers.Binary;
using System.Diagnostics;
using Harness.Formats.Safetensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Safetensors;

/// <summary>
/// Whatever stands in a file, reading it ends in a header or in a <see cref="SafetensorsException"/>, soon, and without
/// allocating more than a small multiple of the bytes that are there.
/// </summary>
public class SafetensorsMutationTests
{
    private const long BytesPerByte = 48;
    private const long BytesForMessages = 128 << 10;

    private static readonly string[] Words =
        ["\"", "{", "}", "[", "]", ",", ":", "-1", "0", "9223372036854775807", "1e309", "null", "true", "F32", "dtype", "shape", "data_offsets", "__metadata__", "\\u0000", "\\ud800", "\u00FF", " "];

    [Test]
    public void MutatedFilesAreReadOrRefused() => Mutate(4_000);

    [Test]
    [Category("Soak")]
    public void AHundredThousandMutatedFilesAreReadOrRefused() => Mutate(100_000);

    [Test]
    public void EveryTruncationIsRefused()
    {
        byte[] file = Sample(3);
        for (int length = 0; length < file.Length; length++)
        {
            byte[] cut = file[..length];
            Assert.That(() => SafetensorsHeader.Parse(cut), Throws.TypeOf<SafetensorsException>(), $"{length} of {file.Length}");
        }
    }

    private static void Mutate(int count)
    {
        var random = new Random(20_261_121);
        byte[][] samples = [.. Enumerable.Range(0, 16).Select(Sample)];
        int read = 0;
        TimeSpan longest = TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            byte[] file = Mutated(samples[random.Next(samples.Length)], random);
            long start = Stopwatch.GetTimestamp();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                foreach (SafetensorsTensor tensor in SafetensorsHeader.Parse(file).Tensors)
                {
                    // What is accepted must really be there: the first and the last byte.
                    if (tensor.ByteLength > 0)
                        _ = file[tensor.Offset] + file[tensor.Offset + tensor.ByteLength - 1];
                }

                read++;
            }
            catch (SafetensorsException)
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

    private static byte[] Mutated(byte[] sample, Random random)
    {
        var file = new List<byte>(random.Next(8) == 0 ? sample[..random.Next(sample.Length)] : sample);
        if (file.Count < 16)
            return [.. file];
        int header = (int)Math.Min(file.Count, 8 + (long)BinaryPrimitives.ReadUInt64LittleEndian(sample));
        int changes = random.Next(1, 5);
        for (int i = 0; i < changes; i++)
        {
            int at = random.Next(random.Next(6) == 0 ? file.Count : Math.Min(header, file.Count));
            switch (random.Next(4))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    // In place of as many bytes, so that the header's length stays right.
                    byte[] word = System.Text.Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]);
                    for (int b = 0; b < word.Length && at + b < file.Count; b++)
                        file[at + b] = word[b];
                    break;
                default:
                    int length = Math.Min(random.Next(1, 40), file.Count - at);
                    int to = random.Next(8, file.Count - length + 1 > 8 ? file.Count - length + 1 : 9);
                    List<byte> piece = file.GetRange(at, length);
                    for (int b = 0; b < length && to + b < file.Count; b++)
                        file[to + b] = piece[b];
                    break;
            }
        }

        return [.. file];
    }

    private static byte[] Sample(int seed)
    {
        var random = new Random(seed);
        var writer = new SafetensorsWriter();
        if (seed % 3 == 0)
            writer.Set("format", "pt");
        for (int i = random.Next(1, 12); i >= 0; i--)
        {
            SafetensorsType type = SafetensorsType.All[random.Next(16)];
            long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(1, 9))];
            writer.Add($"model.layers.{i}.weight", type, shape, (_, bytes) => random.NextBytes(bytes));
        }

        using var stream = new MemoryStream();
        writer.Write(stream);
        return stream.ToArray();
    }
}
