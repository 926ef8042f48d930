using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Formats.Safetensors;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Runner.Variants;
using Harness.Text;
using Harness.Text.Templates;
using Harness.Workers.Builtin;

namespace Harness.Runner.Inspection;

/// <summary>Makes of the headers of a model's files what a person wants to know of it.</summary>
public static class ModelInspector
{
    // What people ask for, besides all that the model was trained for.
    private static readonly int[] Contexts = [4096, 32768, 131072];

    /// <summary>Inspects a model.</summary>
    /// <param name="model">The model, as the command line names it.</param>
    /// <param name="read">The headers of its files.</param>
    /// <param name="knowledge">What builds know.</param>
    /// <returns>What the headers say.</returns>
    public static InspectedModel Inspect(string model, ModelHeaders read, IReadOnlyList<BackendKnowledge> knowledge)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(knowledge);
        return read.Gguf.Count == 0 ? Unconvertible(model, read) : Describe(model, read, knowledge);
    }

    private static InspectedModel Describe(string model, ModelHeaders read, IReadOnlyList<BackendKnowledge> knowledge)
    {
        IReadOnlyList<GgufHeader> headers = read.Gguf;
        GgufMetadata metadata = headers[0].Metadata;
        GgufTensor[] tensors = [.. headers.SelectMany(h => h.Tensors)];
        string architecture = metadata.TryGetString("general.architecture", out string? named) ? named : string.Empty;
        TensorTypeTotal[] types = TotalsOf(tensors.Select(t => (t.TypeName, t.ElementCount, t.ByteLength)));
        TensorTypeTotal[] stored = read.Safetensors is { } source ? TotalsOf(source.Select(t => (t.Type.Name, t.ElementCount, t.ByteLength))) : types;
        long parameters = tensors.Sum(t => t.ElementCount);
        long bytes = stored.Sum(t => t.Bytes);
        BuiltinInspection inspection = BuiltinInspection.Of(headers);
        InspectedTokenizer? tokenizer = TokenizerOf(metadata);
        (ChatTemplateFacts? facts, _) = ChatTemplateReader.Read(metadata);
        InspectedTemplate? template = facts is null ? null : new InspectedTemplate(
            metadata.GetString(ModelTemplate.Key).Length, facts.Fault, facts.System, facts.Tools, facts.ThinkingSwitch, facts.EndOfTurn, facts.Bos);
        long? context = metadata.TryGetNumber($"{architecture}.context_length", out long length) && length > 0 ? length : null;
        string[] names = [.. types.Select(t => t.Type)];
        long? rows = tensors.FirstOrDefault(t => t.Name == "token_embd.weight") is { Shape.Length: >= 2 } embedding ? embedding.Shape[1] : null;
        return new InspectedModel(
            model,
            read.Files,
            read.Safetensors is null ? "GGUF" : "safetensors",
            architecture,
            metadata.TryGetString("general.name", out string? name) ? name : null,
            parameters,
            parameters - IdleParameters(metadata, architecture, tensors),
            bytes,
            read.Safetensors is null && metadata.TryGetNumber("general.file_type", out uint type) ? FileTypes.NameOf(type) : null,
            stored,
            inspection.Features,
            tokenizer,
            template,
            context,
            [.. MemoryOf(inspection, bytes)],
            [
                HeaderVerdicts.OfBuiltin(inspection, tokenizer, names),
                .. knowledge.Select(known => HeaderVerdicts.Of(known, inspection, architecture, names, tokenizer, rows)),
            ],
            HeaderProblems.Find(metadata, tensors, tokenizer, template, inspection));
    }

    /// <summary>A model in safetensors of which no backend is known to make anything.</summary>
    private static InspectedModel Unconvertible(string model, ModelHeaders read)
    {
        IReadOnlyList<SafetensorsTensor> tensors = read.Safetensors ?? [];
        TensorTypeTotal[] types = TotalsOf(tensors.Select(t => (t.Type.Name, t.ElementCount, t.ByteLength)));
        long parameters = tensors.Sum(t => t.ElementCount);
        return new InspectedModel(
            model, read.Files, "safetensors", string.Empty, null, parameters, parameters, types.Sum(t => t.Bytes), null, types, [], null, null, null, [],
            [new HeaderVerdict(BackendId.Builtin.Engine, "unsupported", read.NotConvertible)],
            [new HeaderProblem("not-convertible", read.NotConvertible!, "Every backend here runs GGUF: mend what is said, or fetch a GGUF file of the model.")]);
    }

    private static TensorTypeTotal[] TotalsOf(IEnumerable<(string Type, long Parameters, long Bytes)> tensors) =>
    [
        .. tensors.GroupBy(t => t.Type)
            .Select(g => new TensorTypeTotal(g.Key, g.Count(), g.Sum(t => t.Parameters), g.Sum(t => t.Bytes)))
            .OrderByDescending(t => t.Bytes).ThenBy(t => t.Type, StringComparer.Ordinal),
    ];

    /// <summary>Values of experts that are not used for a token.</summary>
    private static long IdleParameters(GgufMetadata metadata, string architecture, GgufTensor[] tensors)
    {
        if (!metadata.TryGetNumber($"{architecture}.expert_count", out long experts)
            || !metadata.TryGetNumber($"{architecture}.expert_used_count", out long used) || experts <= 0 || used < 0 || used > experts)
        {
            return 0;
        }

        long inExperts = tensors
            .Where(t => t.Name.Contains("_exps.", StringComparison.Ordinal) && t.Shape[^1] == experts)
            .Sum(t => t.ElementCount);
        return inExperts / experts * (experts - used);
    }

    private static IEnumerable<MemoryAtContext> MemoryOf(BuiltinInspection inspection, long weights) => inspection.ContextLength is not { } longest
        ? []
        : Contexts.Where(c => c < longest).Append(longest).Select(c => new MemoryAtContext(c, weights, inspection.StateBytes(c)!.Value));

    private static InspectedTokenizer? TokenizerOf(GgufMetadata metadata)
    {
        if (!metadata.TryGetString("tokenizer.ggml.model", out string? model))
            return null;
        string? pre = metadata.TryGetString("tokenizer.ggml.pre", out string? named) ? named : null;
        GgufStringArray? tokens = metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? all) ? all : null;
        const string Prefix = "tokenizer.ggml.";
        const string Suffix = "_token_id";
        var special = new List<SpecialToken>();
        foreach ((string key, GgufValue value) in metadata)
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal) || !key.EndsWith(Suffix, StringComparison.Ordinal) || !value.TryAsNumber(out long id))
                continue;
            string? text = tokens is not null && id >= 0 && id < tokens.Count ? System.Text.Encoding.UTF8.GetString(tokens[(int)id]) : null;
            special.Add(new SpecialToken(key[Prefix.Length..^Suffix.Length], id, text));
        }

        try
        {
            var tokenizer = Tokenizer.Create(TokenizerData.FromGguf(metadata));
            return new InspectedTokenizer(
                model, pre, tokens?.Count ?? 0, special, [.. tokenizer.EndOfGenerationIds.Order()], tokenizer.AddsBos, null);
        }
        catch (Exception e) when (e is TokenizerException or GgufException)
        {
            return new InspectedTokenizer(model, pre, tokens?.Count ?? 0, special, [], null, e.Message);
        }
    }
}
