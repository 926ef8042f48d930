using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Formats.Gguf;
using Harness.Workers.Builtin;

namespace Harness.Runner.Inspection;

/// <summary>
/// What is wrong with a file's tensors, in words: missing, misshapen, misnamed, fused, or extra. What is wrong in many
/// layers alike is one problem.
/// </summary>
internal static partial class TensorProblems
{
    // Parts that some converters store as one matrix and some readers expect apart.
    private static readonly (string Part, string Whole, string What)[] Fusions =
    [
        ("attn_q", "attn_qkv", "Query, key and value are"), ("attn_k", "attn_qkv", "Query, key and value are"), ("attn_v", "attn_qkv", "Query, key and value are"),
        ("ffn_gate", "ffn_gate_up", "Gate and up are"), ("ffn_up", "ffn_gate_up", "Gate and up are"),
        ("ffn_gate_exps", "ffn_gate_up_exps", "The experts' gate and up are"), ("ffn_up_exps", "ffn_gate_up_exps", "The experts' gate and up are"),
    ];

    public static IEnumerable<HeaderProblem> Find(BuiltinInspection inspection, IReadOnlyList<GgufTensor> tensors)
    {
        List<HeaderTensorFault> faults = [.. inspection.TensorFaults];
        HashSet<string> names = [.. tensors.Select(t => t.Name)];
        foreach (HeaderProblem problem in Fused(faults, names)) yield return problem;
        foreach (HeaderProblem problem in Misnamed(faults)) yield return problem;
        foreach (IGrouping<(string, string), HeaderTensorFault> alike in faults.GroupBy(f => (f.Kind, Layer().Replace(f.Name, "blk.*."))))
        {
            HeaderTensorFault first = alike.First();
            string more = alike.Count() == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" It is the same in {alike.Count() - 1} more {(alike.Count() == 2 ? "layer" : "layers")}.");
            yield return first.Kind switch
            {
                "missing" => new("missing-tensor", first.Message + more, "Fetch the file again, or convert it again from its source: a converter left the tensor out, or wrote it under another name."),
                "misshapen" => new("misshapen-tensor", first.Message + more, "The metadata and the weights are of two models, or the architecture's name is wrong: convert it again with the right config.json."),
                _ => new("extra-tensors", first.Message + more, "The model computes something that its architecture's name does not say; convert it again from its source."),
            };
        }

        if (inspection.Fault is { } fault && inspection.TensorFaults.All(f => f.Message != fault))
            yield return new("tensors", fault, "Fetch the file again, or convert it again from its source.");
    }

    private static IEnumerable<HeaderProblem> Fused(List<HeaderTensorFault> faults, HashSet<string> names)
    {
        foreach ((string part, string whole, string what) in Fusions)
        {
            HeaderTensorFault[] missing = [.. faults.Where(f => f.Kind == "missing" && f.Name.EndsWith($".{part}.weight", StringComparison.Ordinal)
                && names.Contains(f.Name.Replace($".{part}.", $".{whole}.", StringComparison.Ordinal)))];
            if (missing.Length == 0) continue;
            string fused = missing[0].Name.Replace($".{part}.", $".{whole}.", StringComparison.Ordinal);
            // All its parts, and the whole that nothing asks for, are this one problem.
            string[] parts = [.. Fusions.Where(f => f.Whole == whole).Select(f => f.Part)];
            int layers = faults.RemoveAll(f => parts.Append(whole).Any(p => f.Name.EndsWith($".{p}.weight", StringComparison.Ordinal) || f.Name.EndsWith($".{p}.bias", StringComparison.Ordinal)));
            yield return new(
                "fused-tensors",
                string.Create(CultureInfo.InvariantCulture, $"{what} fused here ({fused}), and the architecture keeps them apart: '{missing[0].Name}' is missing ({layers} tensors in all)."),
                "Convert the model again with a converter that splits them; a backend that expects them apart fails with just this name.");
        }
    }

    /// <summary>A missing tensor and one of its shape that nothing asks for, in the same layer: the name is wrong.</summary>
    private static List<HeaderProblem> Misnamed(List<HeaderTensorFault> faults)
    {
        var problems = new List<HeaderProblem>();
        foreach (HeaderTensorFault missing in faults.Where(f => f.Kind == "missing").ToArray())
        {
            HeaderTensorFault[] candidates = [.. faults.Where(f => f.Kind == "extra" && f.Found.SequenceEqual(missing.Expected) && LayerOf(f.Name) == LayerOf(missing.Name))];
            if (candidates.Length == 0) continue;
            HeaderTensorFault found = candidates.MaxBy(c => Common(c.Name, missing.Name))!;
            faults.Remove(missing);
            faults.Remove(found);
            problems.Add(new("misnamed-tensor", $"'{found.Name}' has no use and just the shape of '{missing.Name}', which is missing: it is misnamed.", "Convert the model again with a current converter, which writes the names that readers know."));
        }

        return problems;
    }

    private static string LayerOf(string name) => Layer().Match(name).Value;

    private static int Common(string a, string b)
    {
        int start = 0, end = 0, shortest = Math.Min(a.Length, b.Length);
        while (start < shortest && a[start] == b[start]) start++;
        while (end < shortest - start && a[^(end + 1)] == b[^(end + 1)]) end++;
        return start + end;
    }

    [GeneratedRegex(@"^blk\.\d+\.", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
