using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes an <see cref="Rwkv6TimeMixBlueprint"/>. The state: the last input, then each head's matrix.</summary>
internal sealed unsafe class Rwkv6TimeMixBlock : RecurrentBlock
{
    private const int Mixes = Rwkv6TimeMixWeights.Mixes;

    // The published constant: 1e-5, times a divisor of 8 squared.
    private const float HeadNormEpsilon = 64e-5f;

    private readonly Rwkv6TimeMixBlueprint blueprint;
    private readonly Rwkv6TimeMixWeights weights;
    private readonly HeadState heads;
    private readonly float queryScale;
    private readonly RowsLayout blend;
    private readonly RowsLayout ranks;
    private readonly RowsLayout[] rank = new RowsLayout[Mixes];
    private readonly RowsLayout[] mixed = new RowsLayout[Mixes];
    private readonly RowsLayout key;
    private readonly RowsLayout value;
    private readonly RowsLayout receptance;
    private readonly RowsLayout gate;
    private readonly RowsLayout decayRank;
    private readonly RowsLayout decay;
    private readonly RowsLayout output;
    private readonly ParallelBody blendInput;
    private readonly ParallelBody splitRanks;
    private readonly ParallelBody mixInputs;
    private readonly ParallelBody bendDecay;
    private readonly ParallelBody finishDecay;
    private readonly ParallelBody scan;
    private readonly ParallelBody finish;

    public Rwkv6TimeMixBlock(Rwkv6TimeMixWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        int width = blueprint.Width;
        int length = blueprint.HeadLength;
        heads = new HeadState(length, length);
        queryScale = 1 / MathF.Sqrt(length);
        blend = context.Rows(width);
        ranks = context.Rows(Mixes * blueprint.MixRank);
        for (int i = 0; i < Mixes; i++)
        {
            rank[i] = context.Rows(blueprint.MixRank);
            mixed[i] = context.Rows(width);
        }

        key = context.Rows(blueprint.KeyValueHeads * length);
        value = context.Rows(blueprint.KeyValueHeads * length);
        receptance = context.Rows(width);
        gate = context.Rows(width);
        decayRank = context.Rows(blueprint.DecayRank);
        decay = context.Rows(width);
        output = context.Rows(width);
        context.RequireThreadScratch((2L * MatrixKernels.Pad(length)) + heads.ScratchFloats);
        blendInput = (token, _) => Recurrence.Interpolate(Input[token], Before(token), weights.MixOfMixes, Panel.Rows(blend)[token], width);
        splitRanks = SplitRanks;
        mixInputs = MixInputs;
        bendDecay = (token, _) => Tanh(Panel.Rows(decayRank)[token], blueprint.DecayRank);
        finishDecay = FinishDecay;
        scan = Scan;
        finish = Finish;
    }

    protected override void Run()
    {
        int tokens = Panel.Tokens;
        Pool.Run(tokens, blendInput);
        Project(Matrices, weights.MixReduction, Panel.Rows(blend), Panel.Rows(ranks));
        Matrices.Run();
        Pool.Run(tokens, splitRanks);
        for (int i = 0; i < Mixes; i++)
            Project(Matrices, weights.MixExpansions[i], Panel.Rows(rank[i]), Panel.Rows(mixed[i]));
        Matrices.Run();
        Pool.Run(tokens, mixInputs);
        Project(Matrices, weights.DecayReduction, Panel.Rows(mixed[0]), Panel.Rows(decayRank));
        Project(Matrices, weights.Key, Panel.Rows(mixed[1]), Panel.Rows(key));
        Project(Matrices, weights.Value, Panel.Rows(mixed[2]), Panel.Rows(value));
        Project(Matrices, weights.Receptance, Panel.Rows(mixed[3]), Panel.Rows(receptance));
        Project(Matrices, weights.Gate, Panel.Rows(mixed[4]), Panel.Rows(gate));
        Matrices.Run();
        Pool.Run(tokens, bendDecay);
        Project(Matrices, weights.DecayExpansion, Panel.Rows(decayRank), Panel.Rows(decay));
        Matrices.Run();
        Pool.Run(tokens, finishDecay);
        Pool.Run(blueprint.Heads, scan);
        Pool.Run(tokens, finish);
        KeepLastInput(blueprint.Width);
        ProjectToOutput(weights.Output, Panel.Rows(output));
    }

