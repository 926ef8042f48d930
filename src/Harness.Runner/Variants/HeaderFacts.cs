using Harness.Formats.Gguf;
using Harness.Receipts;
using Harness.Receipts.Verdicts;
using Harness.Workers.Builtin;

namespace Harness.Runner.Variants;

/// <summary>What the headers of a model's files say, put into the words of receipts.</summary>
internal static class HeaderFacts
{
    /// <summary>The metadata key by which forged and trained files name their origin.</summary>
    public const string OriginKey = "harness.origin";

    public static ModelFacts Read(IReadOnlyList<GgufHeader> headers, BuiltinInspection builtin, ChatTemplateFacts? chatTemplate = null)
    {
        GgufMetadata metadata = headers[0].Metadata;
        GgufTensor[] tensors = [.. headers.SelectMany(h => h.Tensors)];
        string architecture = metadata.TryGetString("general.architecture", out string? name) ? name : "";
        return new ModelFacts(
            architecture,
            metadata.TryGetString("general.name", out string? title) ? title : null,
            tensors.Sum(t => t.ElementCount),
            headers.Sum(h => h.FileLength),
            [.. tensors.GroupBy(t => t.TypeName).Select(g => new TensorTypeCount(g.Key, g.Count()))],
            WeightType(tensors),
            metadata.TryGetNumber($"{architecture}.context_length", out long context) ? context : null,
            metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? tokens) ? tokens.Count : null,
            Tokenizer(metadata),
            [.. builtin.Features.Select(f => new Feature(f.Key, f.Value))],
            chatTemplate);
    }

    /// <summary>The coarsest type among the tensors of two or more dimensions.</summary>
    public static string WeightType(IEnumerable<GgufTensor> tensors) =>
        Tolerance.Coarsest(tensors.Where(t => t.Shape.Length >= 2 && t.Shape[1] > 1).Select(t => t.TypeName).Distinct());

    /// <summary>What stands behind a file, by its own word.</summary>
    public static Evidence EvidenceOf(GgufMetadata metadata) =>
        metadata.TryGetString(OriginKey, out string? origin) && origin == "forged" ? Evidence.Probe : Evidence.Trained;

    private static string? Tokenizer(GgufMetadata metadata)
    {
        if (!metadata.TryGetString("tokenizer.ggml.model", out string? model)) return null;
        return metadata.TryGetString("tokenizer.ggml.pre", out string? pre) ? $"{model}, {pre}" : model;
    }
}
