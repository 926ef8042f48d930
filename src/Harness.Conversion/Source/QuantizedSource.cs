using System.Text.Json;

namespace Harness.Conversion.Source;

/// <summary>Weights that another engine's tool has quantized: 8-bit floats with scales are read, packed integers are not.</summary>
internal static class QuantizedSource
{
    /// <summary>Refuses what cannot be read.</summary>
    /// <exception cref="ConversionException">The weights are quantized in another way.</exception>
    public static void Check(ModelConfig config)
    {
        // MLX writes its own field, and a newer one with the same content under the usual name.
        if ((config.Find("quantization") ?? config.Find("quantization_config")) is { ValueKind: JsonValueKind.Object } packed
            && packed.TryGetProperty("group_size", out _) && packed.TryGetProperty("bits", out JsonElement bits) && Text(packed, "quant_method") is null)
        {
            throw new ConversionException(
                "read config.json", $"the weights are quantized by MLX ({bits.GetRawText()} bits), which cannot be read", config.FilePath,
                "Write it without quantization, as mlx_lm.convert and mlx_lm.fuse can, and convert that; quantize the GGUF file then.")
            { Unsupported = true };
        }

        if (config.Find("quantization_config") is not { ValueKind: JsonValueKind.Object } quantization)
            return;
        string method = Text(quantization, "quant_method") ?? "unknown", format = Text(quantization, "format") ?? "";
        bool floats = method is "fp8" or "fbgemm_fp8" || (method == "compressed-tensors" && format is "float-quantized" or "naive-quantized");
        if (floats)
            return;
        throw new ConversionException(
            "read config.json", $"the weights are quantized by '{method}'{(format.Length > 0 ? $" ({format})" : "")}, which cannot be read", config.FilePath,
            "Convert the model as it was before that, or one in FP8, BF16, F16 or F32.")
        { Unsupported = true };
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