    private void SplitRanks(int token, int worker)
    {
        float* all = Panel.Rows(ranks)[token];
        Tanh(all, Mixes * blueprint.MixRank);
        for (int i = 0; i < Mixes; i++)
            Copy(all + ((long)i * blueprint.MixRank), Panel.Rows(rank[i])[token], blueprint.MixRank);
    }

    private void MixInputs(int token, int worker)
    {
        for (int i = 0; i < Mixes; i++)
        {
            float* amount = Panel.Rows(mixed[i])[token];
            Primitives.Add(amount, (float*)weights.MixConstants[i], blueprint.Width);
            Recurrence.Interpolate(Input[token], Before(token), amount, amount, blueprint.Width);
        }
    }

    private void FinishDecay(int token, int worker)
    {
        float* decays = Panel.Rows(decay)[token];
        Primitives.Add(decays, weights.DecayConstant, blueprint.Width);
        Recurrence.Exp(decays, blueprint.Width);
        for (int i = 0; i < blueprint.Width; i++)
            decays[i] = -decays[i];
        Recurrence.Exp(decays, blueprint.Width);
    }

    private void Scan(int head, int worker)
    {
        int length = blueprint.HeadLength;
        long offset = (long)head * length;
        long sharedOffset = (long)(head / (blueprint.Heads / blueprint.KeyValueHeads)) * length;
        float* keys = Panel.ThreadScratch(worker);
        float* queries = keys + MatrixKernels.Pad(length);
        float* scratch = queries + MatrixKernels.Pad(length);
        float* state = State + MatrixKernels.Pad(blueprint.Width) + (head * heads.FloatsPerHead);
        for (int token = 0; token < Panel.Tokens; token++)
        {
            float* stored = Panel.Rows(key)[token] + sharedOffset;
            float* read = Panel.Rows(receptance)[token] + offset;
            float* decays = Panel.Rows(decay)[token] + offset;
            float bonus = 0;
            for (int k = 0; k < length; k++)
            {
                keys[k] = blueprint.Bonus ? stored[k] : stored[k] - (stored[k] * decays[k]);
                queries[k] = blueprint.Bonus ? read[k] : read[k] * queryScale;
                if (blueprint.Bonus)
                    bonus += read[k] * weights.Bonus[offset + k] * stored[k];
            }

            StateStep step = new()
            {
                Decay = decays,
                Key = keys,
                Query = queries,
                Value = Panel.Rows(value)[token] + sharedOffset,
                Output = Panel.Rows(output)[token] + offset,
                Bonus = bonus,
                ReadsBefore = blueprint.Bonus,
            };
            heads.Advance(Recurrence, in step, state, scratch);
        }
    }

    private void Finish(int token, int worker)
    {
        float* row = Panel.Rows(output)[token];
        float* gates = Panel.Rows(gate)[token];
        if (!blueprint.Bonus)
        {
            Recurrence.MultiplyBySigmoid(row, gates, blueprint.Width);
            return;
        }

        for (int head = 0; head < blueprint.Heads; head++)
        {
            long offset = (long)head * blueprint.HeadLength;
            Primitives.LayerNorm(row + offset, weights.HeadNormWeight + offset, row + offset, blueprint.HeadLength, HeadNormEpsilon);
        }

        Primitives.Add(row, weights.HeadNormBias, blueprint.Width);
        Recurrence.MultiplyBySilu(row, gates, blueprint.Width);
    }

    private static void Tanh(float* values, int length)
    {
        for (int i = 0; i < length; i++)
            values[i] = MathF.Tanh(values[i]);
    }
}
