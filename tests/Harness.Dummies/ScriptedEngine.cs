using System.Diagnostics;
using System.Runtime.InteropServices;
using Harness.Text.Templates;
using Harness.Workers;

namespace Harness.Dummies;

/// <summary>
/// A well-behaved engine without a model: text is one id a byte, generation counts up from the last id, logits say so.
/// </summary>
internal class ScriptedEngine : IInferenceEngine
{
    public const int Vocabulary = 256;

    public virtual BackendIdentity Identify() =>
        new("scripted", "v1", null, null, null, [new BackendDevice("cpu", "a dummy")]);

    public virtual LoadedModel Load(LoadRequest request)
    {
        if (request.Path.EndsWith("unknown-architecture", StringComparison.Ordinal))
            throw new InferenceException(InferenceFailure.Unsupported, "unknown model architecture: 'mystery'");
        if (request.Path.EndsWith("broken", StringComparison.Ordinal))
            throw new InvalidDataException("tensor 'blk.0.attn_q.weight' lies outside the file");
        return new LoadedModel("scripted", request.Path, Vocabulary, request.ContextLength, TimeSpan.FromMilliseconds(1));
    }

    public int[] Tokenize(ReadOnlySpan<byte> utf8, bool addSpecial, bool parseSpecial) =>
        [.. utf8.ToArray().Select(b => (int)b)];

    public virtual Generation Generate(GenerateRequest request, Action<GeneratedToken> onToken)
    {
        Stopwatch watch = Stopwatch.StartNew();
        int last = request.PromptIds[^1];
        for (int i = 0; i < request.MaxTokens; i++)
        {
            BeforeToken(i);
            last = (last + 1) % Vocabulary;
            int[] top = [.. Enumerable.Range(last, request.TopLogProbabilities).Select(id => id % Vocabulary)];
            float[] logs = [.. top.Select((_, k) => k == 0 ? -0.1f : float.NegativeInfinity)];
            onToken(new GeneratedToken(last, [(byte)last], top, logs));
        }

        return new Generation(
            request.PromptIds.Length, request.MaxTokens, "length", TimeSpan.FromMilliseconds(0.5), watch.Elapsed);
    }

    public virtual ChatApplied Chat(IReadOnlyList<ChatMessage> messages, DateTimeOffset? now = null) =>
        throw new InferenceException(InferenceFailure.Unsupported, "this backend applies no chat templates");

    public Scoring Score(ReadOnlySpan<int> ids, Stream logits)
    {
        float[] row = new float[Vocabulary];
        foreach (int id in ids)
        {
            if (id < 0)
                throw new InferenceException(InferenceFailure.Error, $"there is no token {id}");
            Array.Clear(row);
            row[(id + 1) % Vocabulary] = 10;
            logits.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }

        return new Scoring(ids.Length, Vocabulary, TimeSpan.FromMilliseconds(1));
    }

    public void Dispose()
    {
    }

    /// <summary>Runs before each token.</summary>
    /// <param name="index">How many came before it.</param>
    protected virtual void BeforeToken(int index)
    {
    }
}

/// <summary>The scripted engine with something happening on the way to a token.</summary>
internal sealed class InterruptedEngine(Action<int> beforeToken) : ScriptedEngine
{
    protected override void BeforeToken(int index) => beforeToken(index);
}

/// <summary>The scripted engine with something happening at load.</summary>
internal sealed class LoadingEngine(Action atLoad) : ScriptedEngine
{
    public override LoadedModel Load(LoadRequest request)
    {
        atLoad();
        return base.Load(request);
    }
}
