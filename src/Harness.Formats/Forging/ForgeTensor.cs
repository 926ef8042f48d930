using System.Collections.Immutable;
using Harness.Formats.Tensors;

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

    /// <summary>Even between two bounds.</summary>
    Between,
}

/// <summary>A tensor of a recipe.</summary>
/// <param name="Name">Its GGUF name.</param>
/// <param name="Shape">Row length first.</param>
/// <param name="Values">What values it gets.</param>
/// <param name="GainEighths">How widely they spread, in eighths; see <see cref="ForgeValues"/>.</param>
internal sealed record ForgeTensor(string Name, ImmutableArray<long> Shape, ForgeValues Values, int GainEighths = 8)
{
    /// <summary>The type it has whatever the quantization; null for the quantization's choice.</summary>
    public TensorType? Type { get; init; }

    /// <summary>The bounds of <see cref="ForgeValues.Between"/>, in units of 1/4096.</summary>
    private (long Low, long High) Bounds { get; init; }

    /// <summary>A tensor in F32 of values between two bounds, which are rounded to 1/4096.</summary>
    public static ForgeTensor Between(string name, ImmutableArray<long> shape, double low, double high) =>
        new(name, shape, ForgeValues.Between) { Bounds = ((long)Math.Round(low * 4096), (long)Math.Round(high * 4096)) };

    /// <summary>A tensor in F32 with one value throughout, rounded to 1/4096.</summary>
    public static ForgeTensor Constant(string name, ImmutableArray<long> shape, double value) => Between(name, shape, value, value);

    /// <summary>Its type in a quantization; what only F32 can hold is F32.</summary>
    public uint TypeIn(QuantizationMix mix, int layers, bool tied)
    {
        if (Type is TensorType type)
            return (uint)type;
        return Values is ForgeValues.Weights or ForgeValues.Absolute ? mix.TypeOf(Name, Shape, layers, tied) : (uint)TensorType.F32;
    }

    /// <summary>How its rows are made once its type is known.</summary>
    public RowForge Rows(uint type) => Values switch
    {
        ForgeValues.Norm => FloatRows.Norm(),
        ForgeValues.RotaryFactors => FloatRows.RotaryFactors(),
        ForgeValues.Between => FloatRows.Between(Bounds.Low, Bounds.High),
        ForgeValues.Absolute => ForgedRows.Of(type, Spread.Absolute(GainEighths)),
        _ => ForgedRows.Of(type, Spread.OfInputs(GainEighths, Shape[0])),
    };
}
