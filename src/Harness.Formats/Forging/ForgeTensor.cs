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

    /// <summary>As <see cref="Absolute"/>, after the channels that tell a token's class.</summary>
    TokenClasses,

    /// <summary>A router that reads the tokens' classes.</summary>
    Router,

    /// <summary>Biases of experts while they are chosen.</summary>
    SelectionBias,
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

    /// <summary>The experts that the tensor takes part in choosing.</summary>
    public ForgeExperts? Experts { get; init; }

    /// <summary>
    /// The first so many outputs are zero, of the matrix of each expert too, or the first values of a bias: channels that
    /// tell a token's class stay as the embedding has them.
    /// </summary>
    public int QuietOutputs { get; init; }

    /// <summary>The bounds of <see cref="ForgeValues.Between"/>, in units of 1/4096.</summary>
    private (long Low, long High) Bounds { get; init; }

    /// <summary>A tensor in F32 of values between two bounds, which are rounded to 1/4096.</summary>
    public static ForgeTensor Between(string name, ImmutableArray<long> shape, double low, double high) =>
        new(name, shape, ForgeValues.Between) { Bounds = ((long)Math.Round(low * 4096), (long)Math.Round(high * 4096)) };

    /// <summary>A tensor in F32 with one value throughout, rounded to 1/4096.</summary>
    public static ForgeTensor Constant(string name, ImmutableArray<long> shape, double value) => Between(name, shape, value, value);

    /// <summary>Its type in a quantization; what only F32 can hold, and what is not quantized, is F32.</summary>
    /// <param name="types">The quantization's types, by name.</param>
    public uint TypeIn(IReadOnlyDictionary<string, TensorType> types)
    {
        if (Type is TensorType type)
            return (uint)type;
        if (!types.TryGetValue(Name, out TensorType chosen))
            return (uint)TensorType.F32;
        return Values switch
        {
            ForgeValues.TokenClasses => (uint)TokenClasses.EmbeddingType(chosen),
            ForgeValues.Weights or ForgeValues.Absolute => (uint)chosen,
            _ => (uint)TensorType.F32,
        };
    }

    /// <summary>How its rows are made once its type is known.</summary>
    public RowForge Rows(uint type) => Values switch
    {
        ForgeValues.Norm => FloatRows.Norm(),
        ForgeValues.RotaryFactors => FloatRows.RotaryFactors(),
        ForgeValues.Between => FloatRows.Between(Bounds.Low, Bounds.High),
        ForgeValues.TokenClasses => TokenClasses.Embedding(Experts!, type, Spread.Absolute(GainEighths)),
        ForgeValues.SelectionBias => TokenClasses.SelectionBias(),
        ForgeValues.Absolute => ForgedRows.Of(type, Spread.Absolute(GainEighths)),
        _ => ForgedRows.Of(type, Spread.OfInputs(GainEighths, Shape[0])),
    };

    /// <summary>Changes a row that was made where its number matters.</summary>
    /// <param name="row">The row's number, over all dimensions beyond the first.</param>
    /// <param name="bytes">The row.</param>
    public void Finish(long row, Span<byte> bytes)
    {
        if (Values is ForgeValues.Router)
            TokenClasses.FinishRouter(Experts!, (int)row, bytes);
        else if (QuietOutputs > 0 && Name.EndsWith(".bias", StringComparison.Ordinal))
            bytes[..(QuietOutputs * sizeof(float))].Clear();
        else if (QuietOutputs > 0 && Shape.Length > 1 && row % Shape[1] < QuietOutputs)
            bytes.Clear();
    }
}
