using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine;

/// <summary>Which positions of an evaluation the output head is run for.</summary>
public enum LogitsWanted
{
    /// <summary>The last: one row.</summary>
    Last,

    /// <summary>All: one row a token.</summary>
    All,
}

/// <summary>Receives one position's logits; the span is only good during the call.</summary>
/// <param name="position">Its position in the context.</param>
/// <param name="logits">One float32 a token of the vocabulary.</param>
public delegate void LogitsReceiver(int position, ReadOnlySpan<float> logits);

/// <summary>
/// One context of a model: the cache of keys and values, and the memory to extend it. Logits are equal, bit for bit,
/// for any number of threads and however a prompt is split into evaluations. Not for use by two threads at once.
/// </summary>
public sealed unsafe class Session : IDisposable
{
    private readonly Model model;
    private readonly Decoder decoder;
    private readonly bool recurrent;

    /// <summary>Reserves the cache and the activations; memory becomes resident as positions are filled.</summary>
    /// <param name="model">The model; it must outlive the session.</param>
    /// <param name="contextLength">Positions of the cache, at least 1.</param>
    /// <param name="cacheType">How keys and values are stored.</param>
    /// <exception cref="OutOfMemoryException">The system refused the memory.</exception>
    public Session(Model model, int contextLength, KvCacheType cacheType = KvCacheType.F16)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        this.model = model;
        Blueprint blueprint = model.Blueprint;
        recurrent = blueprint.Recurrent;

