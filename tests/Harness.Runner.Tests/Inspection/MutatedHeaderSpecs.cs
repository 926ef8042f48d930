using System.Buffers.Binary;
using System.Diagnostics;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Matrix;
using Harness.Runner.Inspection;
using NUnit.Framework;

namespace Harness.Runner.Tests.Inspection;

/// <summary>
/// Whatever stands in a file, inspecting it ends in a clear error or in a right answer, soon, and without allocating on the
/// file's word.
/// </summary>
public sealed class MutatedHeaderSpecs
{
    private const long BytesPerByte = 256;
    private const long BytesForTemplates = 64 << 20;

    private static readonly string[] Architectures = ["llama", "qwen2", "gemma3", "deepseek2", "mamba", "gpt-oss", "granitehybrid", "phi3"];
    private static readonly ulong[] Giants = [0, 1, 0x7F, 0xFFFF, int.MaxValue, uint.MaxValue, 1UL << 40, long.MaxValue, ulong.MaxValue, ulong.MaxValue - 7];

    [Test]
    public void Mutated_headers_are_explained_or_refused() => Mutate(2_000);

    [Test]
    [Category("Soak")]
    public void A_million_mutated_headers_are_explained_or_refused() => Mutate(1_000_000);

    private static void Mutate(int count)
    {
        (byte[] Header, long FileLength)[] samples = [.. Architectures.Select(a => ProbeForge.Describe(a, "Q4_K_M", seed: 1)).Select(w => (w.HeaderBytes(), w.FileLength))];
        BackendKnowledge[] knowledge =
        [
            new(BackendId.Parse("llama.cpp@b1"), null, "2026-11-28", "harness run", [new("llama", "works", null, "0123456789ab")], [new("F32", "works", null, "0123456789ab")], []),
        ];
        int explained = 0, refused = 0;
        long longest = 0, most = 0;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            // Its own generator for each: a mutation that fails can be made again by its number.
            var random = new Random(20_261_128 + i);
            (byte[] header, long fileLength) = samples[random.Next(samples.Length)];
            byte[] file = Mutated(header, random);
            if (random.Next(8) == 0) fileLength = random.NextInt64(fileLength);
            long start = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                if (Inspected(file, fileLength, knowledge)) Interlocked.Increment(ref explained);
                else Interlocked.Increment(ref refused);
            }
            catch (GgufException e)
            {
                if (e.What.Length == 0 || e.Where.Length == 0 || e.Remedy.Length == 0) Assert.Fail($"Mutation {i}: an error without words: {e}");
                Interlocked.Increment(ref refused);
            }
            catch (Exception e) when (e is not AssertionException)
            {
                Assert.Fail($"Mutation {i}: {e}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before, elapsed = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Raise(ref longest, elapsed);
            Raise(ref most, allocated);
            if (allocated > (BytesPerByte * file.Length) + BytesForTemplates) Assert.Fail($"Mutation {i} of {file.Length} bytes allocated {allocated}.");
        });

        TestContext.Out.WriteLine($"{count} mutations: {explained} explained, {refused} refused; longest {longest} ms, most allocated {most >> 10} KiB");
        Assert.That(explained, Is.GreaterThan(count / 20));
        Assert.That(refused, Is.GreaterThan(count / 20));
        Assert.That(longest, Is.LessThan(20_000), "milliseconds, on a machine that may be busy");
    }

    /// <summary>Inspects; false when the header asks for more bytes than there are, as a ranged reader would be told.</summary>
    private static bool Inspected(byte[] file, long fileLength, BackendKnowledge[] knowledge)
    {
        if (!GgufHeader.TryParse(file, fileLength, out GgufHeader? header, out long needed))
        {
            Assert.That(needed, Is.GreaterThan(Math.Min(file.Length, fileLength)).And.LessThanOrEqualTo(fileLength));
            return false;
        }

        InspectedModel model = ModelInspector.Inspect("m", new ModelHeaders([new InspectedFile("m", fileLength, header.HeaderLength)], [header]), knowledge);
        // A right answer: its sums are those of the tensors, all of which lie in the file, and every verdict has its reason.
        if (model.Parameters != header.Tensors.Sum(t => t.ElementCount) || model.ActiveParameters > model.Parameters || model.ActiveParameters < 0
            || header.Tensors.Any(t => t.Offset + t.ByteLength > fileLength)
            || model.Backends.Any(b => b.Verdict is not "supported" && string.IsNullOrEmpty(b.Reason))
            || model.Problems.Any(p => p.Message.Length == 0 || p.Remedy.Length == 0))
        {
            Assert.Fail($"a wrong answer: {model}");
        }

        return true;
    }

    private static void Raise(ref long most, long value)
    {
        for (long seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            if (Interlocked.CompareExchange(ref most, value, seen) == seen) return;
        }
    }

    private static byte[] Mutated(byte[] sample, Random random)
    {
        byte[] file = random.Next(16) == 0 ? sample[..random.Next(sample.Length)] : [.. sample];
        if (file.Length < 24) return file;

        // Where keys and tensors are: the beginning and the end; the vocabulary between them is long and less telling.
        int changes = random.Next(1, 4);
        for (int i = 0; i < changes; i++)
        {
            int at = random.Next(3) switch { 0 => random.Next(Math.Min(file.Length, 3000)), 1 => Math.Max(0, file.Length - 1 - random.Next(4000)), _ => random.Next(file.Length) };
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
}
