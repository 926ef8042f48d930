using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Matrix;
using Harness.Receipts;

namespace Harness.Reporting;

/// <summary>The facts that stand in braces in a cause's texts, for one receipt.</summary>
/// <param name="receipt">The receipt.</param>
/// <param name="symptom">What went wrong.</param>
/// <param name="found">What the pattern's groups matched.</param>
/// <param name="knowledge">What builds know.</param>
/// <param name="receipts">Receipts beside it.</param>
internal sealed partial class CauseFacts(
    Receipt receipt, Symptom symptom, IReadOnlyDictionary<string, string> found,
    IReadOnlyList<BackendKnowledge> knowledge, IReadOnlyList<Receipt> receipts)
{
    private const string NotSaid = "not known";

    /// <summary>A fact's value, or null: there is no such fact.</summary>
    /// <param name="name">Its name.</param>
    public string? Value(string name) => found.TryGetValue(name, out string? value) ? value : name switch
    {
        "model" => receipt.Cell.Model,
        "quant" => receipt.Cell.Quant,
        "backend" => receipt.Cell.Backend,
        "hardware" => receipt.Cell.Hardware,
        "command" => receipt.Command,
        "architecture" => receipt.Model?.Architecture ?? NotSaid,
        "processor" => receipt.Machine.Processor,
        "memory" => Words.Size(receipt.Machine.MemoryBytes),
        "predicted" => Predicted(),
        "limit" => Size(LimitWords()) ?? NotSaid,
        "measured" => Size(MeasuredWords()) ?? (receipt.Memory is { } memory ? Words.Size(memory.PeakResidentBytes) : NotSaid),
        "lacks" => Lacks(),
        "builds-with-architecture" => BuildsWith(Value("architecture")!, k => k.Architectures, r => r.Model?.Architecture),
        "builds-with-type" => BuildsWith(TypeName(), k => k.TensorTypes, _ => null),
        "builds-with-pre" => BuildsWith(found.GetValueOrDefault("pre") ?? NotSaid, k => k.PreTokenizers, _ => null),
        _ => null,
    };

    /// <summary>"The first that loads it is …", from what was gathered and from the receipts beside.</summary>
    private string BuildsWith(string name, Func<BackendKnowledge, IReadOnlyList<KnownFact>> facts, Func<Receipt, string?> of)
    {
        BackendKnowledge[] tried = [.. knowledge.Where(k => facts(k).Any(f => f.Name == name))];
        BackendKnowledge[] loads = [.. tried.Where(k => facts(k).Any(f => f.Name == name && f.Loads))];
        string[] beside =
        [
            .. receipts.Where(r => r.Cell.Backend != receipt.Cell.Backend && of(r) == name
                    && r.Stages.Any(s => s is { Stage: Stage.Load, Outcome: Outcome.Ok }) && loads.All(k => k.Backend.ToString() != r.Cell.Backend))
                .Select(r => r.Cell.Backend).Distinct(),
        ];
        string here = beside.Length == 0 ? "" : $"; here it was loaded by {string.Join(", ", beside)}";
        if (loads.Length > 0)
        {
            KnownFact first = facts(loads[0]).First(f => f.Name == name);
            string more = loads.Length == 1 ? "" : $", and {string.Join(", ", loads.Skip(1).Select(k => k.Backend))} {(loads.Length == 2 ? "loads" : "load")} it too";
            return $"the first that loads {name} is {loads[0].Backend} (receipt {first.Receipt}){more}{here}";
        }

        return tried.Length > 0
            ? $"none loads {name} ({string.Join(", ", tried.Select(k => k.Backend))}){here}"
            : $"none was tried with {name}{here}";
    }

    private string TypeName()
    {
        // llama.cpp prints the number where it does not know the name; the header's types tell what it can be.
        if (found.GetValueOrDefault("type") is { } named && !int.TryParse(named, CultureInfo.InvariantCulture, out _)) return named;
        BackendKnowledge? own = knowledge.FirstOrDefault(k => k.Backend.ToString() == receipt.Cell.Backend);
        return receipt.Model?.TensorTypes.Select(t => t.Type).FirstOrDefault(t => own?.TensorType(t) is { Loads: false })
            ?? receipt.Model?.WeightType ?? NotSaid;
    }

    private string Predicted()
    {
        StageRecord? fit = receipt.Stages.FirstOrDefault(s => s.Stage == Stage.Fit);
        Match match = PredictedWords().Match(fit?.Reason ?? fit?.Failure?.Message ?? symptom.Message);
        return match.Success ? match.Groups[1].Value : NotSaid;
    }

    private string? Size(Regex words)
    {
        Match match = words.Match(symptom.Message);
        return match.Success ? match.Groups[1].Value : null;
    }

    /// <summary>What the build was compiled for and the processor has not.</summary>
    private string Lacks()
    {
        if (receipt.Backend?.InstructionSet is not { } compiled) return "which one is not known: the build died before it said what it was compiled for";
        if (receipt.Machine.InstructionSets is not { } has) return $"the build was compiled for {compiled}; what the processor has stands in no receipt";
        string wanted = compiled.Split(' ')[0];
        return has.Any(set => set == wanted || set == wanted + "F")
            ? $"the build was compiled for {compiled}, of which the processor has {wanted}: a later set of the same variant is missing (it has {string.Join(", ", has)})"
            : $"{wanted}: the build was compiled for {compiled}, the processor has {string.Join(", ", has)}";
    }

    [GeneratedRegex(@"estimated (?:to need )?([0-9.,]+ [kMG]i?B)", RegexOptions.CultureInvariant)]
    private static partial Regex PredictedWords();

    [GeneratedRegex(@"(?:limit of |, )([0-9.,]+ [kMG]i?B)(?: can be used|;|$)", RegexOptions.CultureInvariant)]
    private static partial Regex LimitWords();

    [GeneratedRegex(@"(?:resident memory of|peak when last seen was) ([0-9.,]+ [kMG]i?B)", RegexOptions.CultureInvariant)]
    private static partial Regex MeasuredWords();
}
