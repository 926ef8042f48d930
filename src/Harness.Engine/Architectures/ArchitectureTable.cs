using System.Collections.Frozen;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Every architecture this engine runs: GGUF name → how its header becomes a blueprint.</summary>
public static class ArchitectureTable
{
    private static readonly FrozenDictionary<string, Func<ModelHeader, Blueprint>> Readers =
        new Dictionary<string, Func<ModelHeader, Blueprint>>
        {
            ["apertus"] = LlamaKin.Apertus,
            ["arcee"] = LlamaKin.Arcee,
            ["bitnet"] = LlamaKin.BitNet,
            ["codeshell"] = CodeModels.CodeShell,
            ["cogvlm"] = Sighted.CogVlm,
            ["deci"] = LlamaKin.Deci,
            ["dream"] = Diffusion.Dream,
            ["granite_swa"] = GatedAttention.GraniteSwa,
            ["hrm_text"] = Looped.HrmText,
            ["hunyuan_vl"] = Sighted.HunyuanVl,
            ["jais"] = Jais.First,
            ["jais2"] = Jais.Second,
            ["llada"] = Diffusion.Llada,
            ["llama"] = Llama.Read,
            ["maincoder"] = LlamaKin.Maincoder,
            ["muse-glimmer"] = GatedAttention.MuseGlimmer,
            ["nanbeige"] = Looped.Nanbeige,
            ["openelm"] = LlamaKin.OpenElm,
            ["orion"] = LlamaKin.WithRotaryHalves,
            ["paddleocr"] = Sighted.PaddleOcr,
            ["pangu-embedded"] = LlamaKin.WithRotaryHalves,
            ["plamo"] = Plamo.First,
            ["plamo3"] = Plamo.Third,
            ["pockettts"] = Spoken.PocketTts,
            ["qwen2"] = Qwen2.Read,
            ["refact"] = CodeModels.Refact,
            ["spark2_5"] = GatedAttention.Spark25,
            ["talkie"] = Spoken.Talkie,
            ["xverse"] = LlamaKin.Xverse,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Readers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Reads a model's blueprint from its header.</summary>
    /// <param name="header">The header.</param>
    /// <returns>The blueprint.</returns>
    /// <exception cref="UnsupportedModelException">The architecture, or a feature of the model, is not in this engine.</exception>
    /// <exception cref="ModelException">The header contradicts itself.</exception>
    /// <exception cref="Formats.Gguf.GgufException">A needed key is missing or of the wrong type.</exception>
    public static Blueprint Read(ModelHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        if (!Readers.TryGetValue(header.Architecture, out Func<ModelHeader, Blueprint>? read))
        {
            throw new UnsupportedModelException(
                $"The built-in engine does not know the architecture '{header.Architecture}'; it knows {string.Join(", ", Names)}.");
        }

        return read(header);
    }
}
