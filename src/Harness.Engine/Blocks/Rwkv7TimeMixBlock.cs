using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes an <see cref="Rwkv7TimeMixBlueprint"/>. The state: the last input, then each head's matrix.</summary>
internal sealed unsafe class Rwkv7TimeMixBlock : RecurrentBlock
{
    private const string FirstValues = "values of the first layer";

    // The published constant: decays are at least e^-(e^-0.5).
    private const float DecayBound = -0.606531f;

    private const float HeadNormEpsilon = 64e-5f;
    private const float UnitEpsilon = 1e-12f;

    private readonly Rwkv7TimeMixBlueprint blueprint;
    private readonly Rwkv7TimeMixWeights weights;
    private readonly HeadState heads;
    private readonly RowsLayout[] mixed;
    private readonly RowsLayout receptance;
    private readonly RowsLayout key;
    private readonly RowsLayout value;
    private readonly RowsLayout firstValue;
    private readonly RowsLayout decayRank;
    private readonly RowsLayout decay;
    private readonly RowsLayout rateRank;
    private readonly RowsLayout rate;
    private readonly RowsLayout valueRank;
    private readonly RowsLayout valueMix;
    private readonly RowsLayout gateRank;
    private readonly RowsLayout gate;
    private readonly RowsLayout output;
    private readonly ParallelBody mixInputs;
    private readonly ParallelBody bendRanks;
    private readonly ParallelBody prepare;
    private readonly ParallelBody scan;
    private readonly ParallelBody finish;

    public Rwkv7TimeMixBlock(Rwkv7TimeMixWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        int width = blueprint.Width;
        heads = new HeadState(blueprint.HeadLength, blueprint.HeadLength);
        mixed = new RowsLayout[blueprint.GateRank > 0 ? 6 : 5];
        for (int i = 0; i < mixed.Length; i++)
            mixed[i] = context.Rows(width);
        receptance = context.Rows(width);
        key = context.Rows(width);
        value = context.Rows(width);
        decayRank = context.Rows(blueprint.DecayRank);
        decay = context.Rows(width);
        rateRank = context.Rows(blueprint.RateRank);
        rate = context.Rows(width);
        output = context.Rows(width);
        firstValue = context.SharedRows(FirstValues, width);
        if (weights.ValueReduction is not null)
        {
            valueRank = context.Rows(blueprint.ValueRank);
            valueMix = context.Rows(width);
        }

        if (weights.GateReduction is not null)
        {
            gateRank = context.Rows(blueprint.GateRank);
            gate = context.Rows(width);
        }

        context.RequireThreadScratch(heads.ScratchFloats);
        mixInputs = MixInputs;
        bendRanks = BendRanks;
        prepare = Prepare;
        scan = Scan;
        finish = Finish;
    }

    // Once the projections are done, two of the mixed inputs make room for what is taken from the state.
    private RowsLayout Removed => mixed[0];

    private RowsLayout Restored => mixed[1];

    protected override void Run()
    {
        int tokens = Panel.Tokens;
        Pool.Run(tokens, mixInputs);
        Project(Matrices, weights.Receptance, Panel.Rows(mixed[0]), Panel.Rows(receptance));
        Project(Matrices, weights.DecayReduction, Panel.Rows(mixed[1]), Panel.Rows(decayRank));
        Project(Matrices, weights.Key, Panel.Rows(mixed[2]), Panel.Rows(key));
        Project(Matrices, weights.Value, Panel.Rows(mixed[3]), Panel.Rows(value));
        Project(Matrices, weights.RateReduction, Panel.Rows(mixed[4]), Panel.Rows(rateRank));
        if (weights.ValueReduction is { } valueReduction)
            Project(Matrices, valueReduction, Panel.Rows(mixed[3]), Panel.Rows(valueRank));
        if (weights.GateReduction is { } gateReduction)
            Project(Matrices, gateReduction, Panel.Rows(mixed[5]), Panel.Rows(gateRank));
        Matrices.Run();
        Pool.Run(tokens, bendRanks);
        Project(Matrices, weights.DecayExpansion, Panel.Rows(decayRank), Panel.Rows(decay));
        Project(Matrices, weights.RateExpansion, Panel.Rows(rateRank), Panel.Rows(rate));
        if (weights.ValueExpansion is { } valueExpansion)
            Project(Matrices, valueExpansion, Panel.Rows(valueRank), Panel.Rows(valueMix));
        if (weights.GateExpansion is { } gateExpansion)
            Project(Matrices, gateExpansion, Panel.Rows(gateRank), Panel.Rows(gate));
        Matrices.Run();
        Pool.Run(tokens, prepare);
        Pool.Run(blueprint.Heads, scan);
        Pool.Run(tokens, finish);
        KeepLastInput(blueprint.Width);
        ProjectToOutput(weights.Output, Panel.Rows(output));
    }

