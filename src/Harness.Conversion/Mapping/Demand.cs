using System.Text.Json;
using Harness.Conversion.Source;

namespace Harness.Conversion.Mapping;

/// <summary>
/// A choice that GGUF leaves to the architecture's name and config.json states in a field. Engines would load a model that
/// chose otherwise, and compute something else: such a one is refused.
/// </summary>
/// <param name="Fields">The field's names; the first that is there counts.</param>
/// <param name="Values">What it may say, as JSON without quotation marks. A field that is absent says it too.</param>
internal sealed record Demand(IReadOnlyList<string> Fields, params IReadOnlyList<string> Values)
{
    /// <summary>The gate's activation of nearly all.</summary>
    public static Demand Silu { get; } = new(["hidden_act"], "silu", "swish");

    /// <summary>The GELU of Gemma and GPT-NeoX: engines have one, the form with a tangent, for all its names.</summary>
    public static Demand Gelu { get; } = new(["hidden_activation", "hidden_act"], "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh");

    /// <summary>Refuses a configuration that says something else.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="architecture">The architecture as GGUF names it.</param>
    /// <exception cref="ConversionException">It does.</exception>
    public void Check(ModelConfig config, string architecture)
    {
        foreach (string field in Fields)
        {
            if (config.Find(field) is not { } value)
                continue;
            string said = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Array when value.GetArrayLength() == 0 => "[]",
                _ => value.GetRawText(),
            };
            if (!Values.Contains(said))
                throw Contradiction(config, architecture, field, said, string.Join("' or '", Values));
            return;
        }
    }

    /// <summary>The error of a field that says otherwise than engines compute.</summary>
    public static ConversionException Contradiction(ModelConfig config, string architecture, string field, string said, string computed) => new(
        "read config.json", $"'{field}' is '{said}', but engines compute a model of GGUF's architecture '{architecture}' with '{computed}'", config.FilePath,
        "Converted, the model would load and give other answers than it was trained to; it is of a kind that GGUF cannot hold.")
    { Unsupported = true };
}
