using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Reporting;

namespace Harness.Cli.Running;

/// <summary>Finds the receipts that a command line means.</summary>
internal static class ReceiptSearch
{
    private const string FileName = "receipts.jsonl";

    /// <summary>Finds receipts: by id or its beginning, those of a folder or file, or those of the newest run.</summary>
    /// <param name="asked">An id, its beginning, a folder, a file; null for the newest run.</param>
    /// <param name="within">Where an id is looked for, or null for all runs.</param>
    /// <returns>All receipts of the folder, those asked for, and the folder as a person would write it.</returns>
    /// <exception cref="CommandException">There is no such receipt, or there are several.</exception>
    public static (ReceiptSet Set, IReadOnlyList<Receipt> Asked, string From) Find(string? asked, string? within)
    {
        if (asked is null) return Whole(within is null ? NewestRun() : FolderOf(within) ?? throw NoReceipts(within));
        if (FolderOf(asked) is { } folder) return Whole(folder);
        if (asked.Length < 4 || asked.Any(c => !char.IsAsciiHexDigit(c)))
            throw new CommandException(ExitStatus.Usage, $"'{asked}' is no receipt and no folder of receipts", null, "Give at least 4 letters of a receipt's id, as reports and 'run --json' show it, or the folder of a run.");
        string[] folders = within is null ? [.. Runs()] : [FolderOf(within) ?? throw NoReceipts(within)];
        var found = new List<(ReceiptSet Set, Receipt Receipt, string Folder)>();
        foreach (string one in folders)
        {
            ReceiptSet set = ReceiptStore.Read(one);
            found.AddRange(set.Receipts.Where(r => r.Id.StartsWith(asked, StringComparison.OrdinalIgnoreCase)).Select(r => (set, r, one)));
        }

        return found.DistinctBy(f => f.Receipt.Id).ToArray() switch
        {
            [] => throw new CommandException(
                ExitStatus.Usage, $"no receipt's id begins with '{asked}'", within ?? $"{folders.Length} folders under {Short(CatalogueFiles.ReportsFolder())}",
                "Name the folder it is in, with --in DIR."),
            [var only] => (only.Set, [only.Receipt], Short(only.Folder)),
            [.. var several] => throw new CommandException(
                ExitStatus.Usage, $"the ids of {several.Length} receipts begin with '{asked}'", string.Join("; ", several.Take(4).Select(f => $"{f.Receipt.Id[..12]} {f.Receipt.Cell}")), "Give more of the id."),
        };
    }

    /// <summary>The folder of the newest run.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static string NewestRun()
    {
        string runs = Path.Combine(CatalogueFiles.ReportsFolder(), "runs");
        string? newest = Directory.Exists(runs) ? Directory.EnumerateDirectories(runs).Where(HasReceipts).MaxBy(d => File.GetLastWriteTimeUtc(Path.Combine(d, FileName))) : null;
        return newest ?? throw new CommandException(ExitStatus.Usage, "there is no run yet", runs, "Run 'harness run' first, or name a folder with receipts.");
    }

    /// <summary>The newest receipt of each cell, and conversions.</summary>
    private static (ReceiptSet Set, IReadOnlyList<Receipt> Asked, string From) Whole(string folder)
    {
        ReceiptSet set = ReceiptStore.Read(folder);
        Receipt[] conversions = [.. set.Receipts.Where(r => r.Kind == ReceiptKind.Convert).GroupBy(r => r.Cell).Select(g => g.Last())];
        return (set, [.. conversions, .. ReportBuilder.Newest(set.Receipts).Values], Short(folder));
    }

    private static IEnumerable<string> Runs()
    {
        string reports = CatalogueFiles.ReportsFolder();
        if (!Directory.Exists(reports)) return [];
        string runs = Path.Combine(reports, "runs");
        return Directory.EnumerateDirectories(reports).Concat(Directory.Exists(runs) ? Directory.EnumerateDirectories(runs) : []).Where(HasReceipts);
    }

    private static string? FolderOf(string path) => HasReceipts(path) ? path
        : File.Exists(path) && Path.GetFileName(path) == FileName ? Path.GetDirectoryName(Path.GetFullPath(path))
        : Directory.Exists(path) ? throw NoReceipts(path)
        : null;

    private static bool HasReceipts(string folder) => File.Exists(Path.Combine(folder, FileName));

    private static string Short(string folder) => Path.GetRelativePath(Environment.CurrentDirectory, folder);

    private static CommandException NoReceipts(string path) => new(
        ExitStatus.Usage, $"there is no {FileName} in it", path, "Name the folder of a run, as reports/runs/… or what --out named.");
}
