using System.Collections.Immutable;
using System.Globalization;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Engine.Architectures;

/// <summary>
/// The metadata that decoder-only transformers share, with the defaults of the GGUF specification. An architecture
/// starts from what this reads and states where it differs.
/// </summary>
internal static class TransformerHeader
{
    // No real model comes near; what a file claims beyond it is damage, and products of such claims would overflow.
    private const int LargestWidth = 1 << 24;

    /// <summary>Reads the shared keys. Biases and fused projections are taken from the tensors there are.</summary>
    public static Blueprint Read(ModelHeader header, RotaryKind rotaryKind)
    {
        int layers = header.Count("block_count");
        if (layers > header.Tensors.Count)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{header.Prefixed("block_count")}' is {layers}, but the file has only {header.Tensors.Count} tensors."));
        }

        int embedding = header.Count("embedding_length");
        int[] heads = header.CountsPerLayer("attention.head_count", layers)
            ?? throw new ModelException($"The metadata lacks '{header.Prefixed("attention.head_count")}'.");
        int[] keyValueHeads = header.CountsPerLayer("attention.head_count_kv", layers) ?? heads;
        int[] feedForward = header.CountsPerLayer("feed_forward_length", layers)
            ?? throw new ModelException($"The metadata lacks '{header.Prefixed("feed_forward_length")}'.");
        int keyLength = header.Count("attention.key_length", Math.Max(1, embedding / heads[0]));
        int valueLength = header.Count("attention.value_length", Math.Max(1, embedding / heads[0]));
        RotaryBlueprint rotary = ReadRotary(header, rotaryKind, keyLength);

        var built = ImmutableArray.CreateBuilder<LayerBlueprint>(layers);
        for (int i = 0; i < layers; i++)
        {
            if (heads[i] % keyValueHeads[i] != 0)
            {
                throw new ModelException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Layer {i} has {heads[i]} query heads and {keyValueHeads[i]} key/value heads; the first must be a multiple of the second."));
            }

            if ((long)heads[i] * Math.Max(keyLength, valueLength) > LargestWidth || feedForward[i] > LargestWidth)
            {
                throw new ModelException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Layer {i} claims {heads[i]} heads of {keyLength} and a feed-forward of {feedForward[i]} values; the largest width is {LargestWidth}."));
            }

            string block = string.Create(CultureInfo.InvariantCulture, $"blk.{i}.");
            var attention = new AttentionBlueprint
            {
                HeadCount = heads[i],
                KeyValueHeadCount = keyValueHeads[i],
                KeyLength = keyLength,
                ValueLength = valueLength,
                FusedQkv = header.Has(block + "attn_qkv.weight"),
                QkvBias = header.Has(block + "attn_qkv.bias") || header.Has(block + "attn_q.bias")
                    || header.Has(block + "attn_k.bias") || header.Has(block + "attn_v.bias"),
                OutputBias = header.Has(block + "attn_output.bias"),
                Scale = 1 / MathF.Sqrt(keyLength),
                Rotary = rotary,
            };
            bool feedForwardBias = header.Has(block + "ffn_gate.bias") || header.Has(block + "ffn_up.bias")
                || header.Has(block + "ffn_down.bias");
            built.Add(new LayerBlueprint(
                attention, new FeedForwardBlueprint(FeedForwardKind.GatedSilu, feedForward[i], feedForwardBias)));
        }

        return new Blueprint
        {
            Architecture = header.Architecture,
            VocabularySize = ReadVocabularySize(header),
            EmbeddingLength = embedding,
            ContextLength = header.Count("context_length"),
            Norm = new NormBlueprint(NormKind.Rms, header.Single("attention.layer_norm_rms_epsilon")),
            Layers = built.MoveToImmutable(),
            TiedOutput = !header.Has("output.weight"),
        };
    }

    /// <summary>Refuses a mixture of experts.</summary>
    public static void RefuseExperts(ModelHeader header)
    {
        uint experts = header.Number("expert_count", 0u);
        if (experts > 0)
        {
            throw new UnsupportedModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The built-in engine does not run mixtures of experts for '{header.Architecture}' ({header.Prefixed("expert_count")} = {experts})."));
        }
    }

    private static RotaryBlueprint ReadRotary(ModelHeader header, RotaryKind kind, int keyLength)
    {
        int dimensions = header.Count("rope.dimension_count", keyLength);
        if (dimensions > keyLength || dimensions % 2 != 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{header.Prefixed("rope.dimension_count")}' is {dimensions}; it must be even and at most the key length, {keyLength}."));
        }

        float frequencyBase = header.Single("rope.freq_base", 10000);
        if (frequencyBase <= 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"'{header.Prefixed("rope.freq_base")}' is {frequencyBase}; it must be positive."));
        }

        // A factor of 0 stands for "none", and the older key is still found in files.
        string scaling = header.Word("rope.scaling.type", "linear");
        float factor = header.Single("rope.scaling.factor", header.Single("rope.scale_linear", 0));
        float linearScale = scaling switch
        {
            "none" => 1,
            "linear" => factor == 0 ? 1 : 1 / factor,
            _ => throw new UnsupportedModelException(
                $"The built-in engine does not compute the rope scaling '{scaling}' ({header.Prefixed("rope.scaling.type")}); it knows none, linear and frequency factors."),
        };

        return new RotaryBlueprint
        {
            Kind = kind,
            Dimensions = dimensions,
            Base = frequencyBase,
            LinearScale = linearScale,
            Magnitude = header.Single("rope.scaling.attn_factor", 1),
            FrequencyFactors = header.Has("rope_freqs.weight"),
        };
    }

    private static int ReadVocabularySize(ModelHeader header)
    {
        // Counted on the embedding matrix, so that a file without a tokenizer, or with an unknown one, runs.
        const string Name = "token_embd.weight";
        if (!header.Tensors.TryGetValue(Name, out GgufTensor? embedding))
            throw new ModelException($"The tensor '{Name}' is missing.");
        if (embedding.Shape.Length != 2 || embedding.Shape[1] > int.MaxValue)
            throw new ModelException($"The tensor '{Name}' has the shape [{string.Join(", ", embedding.Shape)}]; two dimensions are expected.");
        return (int)embedding.Shape[1];
    }
}
