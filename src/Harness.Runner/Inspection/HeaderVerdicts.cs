using System.Globalization;
using Harness.Matrix;
using Harness.Workers.Builtin;

namespace Harness.Runner.Inspection;

/// <summary>
/// What backends would make of a model by its header alone. The built-in engine is asked itself; of other builds only what
/// probes showed is said: what no probe tried is <c>untested</c>.
/// </summary>
internal static class HeaderVerdicts
{
    private const string Yes = "yes";
    private const string No = "no";
    private const string Untested = "untested";
    private const string Doubtful = "doubtful";

    /// <summary>The built-in engine's verdict.</summary>
    public static HeaderVerdict OfBuiltin(BuiltinInspection inspection, InspectedTokenizer? tokenizer, IEnumerable<string> types)
    {
        bool missing = inspection is { KnowsArchitecture: false, Unsupported: not null };
        HeaderCheck[] checks =
        [
            missing ? new("architecture", "", No, inspection.Unsupported) : new("architecture", "", Yes, null),
            .. inspection.Unsupported is { } type && type.Contains("tensor type", StringComparison.Ordinal)
                ? [new HeaderCheck("tensor type", "", No, type)]
                : types.Select(t => new HeaderCheck("tensor type", t, Yes, null)),
            tokenizer?.Unsupported is { } pre ? new("tokenizer", tokenizer.Pre ?? tokenizer.Model, No, pre) : new("tokenizer", tokenizer?.Pre ?? tokenizer?.Model ?? "none", Yes, null),
            Tensors(inspection),
        ];
        return inspection switch
        {
            { Unsupported: { } lacking } => new HeaderVerdict(BackendId.Builtin.Engine, "unsupported", lacking) { Checks = checks },
            { Fault: { } fault } => new HeaderVerdict(BackendId.Builtin.Engine, "fails", fault) { Checks = checks },

            // It computes on token ids, but of no text can it make them.
            _ when tokenizer?.Unsupported is { } unknown => new HeaderVerdict(BackendId.Builtin.Engine, "unsupported", unknown) { Checks = checks },
            _ => new HeaderVerdict(BackendId.Builtin.Engine, "supported", null) { Checks = checks },
        };
    }

    /// <summary>A build's verdict by what its probes showed.</summary>
    /// <param name="known">What is known of the build.</param>
    /// <param name="inspection">The built-in engine's view: which tensors the architecture needs.</param>
    /// <param name="architecture">The architecture.</param>
    /// <param name="types">The tensor types.</param>
    /// <param name="tokenizer">The tokenizer, or null.</param>
    /// <param name="rows">Rows of the embedding, or null.</param>
    public static HeaderVerdict Of(
        BackendKnowledge known, BuiltinInspection inspection, string architecture, IReadOnlyList<string> types, InspectedTokenizer? tokenizer, long? rows)
    {
        var checks = new List<HeaderCheck> { Check("architecture", architecture, known.Architecture(architecture)) };
        checks.AddRange(types.Select(type => Check("tensor type", type, known.TensorType(type))));
        if (tokenizer is { Model: "gpt2" })
        {
            // A file without the key is split by the rule of that name, with a warning.
            string pre = tokenizer.Pre ?? "default";
            checks.Add(Check("pre-tokenizer", pre, known.PreTokenizer(pre)));
        }

        checks.Add(Tensors(inspection));
        if (rows is { } embedding && tokenizer is { Tokens: > 0 } && tokenizer.Tokens != embedding)
        {
            checks.Add(new("vocabulary", "", No, string.Create(
                CultureInfo.InvariantCulture, $"the vocabulary has {tokenizer.Tokens} tokens, the embedding {embedding} rows")));
        }

        HeaderCheck? no = checks.FirstOrDefault(c => c.Answer == No && c.Unknown) ?? checks.FirstOrDefault(c => c.Answer == No);
        string backend = known.Backend.ToString();
        if (no is not null)
            return new HeaderVerdict(backend, no.Unknown ? "unsupported" : "fails", no.Evidence) { Checks = checks };
        if (checks.FirstOrDefault(c => c.Answer == Doubtful) is { } doubt)
            return new HeaderVerdict(backend, Doubtful, doubt.Evidence) { Checks = checks };
        HeaderCheck[] untested = [.. checks.Where(c => c.Answer == Untested)];
        string? remark = checks.FirstOrDefault(c => c.Evidence is not null)?.Evidence;
        return untested.Length == 0
            ? new HeaderVerdict(backend, "supported", remark) { Checks = checks }
            : new HeaderVerdict(backend, Untested, "no probe tried " + string.Join(", ", untested.Select(c => c.Name.Length > 0 ? $"{c.What} {c.Name}" : c.What))) { Checks = checks };
    }

    private static HeaderCheck Check(string what, string name, KnownFact? fact) => fact switch
    {
        null => new(what, name, Untested, null),
        { IsUnknown: true } => new(what, name, No, $"{fact.Message} (receipt {fact.Receipt})") { Unknown = true },
        // What a probe lacks or has too much of, another file need not: no verdict, but worth knowing.
        { Loads: false } => new(what, name, Doubtful, $"it knows the {what}, but its probe {fact.Verdict}: {fact.Message} (receipt {fact.Receipt})"),
        { Verdict: "differs" } => new(what, name, Yes, $"its probe loads, but {fact.Message} (receipt {fact.Receipt})"),
        _ => new(what, name, Yes, null),
    };

    /// <summary>Whether the tensors are those of the architecture: the blueprint says which there must be.</summary>
    private static HeaderCheck Tensors(BuiltinInspection inspection) => inspection switch
    {
        { KnowsArchitecture: false } => new("tensors", "", inspection.Fault is null ? Untested : No, inspection.Fault),
        { TensorFaults: [var first, ..] } => new("tensors", "", No, first.Message),
        { Fault: { } fault } => new("tensors", "", No, fault),
        _ => new("tensors", "", Yes, null),
    };
}
