using System.Collections.Frozen;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Every architecture this engine runs: GGUF name → how its header becomes a blueprint.</summary>
public static class ArchitectureTable
{
    private static readonly FrozenDictionary<string, Func<ModelHeader, Blueprint>> Readers =
        new Dictionary<string, Func<ModelHeader, Blueprint>>
        {
            ["afmoe"] = WindowedExperts.ReadAfmoe,
            ["apertus"] = LlamaKin.Apertus,
            ["arcee"] = LlamaKin.Arcee,
            ["arctic"] = ClassicExperts.ReadArctic,
            ["arwkv7"] = Rwkv.Read7Qwen2,
            ["baichuan"] = Llama.ReadBaichuan,
            ["bailingmoe"] = SharedExperts.ReadBailing,
            ["bailingmoe2"] = SharedExperts.ReadBailing2,
            ["bailingmoe3"] = KimiLinear.ReadBailing3,
            ["bitnet"] = LlamaKin.BitNet,
            ["bloom"] = Gpt.ReadBloom,
            ["chatglm"] = Glm.ReadChat,
            ["codeshell"] = CodeModels.CodeShell,
            ["cogvlm"] = Sighted.CogVlm,
            ["cohere2"] = Cohere.Read2,
            ["cohere2moe"] = WindowedExperts.ReadCohere2,
            ["command-r"] = Cohere.ReadCommandR,
            ["dbrx"] = ClassicExperts.ReadDbrx,
            ["deci"] = LlamaKin.Deci,
            ["deepseek"] = DeepSeek.Read,
            ["deepseek2"] = DeepSeek.Read2,
            ["deepseek2-ocr"] = DeepSeek.ReadOcr,
            ["deepseek32"] = SparseLatent.ReadDeepSeek32,
            ["dots1"] = SharedExperts.ReadDots1,
            ["dots3note"] = SparseLatent.ReadDots3,
            ["dream"] = Diffusion.Dream,
            ["ernie4_5"] = Llama.ReadErnie45,
            ["ernie4_5-moe"] = SharedExperts.ReadErnie45,
            ["exaone"] = Llama.ReadHalves,
            ["exaone-moe"] = WindowedExperts.ReadExaone,
            ["exaone4"] = Exaone.Read4,
            ["falcon"] = Gpt.ReadFalcon,
            ["falcon-h1"] = FalconH1.Read,
            ["gemma"] = Gemma.Read1,
            ["gemma2"] = Gemma.Read2,
            ["gemma3"] = Gemma.Read3,
            ["gemma3n"] = Gemma.Read3n,
            ["gemma4"] = Gemma.Read4,
            ["glm-dsa"] = SparseLatent.ReadGlm,
            ["glm4"] = Glm.Read4,
            ["glm4moe"] = SharedExperts.ReadGlm4,
            ["gpt-oss"] = ClassicExperts.ReadGptOss,
            ["gpt2"] = Gpt.ReadLearned,
            ["gptneox"] = Gpt.ReadNeoX,
            ["granite"] = Llama.ReadGranite,
            ["granite_swa"] = GatedAttention.GraniteSwa,
            ["granitehybrid"] = GraniteHybrid.Read,
            ["granitemoe"] = Llama.ReadGraniteMoe,
            ["grok"] = ClassicExperts.ReadGrok,
            ["grovemoe"] = QwenMoe.ReadGrove,
            ["hrm_text"] = Looped.HrmText,
            ["hunyuan-dense"] = Sighted.HunyuanVl,
            ["hunyuan-moe"] = SharedExperts.ReadHunyuan,
            ["hunyuan_vl"] = Sighted.HunyuanVl,
            ["hy_v3"] = SharedExperts.ReadHunyuan3,
            ["hy_v4"] = SparseLatent.ReadHunyuan4,
            ["internlm2"] = Llama.ReadInternLm2,
            ["jais"] = Jais.First,
            ["jais2"] = Jais.Second,
            ["jamba"] = Jamba.Read,
            ["kimi-linear"] = KimiLinear.Read,
            ["laguna"] = WindowedExperts.ReadLaguna,
            ["lfm2"] = Lfm2.Read,
            ["lfm2moe"] = Lfm2.Read,
            ["llada"] = Diffusion.Llada,
            ["llada-moe"] = QwenMoe.ReadLlada,
            ["llama"] = Llama.Read,
            ["llama4"] = ClassicExperts.ReadLlama4,
            ["maincoder"] = LlamaKin.Maincoder,
            ["mamba"] = Mamba.Read,
            ["mamba2"] = Mamba.ReadMamba2,
            ["maple"] = WindowedExperts.ReadMaple,
            ["mellum"] = WindowedExperts.ReadMellum,
            ["mimo2"] = WindowedExperts.ReadMimo2,
            ["minicpm"] = Llama.ReadMiniCpm,
            ["minicpm3"] = LatentDense.ReadMiniCpm3,
            ["minimax-01"] = MiniMax.Read01,
            ["minimax-m2"] = SharedExperts.ReadMiniMax2,
            ["minimax-m3"] = WindowedExperts.ReadMiniMax3,
            ["mistral3"] = Llama.ReadMistral3,
            ["mistral4"] = DeepSeek.Read2,
            ["mpt"] = Gpt.ReadMpt,
            ["muse-glimmer"] = GatedAttention.MuseGlimmer,
            ["nanbeige"] = Looped.Nanbeige,
            ["nemotron"] = Gpt.ReadNemotron,
            ["nemotron_h"] = NemotronH.Read,
            ["nemotron_h_moe"] = NemotronH.Read,
            ["olmo"] = Olmo.Read1,
            ["olmo2"] = Olmo.Read2,
            ["olmoe"] = QwenMoe.ReadOlmoe,
            ["openelm"] = LlamaKin.OpenElm,
            ["orion"] = LlamaKin.WithRotaryHalves,
            ["paddleocr"] = Sighted.PaddleOcr,
            ["pangu-embedded"] = LlamaKin.WithRotaryHalves,
            ["phi2"] = Phi.Read2,
            ["phi3"] = Phi.Read3,
            ["phimoe"] = ClassicExperts.ReadPhi,
            ["plamo"] = Plamo.First,
            ["plamo2"] = Plamo2.Read,
            ["plamo3"] = Plamo.Third,
            ["plm"] = LatentDense.ReadPlm,
            ["pockettts"] = Spoken.PocketTts,
            ["qwen"] = Qwen.Read1,
            ["qwen2"] = Qwen.Read2,
            ["qwen2moe"] = QwenMoe.ReadQwen2,
            ["qwen2vl"] = Qwen.Read2Vl,
            ["qwen3"] = Qwen.Read3,
            ["qwen35"] = Qwen3Next.Read35,
            ["qwen35moe"] = Qwen3Next.Read35,
            ["qwen3moe"] = QwenMoe.ReadQwen3,
            ["qwen3next"] = Qwen3Next.Read,
            ["qwen3tts"] = Qwen.Read3Vl,
            ["qwen3vl"] = Qwen.Read3Vl,
            ["qwen3vlmoe"] = QwenMoe.ReadQwen3Vl,
            ["refact"] = CodeModels.Refact,
            ["rnd1"] = QwenMoe.ReadRnd1,
            ["rwkv6"] = Rwkv.Read6,
            ["rwkv6qwen2"] = Rwkv.Read6Qwen2,
            ["rwkv7"] = Rwkv.Read7,
            ["seed_oss"] = Llama.ReadSeedOss,
            ["smallthinker"] = WindowedExperts.ReadSmallThinker,
            ["smollm3"] = Llama.ReadSmolLm3,
            ["spark2_5"] = GatedAttention.Spark25,
            ["stablelm"] = Gpt.ReadStableLm,
            ["starcoder"] = Gpt.ReadLearned,
            ["starcoder2"] = Gpt.ReadStarCoder2,
            ["step35"] = WindowedExperts.ReadStep35,
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
