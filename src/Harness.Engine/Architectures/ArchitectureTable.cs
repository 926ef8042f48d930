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
            ["arwkv7"] = Rwkv.Read7Qwen2,
            ["bitnet"] = LlamaKin.BitNet,
            ["codeshell"] = CodeModels.CodeShell,
            ["cogvlm"] = Sighted.CogVlm,
            ["deci"] = LlamaKin.Deci,
            ["dream"] = Diffusion.Dream,
            ["falcon-h1"] = FalconH1.Read,
            ["granite_swa"] = GatedAttention.GraniteSwa,
            ["granitehybrid"] = GraniteHybrid.Read,
            ["hrm_text"] = Looped.HrmText,
            ["hunyuan_vl"] = Sighted.HunyuanVl,
            ["jais"] = Jais.First,
            ["jais2"] = Jais.Second,
            ["jamba"] = Jamba.Read,
            ["lfm2"] = Lfm2.Read,
            ["llada"] = Diffusion.Llada,
            ["llama"] = Llama.Read,
            ["maincoder"] = LlamaKin.Maincoder,
            ["mamba"] = Mamba.Read,
            ["mamba2"] = Mamba.ReadMamba2,
            ["muse-glimmer"] = GatedAttention.MuseGlimmer,
            ["nanbeige"] = Looped.Nanbeige,
            ["nemotron_h"] = NemotronH.Read,
            ["openelm"] = LlamaKin.OpenElm,
            ["orion"] = LlamaKin.WithRotaryHalves,
            ["paddleocr"] = Sighted.PaddleOcr,
            ["pangu-embedded"] = LlamaKin.WithRotaryHalves,
            ["plamo"] = Plamo.First,
            ["plamo2"] = Plamo2.Read,
            ["plamo3"] = Plamo.Third,
            ["pockettts"] = Spoken.PocketTts,
            ["qwen2"] = Qwen2.Read,
            ["qwen35"] = Qwen3Next.Read35,
            ["refact"] = CodeModels.Refact,
            ["rwkv6"] = Rwkv.Read6,
            ["rwkv6qwen2"] = Rwkv.Read6Qwen2,
            ["rwkv7"] = Rwkv.Read7,
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
