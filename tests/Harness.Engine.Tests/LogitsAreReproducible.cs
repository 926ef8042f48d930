using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>The same ids give the same bits, however many threads compute them and however they are fed.</summary>
internal sealed class LogitsAreReproducible
{
    private static readonly TinyShape F16 = new()
    {
        Type = TensorType.F16,
        Embedding = 75,
        Heads = [6, 6, 6],
        KeyValueHeads = [2, 2, 2],
        FeedForward = [203, 203, 203],
        KeyLength = 26,
        Vocabulary = 333,
        Biases = true,
    };

    private static readonly TinyShape Q8 = new()
    {
        Type = TensorType.Q8_0,
        Embedding = 96,
        Heads = [6, 6],
        KeyValueHeads = [3, 3],
        FeedForward = [160, 160],
        KeyLength = 16,
        ValueLength = 16,
        Vocabulary = 333,
    };

    private static readonly int[] Ids = Enumerable.Range(0, 150).Select(i => i * 7919 % 333).ToArray();

    private static IEnumerable<TestCaseData> Models()
    {
        yield return new TestCaseData(F16).SetArgDisplayNames("F16");
        yield return new TestCaseData(Q8).SetArgDisplayNames("Q8_0");
    }

    [TestCaseSource(nameof(Models))]
    public void For_any_number_of_threads(object shape)
    {
        using TinyModel tiny = new((TinyShape)shape, seed: 3);
        float[] expected = Evaluate(tiny, threads: 1, [Ids.Length]);
        foreach (int threads in (int[])[2, 3, 5])
            Assert.That(Evaluate(tiny, threads, [Ids.Length]).AsSpan().SequenceEqual(expected), Is.True, $"{threads} threads");
    }

    [TestCaseSource(nameof(Models))]
    public void For_a_prompt_in_any_pieces(object shape)
    {
        using TinyModel tiny = new((TinyShape)shape, seed: 4);
        float[] expected = Evaluate(tiny, threads: 1, [Ids.Length]);
        int[][] splits = [[.. Enumerable.Repeat(1, Ids.Length)], [1, 2, 3, 4, 5, 6, 129], [149, 1], [77, 73], [128, 22]];
        foreach (int[] split in splits)
            Assert.That(Evaluate(tiny, threads: 2, split).AsSpan().SequenceEqual(expected), Is.True, $"split {string.Join('+', split)}");
    }

    [Test]
    public void Scored_position_by_position()
    {
        using TinyModel tiny = new(Q8, seed: 5);
        float[] expected = Evaluate(tiny, threads: 1, [Ids.Length]);
        using Model model = Model.Load(tiny.Path, threads: 3);
        using Session session = new(model, Ids.Length);
        float[] streamed = new float[expected.Length];
        int next = 0;
        session.Score(Ids, 0, (position, logits) =>
        {
            Assert.That(position, Is.EqualTo(next++));
            logits.CopyTo(streamed.AsSpan(position * session.VocabularySize));
        });
        Assert.That(next, Is.EqualTo(Ids.Length));
        Assert.That(streamed.AsSpan().SequenceEqual(expected), Is.True);
    }

    [Test]
    public void After_going_back_and_on_again()
    {
        using TinyModel tiny = new(Q8, seed: 6);
        using Model model = Model.Load(tiny.Path, threads: 2);
        using Session session = new(model, Ids.Length);
        float[] first = new float[session.VocabularySize];
        float[] again = new float[session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.Last, first);
        session.Evaluate([5, 6, 7], 20, LogitsWanted.Last, again);
        session.Evaluate(Ids.AsSpan(20), 20, LogitsWanted.Last, again);
        Assert.That(again, Is.EqualTo(first));
    }

    private static float[] Evaluate(TinyModel tiny, int threads, int[] split)
    {
        using Model model = Model.Load(tiny.Path, threads);
        using Session session = new(model, Ids.Length);
        float[] logits = new float[Ids.Length * session.VocabularySize];
        int done = 0;
        foreach (int count in split)
        {
            session.Evaluate(
                Ids.AsSpan(done, count), done, LogitsWanted.All, logits.AsSpan(done * session.VocabularySize, count * session.VocabularySize));
            done += count;
        }

        Assert.That(done, Is.EqualTo(Ids.Length));
        return logits;
    }
}
