using Harness.Formats.Forging.Recipes;

namespace Harness.Formats.Forging;

/// <summary>The architectures that can be forged, sorted by name: a line each.</summary>
internal static class ForgeArchitectures
{
    public static IReadOnlyList<ForgeArchitecture> All { get; } =
    [
        LlamaKinRecipes.Apertus(),
        LlamaKinRecipes.Arcee(),
        LlamaKinRecipes.BitNet(),
        CodeRecipes.CodeShell(),
        SightedRecipes.CogVlm(),
        LlamaKinRecipes.Deci(),
        DiffusionRecipes.Dream(),
        GatedAttentionRecipes.GraniteSwa(),
        LoopedRecipes.HrmText(),
        SightedRecipes.HunyuanVl(),
        JaisRecipes.Jais(),
        JaisRecipes.Jais2(),
        DiffusionRecipes.Llada(),
        LlamaRecipes.Llama(),
        LlamaKinRecipes.Maincoder(),
        GatedAttentionRecipes.MuseGlimmer(),
        LoopedRecipes.Nanbeige(),
        LlamaKinRecipes.OpenElm(),
        LlamaKinRecipes.Orion(),
        SightedRecipes.PaddleOcr(),
        LlamaKinRecipes.PanguEmbedded(),
        PlamoRecipes.Plamo(),
        PlamoRecipes.Plamo3(),
        SpokenRecipes.PocketTts(),
        QwenRecipes.Qwen2(),
        QwenRecipes.Qwen3(),
        CodeRecipes.Refact(),
        GatedAttentionRecipes.Spark25(),
        SpokenRecipes.Talkie(),
        LlamaKinRecipes.Xverse(),
    ];

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
