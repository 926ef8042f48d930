using System.Globalization;
using Harness.Receipts;
using Harness.Receipts.Store;

namespace Harness.Reporting;

/// <summary>Derives a <see cref="FitView"/> from receipts that hold both a prediction and a measurement.</summary>
/// <param name="receipts">The receipts shown.</param>
public sealed class FitBuilder(ReceiptSet receipts)
{
    /// <summary>A prediction is right within this share of what was measured, or within <see cref="AbsoluteTolerance"/>.</summary>
    public const double RelativeTolerance = 0.05;

    /// <summary>A prediction is right within so many bytes, or within <see cref="RelativeTolerance"/>.</summary>
    public const long AbsoluteTolerance = 64L << 20;

    private const double Mebibyte = 1 << 20;

    /// <summary>Builds the view.</summary>
    /// <param name="title">The page's title.</param>
    public FitView Build(string title)
    {
        // The newest of repetitions counts: a cell's coordinates and its context.
        Receipt[] all = [.. receipts.Receipts.Where(r => r.Kind == ReceiptKind.Fit)
            .GroupBy(r => (r.Cell, r.Subject.Options.ContextLength)).Select(g => g.MaxBy(r => r.Started)!)];
        Receipt[] measured = [.. all.Where(r => r is { Memory: not null, PredictedMemory: not null })
            .OrderBy(r => r.Model?.Parameters ?? 0).ThenBy(r => r.Cell.Model, StringComparer.Ordinal)
            .ThenBy(r => r.Model?.FileBytes ?? 0).ThenBy(r => r.Cell.Backend, StringComparer.Ordinal).ThenBy(r => r.Subject.Options.ContextLength)];
        return new FitView(
            title,
            all.Length == 0 ? "" : all.Max(r => r.Started).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            all.Length == 0 ? "" : MachineOf(all[^1].Machine),
            [.. all.GroupBy(r => r.Cell.Backend).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => BackendOf(g.Key, [.. g]))],
            [.. measured.Select(RowOf)],
            measured.Length,
            measured.Count(IsWithin));
    }

    /// <summary>Whether a prediction was right.</summary>
    /// <param name="receipt">A receipt with both numbers.</param>
    public static bool IsWithin(Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        long error = Math.Abs(ErrorOf(receipt));
        return error <= AbsoluteTolerance || error <= RelativeTolerance * receipt.Memory!.PeakResidentBytes;
    }

    private static long ErrorOf(Receipt receipt) => receipt.PredictedMemory!.Bytes - receipt.Memory!.PeakResidentBytes;

    private static FitBackend BackendOf(string backend, Receipt[] tried)
    {
        Receipt[] measured = [.. tried.Where(r => r is { Memory: not null, PredictedMemory: not null })];
        Receipt? worst = measured.MaxBy(r => Math.Abs(ErrorOf(r)));
        long[] magnitudes = [.. measured.Select(r => Math.Abs(ErrorOf(r))).Order()];
        string[] missing = [.. tried.Where(r => r.Memory is null || r.PredictedMemory is null)
            .Select(r => $"{r.Cell.Model} {r.Cell.Quant}: {r.FirstFailure()?.Message ?? "no peak"}").Distinct()];
        return new FitBackend(
            backend, measured.Length, measured.Count(IsWithin),
            magnitudes.Length == 0 ? "–" : Mebibytes(magnitudes[magnitudes.Length / 2]),
            worst is null ? "–" : $"{Error(worst)} ({worst.Cell.Model} {worst.Cell.Quant} at {worst.Subject.Options.ContextLength.ToString("N0", CultureInfo.InvariantCulture)})",
            missing.Length == 0 ? "–" : string.Join("; ", missing));
    }

    private static FitRow RowOf(Receipt receipt)
    {
        PredictedMemory predicted = receipt.PredictedMemory!;
        string Part(params ReadOnlySpan<string> names)
        {
            long bytes = 0;
            foreach (PredictedPart part in predicted.Parts)
            {
                if (names.Contains(part.Name)) bytes += part.Bytes;
            }

            return bytes == 0 ? "–" : Mebibytes(bytes);
        }

        return new FitRow(
            receipt.Cell.Model, receipt.Cell.Quant, receipt.Cell.Backend,
            receipt.Subject.Options.ContextLength.ToString("N0", CultureInfo.InvariantCulture),
            Part("weights", "repacked-weights"), Part("cache", "state"), Part("compute"),
            Mebibytes(predicted.Bytes), Mebibytes(receipt.Memory!.PeakResidentBytes), Error(receipt), IsWithin(receipt) ? "yes" : "no");
    }

    private static string Error(Receipt receipt)
    {
        long error = ErrorOf(receipt);
        return string.Create(CultureInfo.InvariantCulture, $"{error / Mebibyte:+0;-0;0} MiB, {100.0 * error / receipt.Memory!.PeakResidentBytes:+0.0;-0.0;0.0} %");
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / Mebibyte:N0}");

    private static string MachineOf(MachineFacts machine) => string.Create(
        CultureInfo.InvariantCulture, $"{machine.OperatingSystem}, {machine.Processor}, {machine.Cores} processors, {machine.MemoryBytes / Mebibyte:N0} MiB");
}
