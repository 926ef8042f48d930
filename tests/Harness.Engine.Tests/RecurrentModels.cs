using System.Buffers.Binary;
using System.Text;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>
/// Models whose blocks carry a state: the same bits for any number of threads and any split of a prompt, no memory for a
/// token, and refusals in words.
/// </summary>
[NonParallelizable]
internal sealed class RecurrentModels
{
    // More than a panel holds.
    private static readonly int[] Ids = [.. Enumerable.Range(0, 140).Select(i => 3 + (i * 89 % 367))];

    private string folder = string.Empty;

    private static string[] Architectures { get; } =
    [
        "arwkv7", "falcon-h1", "granitehybrid", "jamba", "kimi-linear", "lfm2", "lfm2moe", "mamba", "mamba2", "nemotron_h",
        "nemotron_h_moe", "plamo2", "qwen35", "qwen35moe", "qwen3next", "rwkv6", "rwkv6qwen2", "rwkv7",
    ];

    [OneTimeSetUp]
    public void Create() => folder = Directory.CreateTempSubdirectory("harness-recurrent-").FullName;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [TestCaseSource(nameof(Architectures))]
    public void Give_the_same_bits_for_any_threads_and_pieces(string architecture)
    {
        string path = Forge(architecture);
        float[] expected = Evaluate(path, threads: 1, [Ids.Length]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Evaluate(path, threads: 3, [Ids.Length]).AsSpan().SequenceEqual(expected), Is.True, "three threads");
            Assert.That(Evaluate(path, threads: 2, [1, 2, 126, 1, 10]).AsSpan().SequenceEqual(expected), Is.True, "uneven pieces");
            Assert.That(Evaluate(path, threads: 2, [.. Enumerable.Repeat(1, Ids.Length)]).AsSpan().SequenceEqual(expected), Is.True, "one by one");
        }
    }

    [TestCaseSource(nameof(Architectures))]
    public void Start_over_or_go_on_but_never_go_back(string architecture)
    {
        using var model = Model.Load(Forge(architecture), threads: 1);
        using var session = new Session(model, 16);
        float[] first = new float[session.VocabularySize], again = new float[session.VocabularySize];
        session.Evaluate(Ids.AsSpan(0, 6), 0, LogitsWanted.Last, first);
        Assert.That(
            () => session.Evaluate(Ids.AsSpan(0, 1), 3, LogitsWanted.Last, new float[session.VocabularySize]),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("6").And.Message.Contains("0"));
        session.Evaluate(Ids.AsSpan(6, 4), 6, LogitsWanted.Last, again);
        session.Evaluate(Ids.AsSpan(0, 6), 0, LogitsWanted.Last, again);
        Assert.That(again, Is.EqualTo(first));
    }

    [TestCaseSource(nameof(Architectures))]
    public void Decode_without_allocating(string architecture)
    {
        const int Warm = 40, Tokens = 60;
        using var model = Model.Load(Forge(architecture), threads: 2);
        using var session = new Session(model, Warm + Tokens);
        int[] next = [1];
        for (int i = 0; i < Warm; i++)
            next[0] = session.EvaluateGreedily(next, i, out _);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = Warm; i < Warm + Tokens; i++)
            next[0] = session.EvaluateGreedily(next, i, out _);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.Zero);
    }

    [TestCaseSource(nameof(Architectures))]
    public void Whose_counts_are_wrong_run_or_are_refused_in_words(string architecture)
    {
        byte[] sound = File.ReadAllBytes(Forge(architecture));
        int header = (int)GgufHeader.Parse(sound).HeaderLength;
        string path = Path.Combine(folder, architecture + ".damaged");
        File.WriteAllBytes(path, sound);
        int refused = 0;
        foreach (int at in NumbersOf(sound.AsSpan(0, header), architecture))
        {
            foreach (uint wrong in (ReadOnlySpan<uint>)[0, 1, 3, 1000, int.MaxValue, uint.MaxValue])
            {
                byte[] bytes = new byte[sizeof(uint)];
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, wrong);
                Patch(path, at, bytes);
                try
                {
                    using var model = Model.Load(path, threads: 1);
                    using var session = new Session(model, 3);
                    _ = session.EvaluateGreedily([1, 2, 3], 0, out _);
                }
                catch (Exception exception) when (exception is GgufException or ModelException)
                {
                    Assert.That(exception.Message, Is.Not.Empty);
                    refused++;
                }
            }

            Patch(path, at, sound.AsSpan(at, sizeof(uint)));
        }

        Assert.That(refused, Is.GreaterThan(10));
    }

    private static void Patch(string path, int at, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Position = at;
        file.Write(bytes);
    }

    // Where the values of the architecture's own keys lie; of an array, its first.
    private static List<int> NumbersOf(ReadOnlySpan<byte> header, string architecture)
    {
        const int TypeBytes = 4, ArrayBytes = 12;
        const uint Array = 9, UInt32 = 4, Int32 = 5, Float32 = 6;
        byte[] prefix = Encoding.ASCII.GetBytes(architecture + ".");
        List<int> found = [];
        for (int at = 8; at < header.Length - 64; at++)
        {
            if (!header[at..].StartsWith(prefix))
                continue;
            int value = at + (int)BinaryPrimitives.ReadUInt64LittleEndian(header[(at - 8)..]) + TypeBytes;
            if (value > header.Length - 32)
                continue;
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(header[(value - TypeBytes)..]);
            if (type is UInt32 or Int32 or Float32)
                found.Add(value);
            else if (type == Array)
                found.Add(value + ArrayBytes);
        }

        Assert.That(found, Has.Count.GreaterThan(5));
        return found;
    }

    private static float[] Evaluate(string path, int threads, int[] pieces)
    {
        using var model = Model.Load(path, threads);
        using var session = new Session(model, Ids.Length);
        float[] logits = new float[Ids.Length * session.VocabularySize];
        int at = 0;
        foreach (int piece in pieces)
        {
            session.Evaluate(Ids.AsSpan(at, piece), at, LogitsWanted.All, logits.AsSpan(at * session.VocabularySize));
            at += piece;
        }

        return logits;
    }

    private string Forge(string architecture)
    {
        string path = Path.Combine(folder, architecture + ".gguf");
        if (!File.Exists(path))
            ProbeForge.Write(architecture, "Q8_0", 1, path);
        return path;
    }
}
