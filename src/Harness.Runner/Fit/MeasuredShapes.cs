using Harness.Formats.Forging;

namespace Harness.Runner.Fit;

/// <summary>
/// Shapes of real models, up to 3 GB, that differ in what takes memory: how many heads share keys, windows, experts, latent
/// attention, recurrence, the vocabulary. From their published configurations.
/// </summary>
public static class MeasuredShapes
{
    /// <summary>The quantizations measured: one that llama.cpp repacks whole, one in part, one not at all.</summary>
    public static IReadOnlyList<string> Quants { get; } = ["Q4_0", "Q4_K_M", "Q8_0"];

    /// <summary>The contexts measured.</summary>
    public static IReadOnlyList<int> Contexts { get; } = [512, 4096, 16384];

    /// <summary>The shapes.</summary>
    public static IReadOnlyList<ForgeShape> All { get; } =
    [
        // Seven heads share a key; a large vocabulary, whose embedding is the output head too.
        Of("qwen2.5-0.5b", "qwen2", layers: 24, embedding: 896, heads: 14, keyValueHeads: 2, head: 64, feedForward: 4864, vocabulary: 151_936, tied: true),

        // Eight heads share a key; an output head of its own.
        Of("tinyllama-1.1b", "llama", 22, 2048, 32, 4, 64, 5632, 32_000, tied: false),

        // A window of 512 in five layers of six, one head of keys, the largest vocabulary.
        Of("gemma-3-1b", "gemma3", 26, 1152, 4, 1, 256, 6912, 262_144, tied: true) with { Window = 512 },

        // Every head has its keys.
        Of("deepseek-coder-1.3b", "llama", 24, 2048, 16, 16, 128, 5504, 32_256, tied: false),

        // 32 experts of which a token uses eight.
        Of("granite-3.0-1b-a400m", "granitemoe", 24, 1024, 16, 8, 64, 512, 49_155, tied: true) with
        {
            Experts = new ForgeExperts { Count = 32, Used = 8, Length = 512 },
        },

        // Gated convolutions, six layers of attention among them.
        Of("lfm2-1.2b", "lfm2", 16, 2048, 32, 8, 64, 8192, 65_536, tied: true) with { AttentionLayers = [2, 5, 8, 10, 12, 14] },

        // Nothing but recurrence: no keys at all.
        Of("mamba2-1.3b", "mamba2", 48, 2048, 1, 1, 64, 1, 50_288, tied: true) with { StateHeads = new ForgeStateHeads(64, 64, 1, 128) },

        // LayerNorm, fused query, key and value, every head its keys.
        Of("pythia-1.4b", "gptneox", 24, 2048, 16, 16, 128, 8192, 50_304, tied: false) with { Norm = ForgeNorm.Layer },

        // Heads normed and wider together than the residual stream.
        Of("qwen3-1.7b", "qwen3", 28, 2048, 16, 8, 128, 6144, 151_936, tied: true),

        // Latent attention.
        Of("plm-1.8b", "plm", 32, 2048, 16, 16, 192, 8192, 151_936, tied: true) with { Latent = new ForgeLatent(0, 512, 128, 64, 128) },

        // A window of 4096 in every other layer, soft caps.
        Of("gemma-2-2b", "gemma2", 26, 2304, 8, 4, 256, 9216, 256_000, tied: true) with { Window = 4096 },
    ];

    private static ForgeShape Of(
        string name, string architecture, int layers, int embedding, int heads, int keyValueHeads, int head, int feedForward, int vocabulary, bool tied) => new()
        {
            Name = name,
            Architecture = architecture,
            Layers = layers,
            Embedding = embedding,
            Heads = heads,
            KvHeads = keyValueHeads,
            HeadDimension = head,
            FeedForward = feedForward,
            Vocabulary = vocabulary,
            Context = 32_768,
            RopeBase = 10_000,
            NormEpsilon = 1e-5f,
            TiedOutput = tied,
            Tokenizer = ForgedTokenizers.For(architecture, vocabulary),
        };
}
