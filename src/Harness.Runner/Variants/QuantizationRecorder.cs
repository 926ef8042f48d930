using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;

namespace Harness.Runner.Variants;

/// <summary>
/// Makes quantizing a check with a receipt of its own, as <see cref="ConversionRecorder"/> makes converting one: what became
/// of the weights, or why nothing did, apart from what backends make of the file.
/// </summary>
/// <param name="settings">The run.</param>
/// <param name="store">Where receipts go.</param>
internal sealed class QuantizationRecorder(RunnerSettings settings, ReceiptStore store)
{
    /// <summary>What stands in the place of a backend in the coordinates of a quantization.</summary>
    public const string Backend = "quantize";

    /// <summary>Writes the receipt of a variant that was quantized here, or could not be; others have none.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="prepared">What became of it.</param>
    /// <param name="started">When its preparation began.</param>
    public void Record(Variant variant, PreparedVariant prepared, DateTimeOffset started)
    {
        if (prepared.QuantizeCheck is not { } check)
            return;
        var cell = new Receipts.Cell(variant.Model.Id, variant.Quant, Backend, "cpu");
        var subject = new Subject
        {
            Files = prepared.Files,
            Backend = MadeFiles.Tool,
            Hardware = "cpu",
            PromptsDigest = "",
            Options = new Receipts.RunOptions(0, "", settings.ThreadsFor(null)),
        };
        if (settings.Resume && store.Receipts.Any(r => r.Cell == cell && r.Subject.Digest == subject.Digest && check.Outcome == Outcome.Ok))
            return;
        store.Append(settings.Redactor.Redact(new Receipt
        {
            Kind = ReceiptKind.Convert,
            Run = settings.RunId,
            Attempt = 1 + store.Receipts.Count(r => r.Cell == cell),
            Started = new DateTimeOffset(started.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero),
            Cell = cell,
            Subject = subject,
            Evidence = prepared.Evidence,
            Source = prepared.Source,
            Model = prepared.Model,
            Machine = settings.Machine,
            Stages = [],
            Checks = [check],
            Quantization = prepared.Quantization,
            Command = $"harness quantize {ParentOf(variant)} {variant.Model.Id}-{variant.Quant}.gguf {variant.Quant}",
        }));
    }

    /// <summary>What the command takes for the parent: the user's own directory, or a name of the catalogue.</summary>
    private static string ParentOf(Variant variant) => variant.Parent is { Origin: VariantOrigin.Converted } parent
        ? parent.Model.Reference ?? parent.Model.Id
        : $"{variant.Parent!.Model.Id}:{variant.Parent.Quant}";
}
