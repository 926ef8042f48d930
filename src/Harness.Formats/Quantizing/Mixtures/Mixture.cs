using System.Collections.Immutable;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>A quantization as users name it: which type most matrices have, and which rules give others another one.</summary>
/// <param name="Name">The name on the command line: <c>Q4_K_M</c>.</param>
/// <param name="FileType">The number in <c>general.file_type</c> (llama.cpp's <c>llama_ftype</c>).</param>
/// <param name="Base">The type of most matrices.</param>
/// <param name="Pure">Whether all matrices have it, fall-backs for odd rows apart.</param>
internal sealed record Mixture(string Name, uint FileType, TensorType Base, bool Pure = false)
{
    /// <summary>
    /// All mixtures. <c>Q4_K</c>, <c>Q5_K</c>, <c>MXFP4</c> and <c>NVFP4</c> are the harness's own: pure, for
    /// trying one tensor type.
    /// </summary>
    public static ImmutableArray<Mixture> All { get; } =
    [
        new("F32", 0, TensorType.F32),
        new("F16", 1, TensorType.F16),
        new("BF16", 32, TensorType.BF16),
        new("Q4_0", 2, TensorType.Q4_0),
        new("Q8_0", 7, TensorType.Q8_0),
        new("Q4_K", 14, TensorType.Q4_K, Pure: true),
        new("Q4_K_M", 15, TensorType.Q4_K),
        new("Q5_K", 16, TensorType.Q5_K, Pure: true),
        new("Q5_K_M", 17, TensorType.Q5_K),
        new("Q6_K", 18, TensorType.Q6_K),
        new("MXFP4", 38, TensorType.MXFP4, Pure: true),
        new("MXFP4_MOE", 38, TensorType.MXFP4),
        new("Q4_1", 3, TensorType.Q4_1),
        new("Q5_0", 8, TensorType.Q5_0),
        new("Q5_1", 9, TensorType.Q5_1),
        new("Q2_K", 10, TensorType.Q2_K),
        new("Q2_K_S", 21, TensorType.Q2_K),
        new("Q3_K_S", 11, TensorType.Q3_K),
        new("Q3_K_M", 12, TensorType.Q3_K),
        new("Q3_K_L", 13, TensorType.Q3_K),
        new("Q4_K_S", 14, TensorType.Q4_K),
        new("Q5_K_S", 16, TensorType.Q5_K),
        new("IQ4_NL", 25, TensorType.IQ4_NL),
        new("IQ4_XS", 30, TensorType.IQ4_XS),
        new("TQ1_0", 36, TensorType.TQ1_0),
        new("TQ2_0", 37, TensorType.TQ2_0),
        new("NVFP4", 39, TensorType.NVFP4, Pure: true),
        new("Q1_0", 40, TensorType.Q1_0),
        new("Q2_0", 41, TensorType.Q2_0),
        new("IQ1_S", 24, TensorType.IQ1_S),
        new("IQ1_M", 31, TensorType.IQ1_M),
        new("IQ2_XXS", 19, TensorType.IQ2_XXS),
        new("IQ2_XS", 20, TensorType.IQ2_XS),
        new("IQ2_S", 28, TensorType.IQ2_XS),
        new("IQ2_M", 29, TensorType.IQ2_S),
        new("IQ3_XXS", 23, TensorType.IQ3_XXS),
        new("IQ3_XS", 22, TensorType.IQ3_S),
        new("IQ3_S", 26, TensorType.IQ3_S),
        new("IQ3_M", 27, TensorType.IQ3_S),
    ];

    /// <summary>Whether the most of its matrices can be encoded; the lattices of IQ1 to IQ3 can only be decoded.</summary>
    public bool CanBeEncoded => TensorFormats.TryGet(Base, out TensorFormat? format) && format.Encode is not null;

    /// <summary>Whether most matrices are blocks, not plain floats.</summary>
    public bool IsQuantized => Base is not (TensorType.F32 or TensorType.F16 or TensorType.BF16);

    /// <summary>A mixture by its name, whatever its case; null for none.</summary>
    public static Mixture? Find(string name) =>
        All.FirstOrDefault(mixture => string.Equals(mixture.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The types of a model's matrices.</summary>
    /// <param name="facts">What is known of the model.</param>
    /// <param name="tensors">All its tensors' names and shapes, row length first.</param>
    /// <param name="choices">What the user decided; null for nothing.</param>
    /// <returns>A type for each tensor that is quantized (<see cref="QuantizedTensors"/>), by name; none for the others.</returns>
    public IReadOnlyDictionary<string, TensorType> TypesOf(
        MixtureFacts facts, IEnumerable<(string Name, IReadOnlyList<long> Shape)> tensors, MixtureChoices? choices = null)
    {
        // The rules count tensors as they come: by layer, then by name.
        (string Name, IReadOnlyList<long> Shape)[] ordered =
            [.. tensors.OrderBy(t => TensorRoles.LayerOf(t.Name)).ThenBy(t => t.Name, StringComparer.Ordinal)];
        choices ??= MixtureChoices.None;
        var rules = new MixtureRules(this, facts, choices, [.. ordered.Select(t => TensorRoles.Of(t.Name))]);
        var types = new Dictionary<string, TensorType>(ordered.Length, StringComparer.Ordinal);
        foreach ((string name, IReadOnlyList<long> shape) in ordered)
        {
            if (QuantizedTensors.Contain(name, shape) && !(choices.KeepOutput && name == "output.weight"))
                types[name] = rules.Next(name, shape);
        }

        return types;
    }
}
