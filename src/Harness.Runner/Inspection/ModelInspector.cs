using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
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
    /// <param name="files">The names of its files.</param>
    /// <param name="headers">Their headers, in order; at least one.</param>
    /// <returns>What the headers say.</returns>
    public static InspectedModel Inspect(string model, IReadOnlyList<string> files, IReadOnlyList<GgufHeader> headers)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(headers);
        GgufMetadata metadata = headers[0].Metadata;
        GgufTensor[] tensors = [.. headers.SelectMany(h => h.Tensors)];
        string architecture = metadata.TryGetString("general.architecture", out string? named) ? named : string.Empty;
        long parameters = tensors.Sum(t => t.ElementCount);
        long bytes = tensors.Sum(t => t.ByteLength);
        BuiltinInspection inspection = BuiltinInspection.Of(headers);
        HeaderVerdict builtin = VerdictOf(inspection);
        InspectedTokenizer? tokenizer = TokenizerOf(metadata);
        InspectedTemplate? template = TemplateOf(metadata);
        long? context = metadata.TryGetNumber($"{architecture}.context_length", out long length) && length > 0 ? length : null;
        return new InspectedModel(
            model,
            [.. files.Zip(headers, (name, header) => new InspectedFile(name, header.FileLength, header.HeaderLength))],
            architecture,
            metadata.TryGetString("general.name", out string? name) ? name : null,
            parameters,
            parameters - IdleParameters(metadata, architecture, tensors),
            bytes,
            metadata.TryGetNumber("general.file_type", out uint type) ? FileTypes.NameOf(type) : null,
            [
                .. tensors.GroupBy(t => t.TypeName)
                    .Select(g => new TensorTypeTotal(g.Key, g.Count(), g.Sum(t => t.ElementCount), g.Sum(t => t.ByteLength)))
                    .OrderByDescending(t => t.Bytes).ThenBy(t => t.Type, StringComparer.Ordinal),
            ],
            inspection.Features,
            tokenizer,
            template,
            context,
            [.. MemoryOf(inspection, bytes)],
            [builtin],
            HeaderProblems.Find(metadata, tensors, tokenizer, template, builtin));
    }

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

    private static HeaderVerdict VerdictOf(BuiltinInspection inspection) => inspection switch
    {
        { Unsupported: { } lacking } => new HeaderVerdict("builtin", "unsupported", lacking),
        { Fault: { } fault } => new HeaderVerdict("builtin", "fails", fault),
        _ => new HeaderVerdict("builtin", "supported", null),
    };

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

    private static InspectedTemplate? TemplateOf(GgufMetadata metadata)
    {
        if (!metadata.TryGetString(ModelTemplate.Key, out string? text))
            return null;
        try
        {
            _ = ChatTemplate.Parse(text);
            return new InspectedTemplate(text.Length, null);
        }
        catch (TemplateException e)
        {
            return new InspectedTemplate(text.Length, e.Message);
        }
    }
}
