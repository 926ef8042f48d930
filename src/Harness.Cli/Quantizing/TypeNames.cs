using System.Globalization;
using Harness.Formats.Quantizing;
using Harness.Formats.Tensors;

namespace Harness.Cli.Quantizing;

/// <summary>Names of quantizations and tensor types on a command line, as users of llama.cpp write them.</summary>
internal static class TypeNames
{
    /// <summary>Families that llama.cpp names by their middle member.</summary>
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Q3_K"] = "Q3_K_M",
        ["Q4_K"] = "Q4_K_M",
        ["Q5_K"] = "Q5_K_M",
    };

    /// <summary>What can be written, aliases apart.</summary>
    public static IReadOnlyList<string> Quantizations { get; } = [.. ModelQuantizer.Quantizations.Where(q => !Aliases.ContainsKey(q))];

    /// <summary>The quantization meant by a word; an unknown word is given back for the quantizer to refuse.</summary>
    public static string Quantization(string word) => Aliases.GetValueOrDefault(word, word);

    // ggml's forms of activations are no types for files.
    private static IEnumerable<TensorFormat> Stored => TensorFormats.All.Where(
        f => TensorLayout.TryGet((uint)f.Type, out _) && f.Type is not (TensorType.Q8_1 or TensorType.Q8_K));

    /// <summary>A tensor type.</summary>
    /// <param name="word">The word.</param>
    /// <param name="where">The option.</param>
    public static TensorType Tensor(string word, string where)
    {
        TensorFormat? format = Stored.FirstOrDefault(f => string.Equals(f.Type.ToString(), word, StringComparison.OrdinalIgnoreCase));
        if (format?.Encode is not null) return format.Type;
        throw new CommandException(
            ExitStatus.Usage,
            format is null ? $"there is no tensor type '{word}'" : $"{format.Type} can be read but not written",
            where,
            $"Known are: {string.Join(", ", Stored.Where(f => f.Encode is not null).Select(f => f.Type))}.");
    }

    /// <summary>A pattern of names and its type, as <c>blk.0.*=Q8_0</c>.</summary>
    public static (string Pattern, TensorType Type) Pattern(string word)
    {
        int equals = word.LastIndexOf('=');
        if (equals > 0) return (word[..equals], Tensor(word[(equals + 1)..], string.Create(CultureInfo.InvariantCulture, $"--tensor {word}")));
        throw new CommandException(ExitStatus.Usage, $"'{word}' is no pattern and type", "--tensor", "Write it as 'blk.0.*=Q8_0'.");
    }
}