        ContextLength = PositionsOf(blueprint, contextLength);
        decoder = new Decoder(blueprint, model.Weights, model.Pool, ContextLength, cacheType);
        decoder.Reserve();
    }

    /// <summary>Positions there is room for; fewer than asked for where the model has learned ones and those end earlier.</summary>
    public int ContextLength { get; }

    /// <summary>Positions evaluated so far.</summary>
    public int Length { get; private set; }

    /// <summary>Logits of a position.</summary>
    public int VocabularySize => model.Blueprint.VocabularySize;

    /// <summary>Bytes of what a session keeps: keys and values of all positions, and recurrent states.</summary>
    /// <param name="blueprint">A model's blueprint.</param>
    /// <param name="contextLength">Positions.</param>
    /// <param name="cacheType">How they are stored.</param>
    /// <returns>Bytes.</returns>
    public static long CacheBytes(Blueprint blueprint, int contextLength, KvCacheType cacheType = KvCacheType.F16)
    {
        ArgumentNullException.ThrowIfNull(blueprint);
        return blueprint.Layers.Sum(l => l.Blocks.Sum(b => b.StateBytes(contextLength, cacheType)));
    }

    /// <summary>
    /// What a session will take, from a header alone: the layout that the session itself makes, without its memory.
    /// </summary>
    /// <param name="header">The model's header.</param>
    /// <param name="blueprint">Its blueprint.</param>
    /// <param name="contextLength">Positions asked for, at least 1.</param>
    /// <param name="threads">Threads that compute, at least 1.</param>
    /// <param name="cacheType">How keys and values are stored.</param>
    /// <returns>Bytes, part by part.</returns>
    /// <exception cref="UnsupportedModelException">The engine lacks what the model needs; the message names it.</exception>
    /// <exception cref="ModelException">A tensor is missing or misshapen.</exception>
    public static SessionMemory MemoryOf(
        ModelHeader header, Blueprint blueprint, int contextLength, int threads, KvCacheType cacheType = KvCacheType.F16)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(blueprint);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        int positions = PositionsOf(blueprint, contextLength);
        ModelWeights weights = WeightBinder.Layout(header, blueprint);
        using var pool = new ComputePool(1);
        using var decoder = new Decoder(blueprint, weights, pool, positions, cacheType);
        return decoder.Memory(threads) with { FixedStateBytes = FixedStateBytes(blueprint, cacheType), Weights = WeightMemory.Of(weights, header) };
    }

    /// <summary>Evaluates ids and returns logits.</summary>
    /// <param name="ids">Token ids, at least one, each in the vocabulary.</param>
    /// <param name="startPosition">The first one's position, at most <see cref="Length"/>; what lies beyond is forgotten.</param>
    /// <param name="wanted">Which rows of logits.</param>
    /// <param name="logits">Receives them: 1 or <c>ids.Length</c> rows of <see cref="VocabularySize"/>.</param>
    /// <exception cref="ArgumentException">An id, the position or the length of <paramref name="logits"/> is out of range.</exception>
    public void Evaluate(scoped ReadOnlySpan<int> ids, int startPosition, LogitsWanted wanted, scoped Span<float> logits)
    {
        Check(ids, startPosition);
        long rows = wanted == LogitsWanted.All ? ids.Length : 1;
        if (logits.Length < rows * VocabularySize)
            throw new ArgumentException($"{rows} rows of {VocabularySize} logits are wanted; there is room for {logits.Length} values.", nameof(logits));

        fixed (float* output = logits)
        {
            for (int done = 0; done < ids.Length;)
            {
                int count = Advance(ids[done..], startPosition + done);
                if (wanted == LogitsWanted.All)
                    decoder.Head(0, count, output + ((long)done * VocabularySize));
                else if (done + count == ids.Length)
                    decoder.Head(count - 1, 1, output);
                done += count;
            }
        }
    }

    /// <summary>
    /// Evaluates ids and hands out every position's logits in order, holding a few positions' at a time: teacher-forced
    /// scoring of any length in constant memory.
    /// </summary>
    /// <param name="ids">Token ids, at least one, each in the vocabulary.</param>
    /// <param name="startPosition">The first one's position, at most <see cref="Length"/>; what lies beyond is forgotten.</param>
    /// <param name="receive">Called once a position.</param>
    /// <exception cref="ArgumentException">An id or the position is out of range.</exception>
    public void Score(ReadOnlySpan<int> ids, int startPosition, LogitsReceiver receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        Check(ids, startPosition);
        for (int done = 0; done < ids.Length;)
        {
            int count = Advance(ids[done..], startPosition + done);
            for (int token = 0; token < count; token += decoder.LogitRows)
            {
                int rows = Math.Min(decoder.LogitRows, count - token);
                decoder.Head(token, rows, decoder.Logits);
                for (int row = 0; row < rows; row++)
                {
                    var logits = new ReadOnlySpan<float>(decoder.Logits + ((long)row * VocabularySize), VocabularySize);
                    receive(startPosition + done + token + row, logits);
                }
            }

            done += count;
        }
    }

    /// <summary>Evaluates ids and returns the likeliest next token.</summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="startPosition">The first one's position, at most <see cref="Length"/>.</param>
    /// <param name="logits">The last position's logits; good until the session is used again.</param>
    /// <returns>The id with the largest logit, the lowest such id.</returns>
    public int EvaluateGreedily(scoped ReadOnlySpan<int> ids, int startPosition, out ReadOnlySpan<float> logits)
    {
        var row = new Span<float>(decoder.Logits, VocabularySize);
        Evaluate(ids, startPosition, LogitsWanted.Last, row);
        logits = row;
        return Greedy.Choose(row);
    }

    /// <summary>Frees the cache and the activations.</summary>
    public void Dispose() => decoder.Dispose();

    // Beyond the learned positions there is nothing to add, so the context ends there.
    private static int PositionsOf(Blueprint blueprint, int contextLength)
    {
        int learned = blueprint.Embedding.LearnedPositions;
        int positions = learned > 0 ? Math.Min(contextLength, learned) : contextLength;
        return blueprint.LongestContext > 0 ? Math.Min(positions, blueprint.LongestContext) : positions;
    }

    // What does not grow with the positions: a cache is proportional to them but for whole blocks, a recurrent state is not.
    private static long FixedStateBytes(Blueprint blueprint, KvCacheType cacheType)
    {
        const int blocks = 1024;
        return Math.Max(0, (2 * CacheBytes(blueprint, blocks, cacheType)) - CacheBytes(blueprint, 2 * blocks, cacheType));
    }

    private int Advance(ReadOnlySpan<int> ids, int position)
    {
        int count = Math.Min(ids.Length, decoder.Capacity);
        decoder.Forward(ids[..count], position);
        Length = position + count;
        return count;
    }

    private void Check(ReadOnlySpan<int> ids, int startPosition)
    {
        if (ids.IsEmpty)
            throw new ArgumentException("At least one token id is needed.", nameof(ids));
        if (startPosition < 0 || startPosition > Length)
            throw new ArgumentOutOfRangeException(nameof(startPosition), startPosition, $"Positions 0 to {Length} can follow what was evaluated.");
        if (startPosition != 0 && startPosition != Length && recurrent)
        {
            throw new ArgumentOutOfRangeException(
                nameof(startPosition), startPosition, $"The model's state cannot be taken back: it goes on at {Length} or starts over at 0.");
        }

        if (ids.Length > ContextLength - startPosition)
            throw new ArgumentException($"{ids.Length} tokens from position {startPosition} exceed the context of {ContextLength}.", nameof(ids));

        int vocabulary = VocabularySize;
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)vocabulary)
                throw new ArgumentException($"The token id {id} is outside the vocabulary, 0 to {vocabulary - 1}.", nameof(ids));
        }
    }
}
