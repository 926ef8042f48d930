using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>
/// Computes a <see cref="DeltaNetBlueprint"/>. The state: the convolutions' history, then each value head's matrix.
/// </summary>
internal sealed unsafe class DeltaNetBlock : RecurrentBlock
{
    private readonly DeltaNetBlueprint blueprint;
    private readonly DeltaNetWeights weights;
    private readonly HeadState heads;
    private readonly int paddedLength;
    private readonly float queryScale;
    private readonly RowsLayout stored;
    private readonly RowsLayout projected;
    private readonly RowsLayout convolved;
    private readonly RowsLayout gate;
    private readonly RowsLayout gateRank;
    private readonly RowsLayout beta;
    private readonly RowsLayout decay;
    private readonly RowsLayout decayRank;
    private readonly RowsLayout betaAndDecay;
    private readonly RowsLayout recalled;
    private readonly ParallelBody split;
    private readonly ParallelBody prepare;
    private readonly ParallelBody scan;
    private readonly ParallelBody finish;

    public DeltaNetBlock(DeltaNetWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        int length = blueprint.HeadLength;
        heads = new HeadState(length, length);
        paddedLength = MatrixKernels.Pad(length);
        queryScale = 1 / MathF.Sqrt(length);
        if (blueprint.Projections == DeltaProjections.PerKeyHead)
            stored = context.Rows(blueprint.Channels + blueprint.ValueWidth);
        projected = context.Rows(blueprint.Channels);
        convolved = context.Rows(blueprint.Channels);
        gate = context.Rows(blueprint.ValueWidth);
        beta = context.Rows(blueprint.ValueHeads);
        decay = context.Rows(blueprint.Decay == DeltaDecay.PerHead ? blueprint.ValueHeads : blueprint.KeyWidth);
        recalled = context.Rows(blueprint.ValueWidth);
        if (weights.BetaAndDecay is not null)
            betaAndDecay = context.Rows(2 * blueprint.ValueHeads);
        if (weights.GateExpansion is not null)
            gateRank = context.Rows(length);
        if (weights.DecayExpansion is not null)
            decayRank = context.Rows(length);
        context.RequireThreadScratch((4L * paddedLength) + heads.ScratchFloats);
        split = Split;
        prepare = Prepare;
        scan = Scan;
        finish = Finish;
    }

    protected override void Run()
    {
        ProjectInputs();
        Pool.Run(Panel.Tokens, split);
        ConvolveInputs();
        Pool.Run(Panel.Tokens, prepare);
        Pool.Run(blueprint.ValueHeads, scan);
        Pool.Run(Panel.Tokens, finish);
        ProjectToOutput(weights.Output, Panel.Rows(recalled));
    }

    private void ProjectInputs()
    {
        PanelRows qkv = Panel.Rows(blueprint.Projections == DeltaProjections.PerKeyHead ? stored : projected);
        if (weights.Fused is { } fused)
        {
            Project(Matrices, fused, Input, qkv);
        }
        else
        {
            Project(Matrices, weights.Query!, Input, qkv);
            Project(Matrices, weights.Key!, Input, From(qkv, blueprint.KeyWidth));
            Project(Matrices, weights.Value!, Input, From(qkv, 2 * blueprint.KeyWidth));
        }

        if (weights.Gate is { } gates)
            Project(Matrices, gates, Input, Panel.Rows(weights.GateExpansion is null ? gate : gateRank));
        if (weights.BetaAndDecay is { } both)
            Project(Matrices, both, Input, Panel.Rows(betaAndDecay));
        if (weights.Beta is { } betas)
            Project(Matrices, betas, Input, Panel.Rows(beta));
        if (weights.Decay is { } decays)
            Project(Matrices, decays, Input, Panel.Rows(weights.DecayExpansion is null ? decay : decayRank));
        Matrices.Run();

        if (weights.GateExpansion is { } gateExpansion)
            Project(Matrices, gateExpansion, Panel.Rows(gateRank), Panel.Rows(gate));
        if (weights.DecayExpansion is { } decayExpansion)
            Project(Matrices, decayExpansion, Panel.Rows(decayRank), Panel.Rows(decay));
        if (weights.GateExpansion is not null || weights.DecayExpansion is not null)
            Matrices.Run();
    }

    /// <summary>Takes apart what is stored together by key head.</summary>
    private void Split(int token, int worker)
    {
        int share = blueprint.ValueHeads / blueprint.KeyHeads;
        int length = blueprint.HeadLength;
        if (blueprint.Projections == DeltaProjections.PerKeyHead)
        {
            float* source = Panel.Rows(stored)[token];
            float* qkv = Panel.Rows(projected)[token];
            float* gates = Panel.Rows(gate)[token];
            for (int head = 0; head < blueprint.KeyHeads; head++)
            {
                Copy(source, qkv + ((long)head * length), length);
                source += length;
                Copy(source, qkv + blueprint.KeyWidth + ((long)head * length), length);
                source += length;
                Copy(source, qkv + (2L * blueprint.KeyWidth) + ((long)head * share * length), share * length);
                source += share * length;
                Copy(source, gates + ((long)head * share * length), share * length);
                source += share * length;
            }
        }

        if (weights.BetaAndDecay is not null)
        {
            float* source = Panel.Rows(betaAndDecay)[token];
            for (int head = 0; head < blueprint.KeyHeads; head++)
            {
                Copy(source + (2L * head * share), Panel.Rows(beta)[token] + ((long)head * share), share);
                Copy(source + (((2L * head) + 1) * share), Panel.Rows(decay)[token] + ((long)head * share), share);
            }
        }
    }