    private void MixInputs(int token, int worker)
    {
        for (int i = 0; i < mixed.Length; i++)
        {
            float* amounts = weights.Mixes + ((long)i * blueprint.Width);
            Recurrence.Interpolate(Input[token], Before(token), amounts, Panel.Rows(mixed[i])[token], blueprint.Width);
        }
    }

    private void BendRanks(int token, int worker)
    {
        float* low = Panel.Rows(decayRank)[token];
        for (int i = 0; i < blueprint.DecayRank; i++)
            low[i] = MathF.Tanh(low[i]);
        if (weights.GateReduction is not null)
            Recurrence.Sigmoid(Panel.Rows(gateRank)[token], blueprint.GateRank);
    }

    private void Prepare(int token, int worker)
    {
        int width = blueprint.Width;
        float* decays = Panel.Rows(decay)[token];
        Primitives.Add(decays, weights.DecayConstant, width);
        Recurrence.Sigmoid(decays, width);
        for (int i = 0; i < width; i++)
            decays[i] *= DecayBound;
        Recurrence.Exp(decays, width);

        float* rates = Panel.Rows(rate)[token];
        Primitives.Add(rates, weights.RateConstant, width);
        Recurrence.Sigmoid(rates, width);

        float* values = Panel.Rows(value)[token];
        float* first = Panel.Rows(firstValue)[token];
        if (weights.ValueReduction is null)
        {
            Copy(values, first, width);
        }
        else
        {
            float* amounts = Panel.Rows(valueMix)[token];
            Primitives.Add(amounts, weights.ValueConstant, width);
            Recurrence.Sigmoid(amounts, width);
            Recurrence.Interpolate(values, first, amounts, values, width);
        }

        float* keys = Panel.Rows(key)[token];
        float* removed = Panel.Rows(Removed)[token];
        float* restored = Panel.Rows(Restored)[token];
        Copy(keys, removed, width);
        Recurrence.Multiply(removed, weights.RemovalScale, width);
        for (int head = 0; head < blueprint.Heads; head++)
            Recurrence.ScaleToLength(removed + ((long)head * blueprint.HeadLength), blueprint.HeadLength, UnitEpsilon, -1);
        for (int i = 0; i < width; i++)
        {
            restored[i] = -removed[i] * rates[i];
            float followed = keys[i] * weights.RateScale[i];
            keys[i] += (rates[i] * followed) - followed;
        }
    }

    private void Scan(int head, int worker)
    {
        long offset = (long)head * blueprint.HeadLength;
        float* state = State + MatrixKernels.Pad(blueprint.Width) + (head * heads.FloatsPerHead);
        for (int token = 0; token < Panel.Tokens; token++)
        {
            StateStep step = new()
            {
                Decay = Panel.Rows(decay)[token] + offset,
                Key = Panel.Rows(key)[token] + offset,
                Query = Panel.Rows(receptance)[token] + offset,
                Probe = Panel.Rows(Removed)[token] + offset,
                Correction = Panel.Rows(Restored)[token] + offset,
                Value = Panel.Rows(value)[token] + offset,
                Output = Panel.Rows(output)[token] + offset,
            };
            heads.Advance(Recurrence, in step, state, Panel.ThreadScratch(worker));
        }
    }

    private void Finish(int token, int worker)
    {
        int length = blueprint.HeadLength;
        float* row = Panel.Rows(output)[token];
        for (int head = 0; blueprint.HeadNorm && head < blueprint.Heads; head++)
        {
            long offset = (long)head * length;
            Primitives.LayerNorm(row + offset, weights.HeadNormWeight + offset, row + offset, length, HeadNormEpsilon);
        }

        if (blueprint.HeadNorm)
            Primitives.Add(row, weights.HeadNormBias, blueprint.Width);

        float* keys = Panel.Rows(key)[token];
        float* queries = Panel.Rows(receptance)[token];
        float* values = Panel.Rows(value)[token];
        for (int head = 0; head < blueprint.Heads; head++)
        {
            long offset = (long)head * length;
            float bonus = 0;
            for (int k = 0; k < length; k++)
                bonus += keys[offset + k] * queries[offset + k] * weights.Bonus[offset + k];
            for (int v = 0; v < length; v++)
                row[offset + v] += bonus * values[offset + v];
        }

        if (weights.GateReduction is not null)
            Recurrence.Multiply(row, Panel.Rows(gate)[token], blueprint.Width);
    }
}
