using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="FeedForwardBlueprint"/>.</summary>
internal sealed unsafe class FeedForwardBlock : Block
{
    private readonly FeedForwardBlueprint blueprint;
    private readonly FeedForwardWeights weights;
    private readonly RowsLayout gate;
    private readonly RowsLayout up;
    private readonly RowsLayout tokenGate;
    private readonly ParallelBody activate;

    public FeedForwardBlock(FeedForwardWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        gate = blueprint.Gate == FeedForwardGate.Split ? context.Rows(blueprint.Length) : default;
        up = context.Rows(blueprint.Gate == FeedForwardGate.FirstHalfOfUp ? 2 * blueprint.Length : blueprint.Length);
        if (weights.TokenGate is not null)
            tokenGate = context.Rows(1);
        activate = Activate;
    }

    protected override void Run()
    {
        PanelRows inner = Panel.Rows(up);
        if (weights.Gate is { } projection)
        {
            inner = Panel.Rows(gate);
            Project(Matrices, projection, Input, inner);
        }

        Project(Matrices, weights.Up, Input, Panel.Rows(up));
        if (weights.TokenGate is { } vector)
            Project(Matrices, vector, Input, Panel.Rows(tokenGate));
        Matrices.Run();
        Pool.Run(Panel.Tokens, activate);
        ProjectToOutput(weights.Down, inner);
    }

    private void Activate(int token, int worker)
    {
        float* upper = Panel.Rows(up)[token];
        float* result = weights.Gate is null ? upper : Panel.Rows(gate)[token];
        float* factor = blueprint.Gate switch
        {
            FeedForwardGate.Split => upper,
            FeedForwardGate.FirstHalfOfUp => upper + blueprint.Length,
            _ => null,
        };
        if (blueprint.SparsityDeviations is { } deviations)
            Sparsify(result, deviations);
        if (blueprint.Xielu is { } xielu)
        {
            for (int i = 0; i < blueprint.Length; i++)
                result[i] = xielu.Of(result[i]) * (factor is null ? 1 : factor[i]);
        }
        else if (blueprint.Bounds is { } bounds)
        {
            bounds.Activate(Primitives, blueprint.Activation, result, factor, blueprint.Length);
        }
        else
        {
            Primitives.Activate(blueprint.Activation, result, factor, blueprint.Length);
        }

        if (weights.Divisors is not null)
        {
            for (int i = 0; i < blueprint.Length; i++)
                result[i] /= weights.Divisors[i];
        }

        weights.SubNorm?.Apply(Primitives, result, result);

        // The down projection is linear and, of experts, without a bias: what it reads can be weighted as well.
        if (weights.TokenGate is not null)
        {
            float share = 1 / (1 + MathF.Exp(-*Panel.Rows(tokenGate)[token]));
            for (int i = 0; i < blueprint.Length; i++)
                result[i] *= share;
        }
    }

    private void Sparsify(float* values, float deviations)
    {
        double sum = 0, squares = 0;
        for (int i = 0; i < blueprint.Length; i++)
            sum += values[i];
        float mean = (float)(sum / blueprint.Length);
        for (int i = 0; i < blueprint.Length; i++)
            squares += ((double)values[i] - mean) * (values[i] - mean);
        float cutoff = mean + (deviations * (float)Math.Sqrt(squares / (blueprint.Length - 1)));
        for (int i = 0; i < blueprint.Length; i++)
            values[i] = Math.Max(0, values[i] - cutoff);
    }
}
