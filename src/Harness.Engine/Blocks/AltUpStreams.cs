using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>The streams beside the residual stream: how they begin and how they end. The first is the residual stream itself.</summary>
internal sealed unsafe class AltUpStreams
{
    private readonly AltUpWeights weights;
    private readonly BlockContext context;
    private readonly Panel panel;
    private readonly int embedding;
    private readonly RowsLayout residual;
    private readonly RowsLayout[] streams;
    private readonly RowsLayout[] back;
    private readonly ParallelBody begin;
    private readonly ParallelBody end;

    public AltUpStreams(AltUpWeights weights, RowsLayout residual, BlockContext context)
    {
        this.weights = weights;
        this.context = context;
        this.residual = residual;
        panel = context.Panel;
        embedding = context.Blueprint.EmbeddingLength;
        streams = Rows(context, weights.Begin.Length + 1, "stream");
        back = Rows(context, weights.Begin.Length + 1, "predicted stream");
        begin = BeginToken;
        end = EndToken;
    }

    /// <summary>Rows of each stream, or of its prediction.</summary>
    public static RowsLayout[] Rows(BlockContext context, int count, string name) =>
        [.. Enumerable.Range(0, count).Select(i => context.SharedRows($"{name} {i}", context.Blueprint.EmbeddingLength))];

    /// <summary>Makes the streams from the embedding.</summary>
    public void Begin()
    {
        PanelRows source = panel.Rows(residual);
        for (int i = 1; i < streams.Length; i++)
            Add(weights.Begin[i - 1], source, panel.Rows(streams[i]));
        context.Matrices.Run();
        context.Pool.Run(panel.Tokens, begin);
    }

    /// <summary>Averages the streams into the residual stream.</summary>
    public void End()
    {
        for (int i = 1; i < streams.Length; i++)
            Add(weights.End[i - 1], panel.Rows(streams[i]), panel.Rows(back[i]));
        context.Matrices.Run();
        context.Pool.Run(panel.Tokens, end);
    }

    private void Add(Projection projection, PanelRows from, PanelRows to) =>
        context.Matrices.Add(projection, from.Start, from.Stride, to.Start, to.Stride, panel.Tokens);

    private void BeginToken(int token, int worker)
    {
        float* first = panel.Rows(residual)[token];
        float magnitude = Magnitude(first);
        for (int i = 1; i < streams.Length; i++)
        {
            float* stream = panel.Rows(streams[i])[token];
            float scale = magnitude / Magnitude(stream);
            for (int j = 0; j < embedding; j++)
                stream[j] *= scale;
        }

        new ReadOnlySpan<float>(first, embedding).CopyTo(new Span<float>(panel.Rows(streams[0])[token], embedding));
    }

    private void EndToken(int token, int worker)
    {
        float* first = panel.Rows(streams[0])[token];
        float* sum = panel.Rows(residual)[token];
        float magnitude = Magnitude(first);
        new ReadOnlySpan<float>(first, embedding).CopyTo(new Span<float>(sum, embedding));
        for (int i = 1; i < streams.Length; i++)
        {
            float* row = panel.Rows(back[i])[token];
            context.Primitives.AddScaled(sum, magnitude / Magnitude(row), row, MatrixKernels.Pad(embedding));
        }

        for (int j = 0; j < embedding; j++)
            sum[j] /= streams.Length;
    }

    private float Magnitude(float* row)
    {
        double squares = 0;
        for (int j = 0; j < embedding; j++)
            squares += (double)row[j] * row[j];
        return (float)Math.Sqrt(squares);
    }
}
