using Harness.Engine.Kernels;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>Whatever a model's choices, its logits are those of the definition.</summary>
internal sealed class LogitsAreRight
{
    private static readonly int[] Ids = [1, 17, 42, 3, 3, 64, 5, 0, 8, 31, 66];

    private static IEnumerable<TestCaseData> Shapes()
    {
        static TestCaseData Case(string name, TinyShape shape) => new TestCaseData(shape).SetArgDisplayNames(name);

        yield return Case("grouped queries", new TinyShape());
        yield return Case("one key/value head", new TinyShape { KeyValueHeads = [1, 1] });
        yield return Case("a key/value head for each query head", new TinyShape { KeyValueHeads = [6, 6] });
        yield return Case("rope by halves", new TinyShape { Architecture = "qwen2" });
        yield return Case("biases", new TinyShape { Biases = true });
        yield return Case("qwen2's biases, tied", new TinyShape { Architecture = "qwen2", Biases = true, Tied = true });
        yield return Case("tied output", new TinyShape { Tied = true });
        yield return Case("fused qkv", new TinyShape { FusedQkv = true, Biases = true });
        yield return Case("frequency factors", new TinyShape { FrequencyFactors = true, Base = 500000 });
        yield return Case("linear rope scaling", new TinyShape { LinearFactor = 4 });
        yield return Case("tensor scales", new TinyShape { TensorScales = true, Biases = true });
        yield return Case("tensor scales of qwen2", new TinyShape { Architecture = "qwen2", TensorScales = true, Biases = true });
        yield return Case("key and value lengths of their own", new TinyShape { KeyLength = 22, ValueLength = 13 });
        yield return Case("odd sizes", new TinyShape { Embedding = 37, Heads = [3], KeyValueHeads = [3], FeedForward = [53], KeyLength = 10, ValueLength = 7 });
        yield return Case("layers that differ", new TinyShape { Heads = [6, 4, 3], KeyValueHeads = [2, 4, 1], FeedForward = [80, 33, 101], KeyLength = 18 });
        yield return Case("wide rows", new TinyShape { Embedding = 2100, Heads = [2], KeyValueHeads = [1], FeedForward = [40], KeyLength = 16, ValueLength = 16 });
        yield return Case("F16", new TinyShape { Type = TensorType.F16, Embedding = 50, KeyLength = 12 });
        yield return Case("BF16", new TinyShape { Type = TensorType.BF16, Embedding = 50, KeyLength = 12 });
        yield return Case("Q8_0", Blocks(TensorType.Q8_0, 32));
        yield return Case("Q4_0", Blocks(TensorType.Q4_0, 32));
        yield return Case("Q4_1", Blocks(TensorType.Q4_1, 32));
        yield return Case("Q5_0", Blocks(TensorType.Q5_0, 32));
        yield return Case("Q5_1", Blocks(TensorType.Q5_1, 32));
        yield return Case("Q4_K", Blocks(TensorType.Q4_K, 256));
        yield return Case("Q5_K", Blocks(TensorType.Q5_K, 256));
        yield return Case("Q6_K", Blocks(TensorType.Q6_K, 256));
    }

    private static TinyShape Blocks(TensorType type, int block) => new()
    {
        Type = type,
        Embedding = block,
        Heads = [4],
        KeyValueHeads = [2],
        KeyLength = 64,
        ValueLength = 64,
        FeedForward = [2 * block],
    };

    [TestCaseSource(nameof(Shapes))]
    public void With_an_exact_cache(object shape)
    {
        using TinyModel tiny = new((TinyShape)shape, seed: 11);
        Assert.That(Error(tiny, KvCacheType.F32), Is.LessThan(Limit((TinyShape)shape, 1e-10)));
    }

    [TestCaseSource(nameof(Shapes))]
    public void With_a_cache_of_halves(object shape)
    {
        using TinyModel tiny = new((TinyShape)shape, seed: 12);
        Assert.That(Error(tiny, KvCacheType.F16), Is.LessThan(Limit((TinyShape)shape, 1e-6)));
    }

    [TestCaseSource(nameof(Shapes))]
    public void With_a_cache_of_bytes(object shape)
    {
        using TinyModel tiny = new((TinyShape)shape, seed: 13);
        Assert.That(Error(tiny, KvCacheType.Q8_0), Is.LessThan(Limit((TinyShape)shape, 1e-3)));
    }

    [Test]
    public void Of_random_shapes([Range(0, 19)] int seed)
    {
        Random random = new(seed);
        int group = random.Next(1, 5);
        int layers = random.Next(1, 4);
        int shared = random.Next(1, 4);
        TinyShape shape = new()
        {
            Architecture = random.Next(2) == 0 ? "llama" : "qwen2",
            Embedding = random.Next(5, 90),
            Heads = Enumerable.Repeat(group * shared, layers).ToArray(),
            KeyValueHeads = Enumerable.Repeat(shared, layers).ToArray(),
            FeedForward = Enumerable.Range(0, layers).Select(_ => random.Next(3, 130)).ToArray(),
            KeyLength = 2 * random.Next(1, 30),
            ValueLength = random.Next(1, 50),
            Vocabulary = random.Next(67, 200),
            Type = random.Next(3) switch { 0 => TensorType.F32, 1 => TensorType.F16, _ => TensorType.BF16 },
            Biases = random.Next(2) == 0,
            Tied = random.Next(2) == 0,
            FusedQkv = random.Next(3) == 0,
            LinearFactor = random.Next(3) == 0 ? 2.5f : 0,
        };
        using TinyModel tiny = new(shape, seed);
        Assert.That(Error(tiny, KvCacheType.F32), Is.LessThan(1e-10), shape.ToString());
    }

    // Integer kernels round activations to 127 steps, as other engines do; their products are held to be exact elsewhere.
    private static double Limit(TinyShape shape, double exact) => MatrixKernels.OfIntegers(shape.Type) is null ? exact : 1e-3;

    private static double Error(TinyModel tiny, KvCacheType cacheType)
    {
        float[] expected = new ReferenceForward(tiny).Logits(Ids);
        using Model model = Model.Load(tiny.Path, threads: 2);
        using Session session = new(model, 16, cacheType);
        float[] actual = new float[Ids.Length * session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.All, actual);
        Assert.That(actual, Has.None.NaN);
        return Nmse.Of(actual, expected);
    }
}
