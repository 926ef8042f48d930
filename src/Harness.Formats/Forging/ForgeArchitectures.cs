using Harness.Formats.Forging.Recipes;

namespace Harness.Formats.Forging;

/// <summary>The architectures that can be forged: a line each, sorted by recipe file here and by name for whoever asks.</summary>
internal static class ForgeArchitectures
{
    public static IReadOnlyList<ForgeArchitecture> All { get; } = [.. ((ForgeArchitecture[])
    [
        ClassicExpertRecipes.Arctic(),
        ClassicExpertRecipes.Dbrx(),
        ClassicExpertRecipes.GptOss(),
        ClassicExpertRecipes.GraniteMoe(),
        ClassicExpertRecipes.Grok(),
        ClassicExpertRecipes.Llama4(),
        ClassicExpertRecipes.PhiMoe(),
        CodeRecipes.CodeShell(),
        CodeRecipes.Refact(),
        CohereRecipes.Cohere2(),
        CohereRecipes.CommandR(),
        DeepSeekRecipes.DeepSeek(),
        DeepSeekRecipes.DeepSeek2(),
        DeepSeekRecipes.DeepSeek2Ocr(),
        DeepSeekRecipes.MiniCpm3(),
        DeepSeekRecipes.Plm(),
        DeltaNetRecipes.Qwen35(),
        DiffusionRecipes.Dream(),
        DiffusionRecipes.Llada(),
        ExaoneRecipes.Exaone(),
        ExaoneRecipes.Exaone4(),
        GatedAttentionRecipes.GraniteSwa(),
        GatedAttentionRecipes.MuseGlimmer(),
        GatedAttentionRecipes.Spark25(),
        GemmaRecipes.Gemma(),
        GemmaRecipes.Gemma2(),
        GemmaRecipes.Gemma3(),
        GlmRecipes.ChatGlm(),
        GlmRecipes.Glm4(),
        GptRecipes.Bloom(),
        GptRecipes.Falcon(),
        GptRecipes.Gpt2(),
        GptRecipes.GptNeoX(),
        GptRecipes.Mpt(),
        GptRecipes.Nemotron(),
        GptRecipes.StableLm(),
        GptRecipes.StarCoder(),
        GptRecipes.StarCoder2(),
        JaisRecipes.Jais(),
        JaisRecipes.Jais2(),
        LlamaKinRecipes.Apertus(),
        LlamaKinRecipes.Arcee(),
        LlamaKinRecipes.BitNet(),
        LlamaKinRecipes.Deci(),
        LlamaKinRecipes.Maincoder(),
        LlamaKinRecipes.OpenElm(),
        LlamaKinRecipes.Orion(),
        LlamaKinRecipes.PanguEmbedded(),
        LlamaKinRecipes.Xverse(),
        LlamaRecipes.Baichuan(),
        LlamaRecipes.Ernie45(),
        LlamaRecipes.Granite(),
        LlamaRecipes.HunyuanDense(),
        LlamaRecipes.InternLm2(),
        LlamaRecipes.Llama(),
        LlamaRecipes.MiniCpm(),
        LlamaRecipes.Mistral3(),
        LlamaRecipes.SeedOss(),
        LlamaRecipes.SmolLm3(),
        LoopedRecipes.HrmText(),
        LoopedRecipes.Nanbeige(),
        OlmoRecipes.Olmo(),
        OlmoRecipes.Olmo2(),
        PhiRecipes.Phi2(),
        PhiRecipes.Phi3(),
        PlamoRecipes.Plamo(),
        PlamoRecipes.Plamo3(),
        QwenExpertRecipes.LladaMoe(),
        QwenExpertRecipes.Olmoe(),
        QwenExpertRecipes.Qwen2Moe(),
        QwenExpertRecipes.Qwen3Moe(),
        QwenExpertRecipes.Qwen3VlMoe(),
        QwenExpertRecipes.Rnd1(),
        QwenRecipes.Qwen(),
        QwenRecipes.Qwen2(),
        QwenRecipes.Qwen2Vl(),
        QwenRecipes.Qwen3(),
        QwenRecipes.Qwen3Tts(),
        QwenRecipes.Qwen3Vl(),
        RwkvRecipes.Arwkv7(),
        RwkvRecipes.Rwkv6(),
        RwkvRecipes.Rwkv6Qwen2(),
        RwkvRecipes.Rwkv7(),
        SharedExpertRecipes.Afmoe(),
        SharedExpertRecipes.BailingMoe(),
        SharedExpertRecipes.BailingMoe2(),
        SharedExpertRecipes.Dots1(),
        SharedExpertRecipes.Ernie45Moe(),
        SharedExpertRecipes.ExaoneMoe(),
        SharedExpertRecipes.Glm4Moe(),
        SharedExpertRecipes.HunyuanMoe(),
        SharedExpertRecipes.HyV3(),
        SharedExpertRecipes.MiniMaxM2(),
        SightedRecipes.CogVlm(),
        SightedRecipes.HunyuanVl(),
        SightedRecipes.PaddleOcr(),
        SpokenRecipes.PocketTts(),
        SpokenRecipes.Talkie(),
        StateSpaceRecipes.FalconH1(),
        StateSpaceRecipes.GraniteHybrid(),
        StateSpaceRecipes.Jamba(),
        StateSpaceRecipes.Lfm2(),
        StateSpaceRecipes.Mamba(),
        StateSpaceRecipes.Mamba2(),
        StateSpaceRecipes.NemotronH(),
        StateSpaceRecipes.Plamo2(),
        WindowedExpertRecipes.Cohere2Moe(),
        WindowedExpertRecipes.Laguna(),
        WindowedExpertRecipes.Maple(),
        WindowedExpertRecipes.Mellum(),
        WindowedExpertRecipes.Mimo2(),
        WindowedExpertRecipes.MiniMax01(),
        WindowedExpertRecipes.SmallThinker(),
        WindowedExpertRecipes.Step35(),
    ]).OrderBy(a => a.Name, StringComparer.Ordinal)];

    /// <summary>An architecture by its name.</summary>
    /// <exception cref="ForgeException">There is none of that name; says which there are.</exception>
    public static ForgeArchitecture Get(string name) =>
        All.FirstOrDefault(a => a.Name == name) ?? throw new ForgeException(
            $"the architecture '{name}' cannot be forged", "architecture", $"Known are: {string.Join(", ", All.Select(a => a.Name))}.");

    /// <summary>A probe of an architecture; null asks for the default.</summary>
    /// <exception cref="ForgeException">There is no such variant; says which there are.</exception>
    public static ForgeProbe GetProbe(ForgeArchitecture architecture, string? variant)
    {
        if (variant is null)
            return architecture.Probes[0];
        string known = string.Join(", ", architecture.Probes.Select(p => p.Variant));
        return architecture.Probes.FirstOrDefault(p => p.Variant == variant) ?? throw new ForgeException(
            $"'{architecture.Name}' has no variant '{variant}'", "variant", $"Known are: {known}.");
    }
}
