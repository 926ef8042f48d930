using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>Turns pairs of values of query and key heads by angles that grow with the position.</summary>
internal sealed unsafe class RotaryEmbedding
{
    private readonly RotaryBlueprint blueprint;
    private readonly Panel panel;
    private readonly RowsLayout table;
    private readonly double[] frequencies;

    /// <param name="blueprint">The choices.</param>
    /// <param name="factors">One divisor a pair, or null.</param>
    /// <param name="panel">The tokens.</param>
    /// <param name="table">Rows for cosines and sines, <see cref="RotaryBlueprint.Dimensions"/> wide.</param>
    public RotaryEmbedding(RotaryBlueprint blueprint, float* factors, Panel panel, RowsLayout table)
    {
        this.blueprint = blueprint;
        this.panel = panel;
        this.table = table;
        frequencies = new double[blueprint.Dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double unscaled = Math.Pow(blueprint.Base, -2.0 * i / blueprint.Dimensions) / (factors is null ? 1 : factors[i]);
            double share = blueprint.Yarn is { } yarn ? UnscaledShare(yarn, i) : 0;
            frequencies[i] = IsExtraSection(i) ? 0 : (unscaled * blueprint.LinearScale * (1 - share)) + (unscaled * share);
        }
    }

    /// <summary>Computes the cosines and, after them, the sines of a token's position. In float64: positions reach far.</summary>
    public void FillTable(int token)
    {
        float* row = panel.Rows(table)[token];
        int position = panel.Start + token;
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(position * frequencies[i]);
            row[i] = (float)cos * blueprint.Magnitude;
            row[frequencies.Length + i] = (float)sin * blueprint.Magnitude;
        }
    }

    /// <summary>Rotates one head of a token of the panel.</summary>
    public void Rotate(float* head, int token)
    {
        float* row = panel.Rows(table)[token];
        int pairs = frequencies.Length;
        bool neighbours = blueprint.Kind == RotaryKind.Norm;
        int step = neighbours ? 2 : 1;
        float* first = head;
        float* second = head + (neighbours ? 1 : pairs);
        for (int i = 0; i < pairs; i++)
        {
            float cos = row[i];
            float sin = row[pairs + i];
            float a = *first;
            float b = *second;
            *first = (a * cos) - (b * sin);
            *second = (a * sin) + (b * cos);
            first += step;
            second += step;
        }
    }

    /// <summary>
    /// YaRN's ramp between the pair that turns <see cref="YarnScaling.BetaFast"/> times in the original context and the one
    /// that turns <see cref="YarnScaling.BetaSlow"/> times.
    /// </summary>
    private double UnscaledShare(YarnScaling yarn, int pair)
    {
        double low = Math.Max(0, Math.Floor(PairOfTurns(yarn.BetaFast)));
        double high = Math.Min(blueprint.Dimensions - 1, Math.Ceiling(PairOfTurns(yarn.BetaSlow)));
        double ramp = (pair - low) / Math.Max(0.001, high - low);
        return (1 - Math.Clamp(ramp, 0, 1)) * yarn.ExtensionFactor;
    }

    private double PairOfTurns(double turns) =>
        blueprint.Dimensions * Math.Log(blueprint.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(blueprint.Base));

    private bool IsExtraSection(int pair)
    {
        if (blueprint.Sections.Length < 4)
            return false;
        int all = blueprint.Sections.Sum();
        if (all == 0)
            return false;
        int place = pair % all;
        return blueprint.InterleavedSections ? place >= 3 * blueprint.Sections[place % 3] : place >= all - blueprint.Sections[3];
    }
}
