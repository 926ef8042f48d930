using Harness.Formats.Gguf;

namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>What a mixture needs to know of a model besides its tensors.</summary>
/// <param name="Architecture">As GGUF names it.</param>
/// <param name="Layers">Blocks of the model, all kinds; as often as they are run through.</param>
/// <param name="Experts">Experts of a layer; 0 for none.</param>
/// <param name="Heads">Query heads of the first layer.</param>
/// <param name="KeyValueHeads">Key and value heads of the first layer.</param>
internal sealed record MixtureFacts(string Architecture, int Layers, int Experts, int Heads, int KeyValueHeads)
{
    /// <summary>Query heads that share a key and value head.</summary>
    public int HeadsPerGroup => KeyValueHeads == 0 ? 0 : Heads / KeyValueHeads;

    /// <summary>
    /// Whether llama.cpp takes the model for one of 70 billion parameters, whose value projections are eight times smaller
    /// than their query projections: by its layers.
    /// </summary>
    public bool Is70B => (Architecture, Layers) switch
    {
        ("llama", 80) => Experts != 8 && Heads != KeyValueHeads,
        ("deci" or "olmo" or "qwen2", 80) or ("jais2", 68) => true,
        _ => false,
    };

    /// <summary>Reads the facts.</summary>
    /// <param name="metadata">A model's.</param>
    public static MixtureFacts Of(GgufMetadata metadata)
    {
        string architecture = metadata.GetString("general.architecture");
        int layers = Number("block_count");
        int heads = First("attention.head_count", layers), groups = First("attention.head_count_kv", layers);
        bool own = metadata.Contains($"{architecture}.attention.head_count_kv");

        // Weights that are run through again count as layers again.
        int turns = architecture == "nanbeige" ? Math.Max(1, Number("num_loops")) : 1;
        return new MixtureFacts(architecture, layers * turns, Number("expert_count"), heads, own ? groups : heads);

        int Number(string key) => metadata.TryGetNumber($"{architecture}.{key}", out int value) ? value : 0;

        int First(string key, int count) =>
            count > 0 && metadata.TryGetPerLayer<int>($"{architecture}.{key}", count, out ReadOnlyMemory<int> values) ? values.Span[0] : Number(key);
    }
}
