using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>Turns pairs of values of query and key heads by angles that grow with the position.</summary>
internal sealed unsafe class RotaryEmbedding
{
    private readonly RotaryBlueprint blueprint;
    private readonly double[] frequencies;

    /// <param name="blueprint">The choices.</param>
    /// <param name="factors">One divisor a pair, or null.</param>
    public RotaryEmbedding(RotaryBlueprint blueprint, float* factors)
    {
        this.blueprint = blueprint;
        frequencies = new double[blueprint.Dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double frequency = Math.Pow(blueprint.Base, -2.0 * i / blueprint.Dimensions) * blueprint.LinearScale;
            frequencies[i] = factors is null ? frequency : frequency / factors[i];
        }
    }

    /// <summary>Floats of one position's table: a cosine and a sine for each pair.</summary>
    public int TableLength => 2 * frequencies.Length;

    /// <summary>Computes a position's cosines and, after them, sines. In float64: positions reach far.</summary>
    public void FillTable(int position, float* table)
    {
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(position * frequencies[i]);
            table[i] = (float)cos * blueprint.Magnitude;
            table[frequencies.Length + i] = (float)sin * blueprint.Magnitude;
        }
    }

    /// <summary>Rotates one head.</summary>
    public void Rotate(float* head, float* table)
    {
        int pairs = frequencies.Length;
        bool neighbours = blueprint.Kind == RotaryKind.Norm;
        int step = neighbours ? 2 : 1;
        float* first = head;
        float* second = head + (neighbours ? 1 : pairs);
        for (int i = 0; i < pairs; i++)
        {
            float cos = table[i];
            float sin = table[pairs + i];
            float a = *first;
            float b = *second;
            *first = (a * cos) - (b * sin);
            *second = (a * sin) + (b * cos);
            first += step;
            second += step;
        }
    }
}
