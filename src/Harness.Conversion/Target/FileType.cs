using Harness.Conversion.Mapping;
using Harness.Formats.Safetensors;
using Harness.Formats.Tensors;

namespace Harness.Conversion.Target;

/// <summary>What the matrices of the file are stored as.</summary>
/// <param name="Name">The name people use.</param>
/// <param name="Number">The number in <c>general.file_type</c>.</param>
/// <param name="Matrices">The type of matrices.</param>
internal sealed record FileType(string Name, uint Number, TensorType Matrices)
{
    public static IReadOnlyList<FileType> All { get; } =
    [
        new("F32", 0, TensorType.F32), new("F16", 1, TensorType.F16), new("BF16", 32, TensorType.BF16), new("Q8_0", 7, TensorType.Q8_0),
    ];

    // As in llama.cpp: small, and read value by value.
    private static readonly string[] AlwaysF32 =
        [".ffn_gate_inp.weight", ".ffn_gate_inp_shexp.weight", "position_embd.weight", "token_types.weight", ".ssm_conv1d.weight", ".shortconv.conv.weight"];

    /// <summary>A type by its name; <c>AUTO</c> is that of the model's first matrix, F32 for types that GGUF has not.</summary>
    /// <exception cref="ConversionException">There is none of that name.</exception>
    public static FileType Of(string name, SafetensorsModel model)
    {
        string wanted = name.ToUpperInvariant();
        if (wanted == "AUTO")
        {
            wanted = model.Tensors.FirstOrDefault(t => t.Shape.Length >= 2)?.Type.Name switch
            {
                "F16" => "F16",
                "BF16" or "F8_E4M3" or "F8_E5M2" => "BF16",
                _ => "F32",
            };
        }

        return All.FirstOrDefault(t => t.Name == wanted) ?? throw new ConversionException(
            "choose a type", $"a model cannot be converted to '{name}'", "type", $"Known are AUTO, {string.Join(", ", All.Select(t => t.Name))}.");
    }

    /// <summary>The type of a tensor: vectors, norms and routers are F32; rows that no block fits are F16.</summary>
    public TensorType For(MappedTensor tensor)
    {
        bool matrix = tensor.Values.Shape.Count > 1 && tensor.Name.EndsWith(".weight", StringComparison.Ordinal)
            && !tensor.Name.EndsWith("_norm.weight", StringComparison.Ordinal) && !Array.Exists(AlwaysF32, n => tensor.Name.EndsWith(n, StringComparison.Ordinal));
        if (!matrix)
            return TensorType.F32;
        TensorLayout.TryGet((uint)Matrices, out TensorLayoutInfo layout);
        return tensor.Values.Shape[^1] % layout.BlockLength == 0 ? Matrices : TensorType.F16;
    }
}