    private void ConvolveInputs()
    {
        if (blueprint.Projections != DeltaProjections.Split)
        {
            ConvolveChannels(0, blueprint.Channels, weights.Taps, State);
            return;
        }

        int keys = blueprint.KeyWidth;
        float* history = State;
        ConvolveChannels(0, keys, weights.Taps, history);
        history += ConvolutionJob.HistoryFloats(keys, blueprint.Taps);
        ConvolveChannels(keys, keys, weights.KeyTaps, history);
        history += ConvolutionJob.HistoryFloats(keys, blueprint.Taps);
        ConvolveChannels(2 * keys, blueprint.ValueWidth, weights.ValueTaps, history);
    }

    private void ConvolveChannels(int first, int channels, float* taps, float* history)
    {
        PanelRows inputs = From(Panel.Rows(projected), first);
        PanelRows outputs = From(Panel.Rows(convolved), first);
        Convolve(new ConvolutionJob
        {
            Inputs = inputs.Start,
            InputStride = inputs.Stride,
            Outputs = outputs.Start,
            OutputStride = outputs.Stride,
            Taps = taps,
            TapCount = blueprint.Taps,
            History = history,
            Channels = channels,
            Tokens = Panel.Tokens,
            Silu = true,
        });
    }

    /// <summary>Queries and keys of length 1, β and decays as factors.</summary>
    private void Prepare(int token, int worker)
    {
        int length = blueprint.HeadLength;
        float* query = Panel.Rows(convolved)[token];
        float* key = query + blueprint.KeyWidth;
        for (int head = 0; head < blueprint.KeyHeads; head++)
        {
            Recurrence.ScaleToLength(query + ((long)head * length), length, blueprint.UnitEpsilon, queryScale);
            Recurrence.ScaleToLength(key + ((long)head * length), length, blueprint.UnitEpsilon, 1);
        }

        Recurrence.Sigmoid(Panel.Rows(beta)[token], blueprint.ValueHeads);
        float* decays = Panel.Rows(decay)[token];
        int width = blueprint.Decay == DeltaDecay.PerHead ? blueprint.ValueHeads : blueprint.KeyWidth;
        int perHead = width / blueprint.ValueHeads;
        Primitives.Add(decays, weights.DecayBias, width);
        bool bounded = blueprint.Decay == DeltaDecay.PerChannelBounded;
        if (!bounded)
            Recurrence.Softplus(decays, width);
        for (int i = 0; i < width; i++)
            decays[i] *= weights.DecayRate[i / perHead];
        if (bounded)
        {
            Recurrence.Sigmoid(decays, width);
            for (int i = 0; i < width; i++)
                decays[i] *= blueprint.DecayBound;
        }

        Recurrence.Exp(decays, width);
    }

    private void Scan(int head, int worker)
    {
        int length = blueprint.HeadLength;
        int keyHead = blueprint.KeyHeadsRepeat ? head % blueprint.KeyHeads : head / (blueprint.ValueHeads / blueprint.KeyHeads);
        float* factors = Panel.ThreadScratch(worker);
        float* stored = factors + paddedLength;
        float* probe = stored + paddedLength;
        float* correction = probe + paddedLength;
        float* scratch = correction + paddedLength;
        float* state = State + blueprint.HistoryFloats + (head * heads.FloatsPerHead);
        bool perHead = blueprint.Decay == DeltaDecay.PerHead;
        for (int token = 0; token < Panel.Tokens; token++)
        {
            float* row = Panel.Rows(convolved)[token];
            float* key = row + blueprint.KeyWidth + ((long)keyHead * length);
            float strength = Panel.Rows(beta)[token][head];
            float* decays = Panel.Rows(decay)[token];
            if (perHead)
                new Span<float>(factors, length).Fill(decays[head]);
            else
                Copy(decays + ((long)head * length), factors, length);

            for (int k = 0; k < length; k++)
            {
                stored[k] = strength * key[k];
                probe[k] = factors[k] * key[k];
                correction[k] = -stored[k];
            }

            StateStep step = new()
            {
                Decay = factors,
                Key = stored,
                Query = row + ((long)keyHead * length),
                Probe = probe,
                Correction = correction,
                Value = row + (2L * blueprint.KeyWidth) + ((long)head * length),
                Output = Panel.Rows(recalled)[token] + ((long)head * length),
            };
            heads.Advance(Recurrence, in step, state, scratch);
        }
    }

    private void Finish(int token, int worker)
    {
        float* output = Panel.Rows(recalled)[token];
        float* gates = Panel.Rows(gate)[token];
        for (int head = 0; head < blueprint.ValueHeads; head++)
        {
            float* values = output + ((long)head * blueprint.HeadLength);
            weights.HeadNorm.Apply(Primitives, values, values);
        }

        if (blueprint.GateActivation == Activation.Silu)
            Recurrence.MultiplyBySilu(output, gates, blueprint.ValueWidth);
        else
            Recurrence.MultiplyBySigmoid(output, gates, blueprint.ValueWidth);
    }

    private static PanelRows From(PanelRows rows, int column) => new(rows.Start + column, rows.Stride);
}
