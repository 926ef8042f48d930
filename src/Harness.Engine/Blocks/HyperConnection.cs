using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>
/// Computes a <see cref="Blueprints.HyperConnectionBlueprint"/>: the streams lie in rows of their own, and the rows of the
/// residual stream hold their sum for the branch at hand.
/// </summary>
internal sealed unsafe class HyperConnection
{
    private readonly HyperConnectionWeights weights;
    private readonly Panel panel;
    private readonly ComputePool pool;
    private readonly IPrimitives primitives;
    private readonly MatrixWork matrices;
    private readonly Norm norm;
    private readonly int embedding;
    private readonly int count;
    private readonly RowsLayout residual;
    private readonly RowsLayout streams;
    private readonly RowsLayout normed;
    private readonly RowsLayout mixes;
    private readonly ParallelBody normalise;
    private readonly ParallelBody sum;
    private readonly ParallelBody add;
    private PanelRows yielded;

    /// <param name="weights">Its tensors.</param>
    /// <param name="residual">Receives the sum of the streams.</param>
    /// <param name="context">The session.</param>
    public HyperConnection(HyperConnectionWeights weights, RowsLayout residual, BlockContext context)
    {
        this.weights = weights;
        this.residual = residual;
        panel = context.Panel;
        pool = context.Pool;
        primitives = context.Primitives;
        matrices = context.Matrices;
        embedding = context.Blueprint.EmbeddingLength;
        count = weights.Blueprint.Streams;
        norm = new Norm(
            new Blueprints.NormBlueprint(Blueprints.NormKind.Rms, weights.Blueprint.NormEpsilon, null), count * embedding, null, null);
        streams = StreamsOf(context, count);
        normed = context.SharedRows("streams normed", count * embedding);
        mixes = context.SharedRows("streams mixed", 2 * count);
        normalise = (token, _) => norm.Apply(primitives, panel.Rows(streams)[token], panel.Rows(normed)[token]);
        sum = Sum;
        add = Add;
    }

    /// <summary>The rows of all streams, one after the other.</summary>
    public static RowsLayout StreamsOf(BlockContext context, int count) =>
        context.SharedRows("streams", count * context.Blueprint.EmbeddingLength);

    /// <summary>Sums the streams.</summary>
    public void Read()
    {
        pool.Run(panel.Tokens, normalise);
        PanelRows input = panel.Rows(normed);
        PanelRows output = panel.Rows(mixes);
        matrices.Add(weights.Mix, input.Start, input.Stride, output.Start, output.Stride, panel.Tokens);
        matrices.Run();
        pool.Run(panel.Tokens, sum);
    }

    /// <summary>Adds what the branch yielded to each stream.</summary>
    public void Write(PanelRows branch)
    {
        yielded = branch;
        pool.Run(panel.Tokens, add);
    }

    private void Sum(int token, int worker)
    {
        float* mix = panel.Rows(mixes)[token];
        float* source = panel.Rows(streams)[token];
        var target = new Span<float>(panel.Rows(residual)[token], embedding);
        target.Clear();
        for (int i = 0; i < count; i++, source += embedding)
        {
            float share = Sigmoid((mix[i] * weights.Scale[0]) + weights.Base[i]) + weights.Blueprint.Epsilon;
            for (int c = 0; c < embedding; c++)
                target[c] += source[c] * share;
        }
    }

    private void Add(int token, int worker)
    {
        float* mix = panel.Rows(mixes)[token] + count;
        float* source = yielded[token];
        float* target = panel.Rows(streams)[token];
        for (int i = 0; i < count; i++, target += embedding)
        {
            float share = (weights.Blueprint.Magnitude * Sigmoid((mix[i] * weights.Scale[1]) + weights.Base[count + i])) + weights.Blueprint.Epsilon;
            for (int c = 0; c < embedding; c++)
                target[c] += source[c] * share;
        }
    }

    private static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));
}
