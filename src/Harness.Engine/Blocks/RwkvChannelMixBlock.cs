using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes an <see cref="RwkvChannelMixBlueprint"/>. The state: the last input.</summary>
internal sealed unsafe class RwkvChannelMixBlock : RecurrentBlock
{
    private readonly RwkvChannelMixBlueprint blueprint;
    private readonly RwkvChannelMixWeights weights;
    private readonly RowsLayout keyInput;
    private readonly RowsLayout receptanceInput;
    private readonly RowsLayout inner;
    private readonly RowsLayout value;
    private readonly RowsLayout receptance;
    private readonly ParallelBody mix;
    private readonly ParallelBody activate;
    private readonly ParallelBody finish;

    public RwkvChannelMixBlock(RwkvChannelMixWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        keyInput = context.Rows(blueprint.Width);
        inner = context.Rows(blueprint.Length);
        if (blueprint.Receptance)
        {
            receptanceInput = context.Rows(blueprint.Width);
            receptance = context.Rows(blueprint.Width);
            value = context.Rows(blueprint.Width);
        }

        mix = Mix;
        activate = (token, _) => Primitives.Activate(Activation.ReluSquared, Panel.Rows(inner)[token], null, blueprint.Length);
        finish = Finish;
    }

    protected override void Run()
    {
        Pool.Run(Panel.Tokens, mix);
        KeepLastInput(blueprint.Width);
        Project(Matrices, weights.Key, Panel.Rows(keyInput), Panel.Rows(inner));
        if (weights.Receptance is { } projection)
            Project(Matrices, projection, Panel.Rows(receptanceInput), Panel.Rows(receptance));
        Matrices.Run();
        Pool.Run(Panel.Tokens, activate);
        if (!blueprint.Receptance)
        {
            ProjectToOutput(weights.Value, Panel.Rows(inner));
            return;
        }

        Project(Matrices, weights.Value, Panel.Rows(inner), Panel.Rows(value));
        Matrices.Run();
        Pool.Run(Panel.Tokens, finish);
    }

    private void Mix(int token, int worker)
    {
        Recurrence.Interpolate(Input[token], Before(token), weights.KeyMix, Panel.Rows(keyInput)[token], blueprint.Width);
        if (blueprint.Receptance)
            Recurrence.Interpolate(Input[token], Before(token), weights.ReceptanceMix, Panel.Rows(receptanceInput)[token], blueprint.Width);
    }

    private void Finish(int token, int worker)
    {
        float* values = Panel.Rows(value)[token];
        Recurrence.MultiplyBySigmoid(values, Panel.Rows(receptance)[token], blueprint.Width);
        if (Accumulate)
            Primitives.Add(Output[token], values, blueprint.Width);
        else
            Copy(values, Output[token], blueprint.Width);
    }
}
