using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>What a layer does with the streams before its branches run on the residual stream, and after.</summary>
internal sealed unsafe class AltUpLayer
{
    private readonly AltUpLayerWeights weights;
    private readonly BlockContext context;
    private readonly Panel panel;
    private readonly int embedding;
    private readonly int count;
    private readonly RowsLayout residual;
    private readonly RowsLayout[] streams;
    private readonly RowsLayout[] predicted;
    private readonly RowsLayout normed;
    private readonly RowsLayout modalities;
    private readonly RowsLayout coefficients;
    private readonly RowsLayout corrected;
    private readonly RowsLayout added;
    private readonly Block input;
    private readonly ParallelBody norm;
    private readonly ParallelBody saturate;
    private readonly ParallelBody predict;
    private readonly ParallelBody correct;
    private readonly ParallelBody join;

    // What the router reads at the moment.
    private RowsLayout routed;

    public AltUpLayer(AltUpLayerWeights weights, RowsLayout residual, BlockContext context)
    {
        this.weights = weights;
        this.context = context;
        this.residual = residual;
        panel = context.Panel;
        embedding = context.Blueprint.EmbeddingLength;
        count = weights.Blueprint.Streams;
        streams = AltUpStreams.Rows(context, count, "stream");
        predicted = AltUpStreams.Rows(context, count, "predicted stream");
        normed = context.SharedRows("altup normed", embedding);
        modalities = context.SharedRows("altup modalities", count);
        coefficients = context.SharedRows("altup coefficients", count * count);
        corrected = context.SharedRows("altup corrected", embedding);
        added = context.SharedRows("altup added", embedding);
        input = weights.Input.Create(context);
        norm = Norm;
        saturate = Saturate;
        predict = PredictToken;
        correct = CorrectToken;
        join = JoinToken;
    }

    /// <summary>Predicts all streams; the residual stream becomes the prediction of the first.</summary>
    public void Predict()
    {
        Route(streams[0], weights.Predict);
        context.Pool.Run(panel.Tokens, predict);
    }

    /// <summary>Corrects all streams by what the layer made of the first, and adds the layer's input to the others.</summary>
    public void Correct()
    {
        Route(residual, weights.Correct);
        context.Pool.Run(panel.Tokens, correct);
        input.Run(panel.Rows(corrected), panel.Rows(added), accumulate: false);
        context.Pool.Run(panel.Tokens, join);
    }

    private void Route(RowsLayout from, Projection to)
    {
        routed = from;
        context.Pool.Run(panel.Tokens, norm);
        Project(weights.Router, normed, modalities);
        context.Pool.Run(panel.Tokens, saturate);
        Project(to, modalities, coefficients);
    }

    private void Project(Projection projection, RowsLayout from, RowsLayout to)
    {
        PanelRows inputs = panel.Rows(from), outputs = panel.Rows(to);
        context.Matrices.Add(projection, inputs.Start, inputs.Stride, outputs.Start, outputs.Stride, panel.Tokens);
        context.Matrices.Run();
    }

    private void Norm(int token, int worker)
    {
        float* row = panel.Rows(normed)[token];
        weights.RouterNorm.Apply(context.Primitives, panel.Rows(routed)[token], row);
        for (int i = 0; i < embedding; i++)
            row[i] *= 1f / embedding;
    }

    private void Saturate(int token, int worker)
    {
        float* row = panel.Rows(modalities)[token];
        for (int i = 0; i < count; i++)
            row[i] = MathF.Tanh(row[i]);
    }

    private void PredictToken(int token, int worker)
    {
        float* mixing = panel.Rows(coefficients)[token];
        for (int i = 0; i < count; i++)
        {
            float* target = panel.Rows(predicted[i])[token];
            Copy(panel.Rows(streams[i])[token], target);
            for (int j = 0; j < count; j++)
            {
                float* source = panel.Rows(streams[j])[token];
                float share = mixing[(i * count) + j];
                for (int k = 0; k < embedding; k++)
                    target[k] += share * source[k];
            }
        }

        Copy(panel.Rows(predicted[0])[token], panel.Rows(residual)[token]);
    }

    private void CorrectToken(int token, int worker)
    {
        float* shares = panel.Rows(coefficients)[token];
        float* computed = panel.Rows(residual)[token];
        float* expected = panel.Rows(predicted[0])[token];
        for (int i = 0; i < count; i++)
        {
            float* target = panel.Rows(streams[i])[token];
            float* prediction = panel.Rows(predicted[i])[token];
            float share = shares[i] + 1;
            for (int k = 0; k < embedding; k++)
                target[k] = prediction[k] + (share * (computed[k] - expected[k]));
        }

        float* first = panel.Rows(streams[0])[token];
        float* scaled = panel.Rows(corrected)[token];
        for (int k = 0; k < embedding; k++)
            scaled[k] = first[k] * weights.CorrectScale[k];
    }

    private void JoinToken(int token, int worker)
    {
        float* row = panel.Rows(added)[token];
        weights.InputNorm.Apply(context.Primitives, row, row);
        for (int i = 1; i < count; i++)
            context.Primitives.Add(panel.Rows(streams[i])[token], row, embedding);
    }

    private void Copy(float* source, float* destination) =>
        new ReadOnlySpan<float>(source, embedding).CopyTo(new Span<float>(destination, embedding));
}
