using System.Collections.Immutable;

namespace Harness.Formats.Forging;

/// <summary>What values a forged tensor gets.</summary>
internal enum ForgeValues
{
    /// <summary>Even around zero; the gain is divided by the root of the row length.</summary>
    Weights,

    /// <summary>Even around zero with the gain itself as deviation: biases, embeddings that are not the output too.</summary>
    Absolute,

    /// <summary>Around one.</summary>
    Norm,

    /// <summary>Divisors of rotary frequencies.</summary>
    RotaryFactors,
}

/// <summary>A tensor of a recipe.</summary>
/// <param name="Name">Its GGUF name.</param>
/// <param name="Shape">Row length first.</param>
/// <param name="Values">What values it gets.</param>
/// <param name="GainEighths">How widely they spread, in eighths; see <see cref="ForgeValues"/>.</param>
internal sealed record ForgeTensor(string Name, ImmutableArray<long> Shape, ForgeValues Values, int GainEighths = 8)
{
    /// <summary>How its rows are made once its type is known.</summary>
    public RowForge Rows(uint type) => Values switch
    {
        ForgeValues.Norm => FloatRows.Norm(),
        ForgeValues.RotaryFactors => FloatRows.RotaryFactors(),
        ForgeValues.Absolute => ForgedRows.Of(type, Spread.Absolute(GainEighths)),
        _ => ForgedRows.Of(type, Spread.OfInputs(GainEighths, Shape[0])),
    };
}
