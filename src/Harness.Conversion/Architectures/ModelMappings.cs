using System.Globalization;
using Harness.Conversion.Mapping;
using Harness.Conversion.Source;

namespace Harness.Conversion.Architectures;

/// <summary>The architectures that can be converted, sorted by name: a line each.</summary>
internal static class ModelMappings
{
    public static IReadOnlyList<ModelMapping> All { get; } =
    [
        LlamaMappings.Arcee(),
        LlamaMappings.Baichuan(),
        GptMappings.Bloom(),
        OtherMappings.Cohere2(),
        OtherMappings.CommandR(),
        DeepSeekMappings.DeepSeek2(),
        LlamaMappings.Ernie(),
        OtherMappings.Exaone(),
        OtherMappings.Exaone4(),
        GptMappings.Falcon(),
        GemmaMappings.Gemma(),
        GemmaMappings.Gemma2(),
        GemmaMappings.Gemma3(),
        OtherMappings.Glm4(),
        GptMappings.Gpt2(),
        GptMappings.GptNeoX(),
        LlamaMappings.Granite(),
        LlamaMappings.GraniteMoe(),
        LlamaMappings.InternLm2(),
        LlamaMappings.Llama(),
        LlamaMappings.MiniCpm(),
        GptMappings.Mpt(),
        GptMappings.Nemotron(),
        OtherMappings.Olmo(),
        OtherMappings.Olmo2(),
        OtherMappings.OlmoE(),
        PhiMappings.Phi2(),
        PhiMappings.Phi3(),
        QwenMappings.Qwen2(),
        QwenMappings.Qwen2Moe(),
        QwenMappings.Qwen3(),
        QwenMappings.Qwen3Moe(),
        LlamaMappings.SeedOss(),
        LlamaMappings.SmolLm3(),
        GptMappings.StableLm(),
        GptMappings.StarCoder(),
        GptMappings.StarCoder2(),
    ];

    /// <summary>The entry for a configuration.</summary>
    /// <exception cref="ConversionException">Its class is not known; says which are.</exception>
    public static ModelMapping Get(ModelConfig config)
    {
        if (All.FirstOrDefault(m => config.Classes.Any(m.Classes.Contains)) is { } mapping)
            return mapping;
        string named = config.Classes.Count > 0 ? $"the architecture '{string.Join(", ", config.Classes)}'"
            : config.ModelType is { } type ? $"a model of type '{type}' without a field 'architectures'" : "a model without a field 'architectures'";
        throw new ConversionException(
            "read config.json", $"{named} cannot be converted", config.FilePath,
            $"'harness convert --list' shows the {All.Sum(m => m.Classes.Count).ToString(CultureInfo.InvariantCulture)} that can; llama.cpp's own script may know it, and the GGUF file it writes runs here.")
        { Unsupported = true };
    }
}
