using System.Diagnostics;
using Harness.Conversion;
using Harness.Formats.Safetensors;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;

namespace Harness.Runner.Variants;

/// <summary>
/// Makes the conversion of a model directory a check with a receipt of its own: a model that cannot be converted has its
/// row, with the exact diagnosis, apart from what backends make of it.
/// </summary>
/// <param name="made">Converts, or finds what was converted before.</param>
/// <param name="settings">The run.</param>
/// <param name="store">Where receipts go.</param>
internal sealed class ConversionRecorder(MadeFiles made, RunnerSettings settings, ReceiptStore store)
{
    /// <summary>What stands in the place of a backend in the coordinates of a conversion.</summary>
    public const string Backend = "convert";

    private readonly HashSet<string> recorded = [];

    /// <summary>Converts the directory a variant comes from, once a run, and writes the receipt; other variants have nothing to convert.</summary>
    /// <param name="variant">A variant, converted or quantized from a converted one.</param>
    /// <param name="cancellation">Ends the work; nothing is written then.</param>
    public async Task RecordAsync(Variant variant, CancellationToken cancellation)
    {
        Variant source = variant;
        while (source is { Origin: VariantOrigin.Quantized, Parent: { } parent })
            source = parent;
        if (source is not { Origin: VariantOrigin.Converted, LocalFile: { } directory } || !recorded.Add(source.Id))
            return;
        DateTimeOffset started = DateTimeOffset.UtcNow;
        long start = Stopwatch.GetTimestamp();
        CheckRecord check;
        IReadOnlyList<FileDigest> files = [];
        ModelFacts? facts = null;
        try
        {
            files = await MadeFiles.DigestsAsync(directory, cancellation).ConfigureAwait(false);
            string path = await made.ConvertedAsync(directory, source.Quant, null, cancellation).ConfigureAwait(false);
            facts = VariantPreparer.FactsOf(path);
            check = new CheckRecord(Check.Convert, Outcome.Ok, Elapsed(start), $"{facts.Architecture}, {facts.TensorTypes.Sum(t => t.Tensors)} tensors");
        }
        catch (Exception e) when (e is ConversionException or SafetensorsException or IOException or UnauthorizedAccessException)
        {
            check = new CheckRecord(Check.Convert, Outcome.Failed, Elapsed(start), Failure: FailureOf(e));
        }

        var cell = new Receipts.Cell(source.Model.Id, source.Quant, Backend, "cpu");
        store.Append(settings.Redactor.Redact(new Receipt
        {
            Kind = ReceiptKind.Convert,
            Run = settings.RunId,
            Attempt = 1 + store.Receipts.Count(r => r.Cell == cell),
            Started = new DateTimeOffset(started.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero),
            Cell = cell,
            Subject = new Subject
            {
                Files = files,
                Backend = MadeFiles.Converter,
                Hardware = "cpu",
                PromptsDigest = "",
                Options = new Receipts.RunOptions(0, "", settings.ThreadsFor(null)),
            },
            Evidence = Evidence.None,
            Source = new SourceFacts(Origin.Local, Parent: Path.GetFileName(directory), Tool: MadeFiles.Converter),
            Model = facts,
            Machine = settings.Machine,
            Stages = [],
            Checks = [check],
            Command = $"harness convert {source.Model.Reference ?? directory} {source.Model.Id}.gguf --type {source.Quant}",
        }));
    }

    /// <summary>A failed conversion as receipts write it: what, where, at which step, and what to do.</summary>
    /// <param name="exception">What went wrong.</param>
    public static FailureRecord FailureOf(Exception exception) => exception switch
    {
        ConversionException e => new FailureRecord(e.Unsupported ? FailureKind.Unsupported : FailureKind.Error, $"{e.Step}: {e.What} ({e.Where}). {e.Remedy}"),
        SafetensorsException e => new FailureRecord(FailureKind.Error, $"read tensors: {e.What} ({e.Where}). {e.Remedy}"),
        _ => new FailureRecord(FailureKind.Blocked, exception.Message),
    };

    private static double Elapsed(long start) => Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3);
}
