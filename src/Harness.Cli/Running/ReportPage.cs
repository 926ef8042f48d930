using Harness.Matrix;
using Harness.Receipts.Store;
using Harness.Reporting;

namespace Harness.Cli.Running;

/// <summary>Renders the page of a folder of receipts.</summary>
internal static class ReportPage
{
    /// <summary>The page's name.</summary>
    public const string FileName = "report.md";

    /// <summary>The name of the page of architectures.</summary>
    public const string ArchitecturesFileName = "architectures.md";

    /// <summary>The name of the page of tensor formats.</summary>
    public const string FormatsFileName = "formats.md";

    /// <summary>The name of the page of chat templates.</summary>
    public const string ChatFileName = "chat.md";

    /// <summary>The name of the page of memory.</summary>
    public const string FitFileName = "fit.md";

    /// <summary>Writes the page beside the receipts.</summary>
    /// <param name="store">The receipts.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="catalogue">The catalogue, for what people know and for the template beside it.</param>
    /// <returns>What it shows.</returns>
    public static ReportView Write(ReceiptStore store, string folder, Catalogue catalogue) =>
        Write(new ReceiptSet(store.Receipts, store.Comparisons, store.Runs, store.Logits), Path.Combine(folder, FileName), catalogue);

    /// <inheritdoc cref="Write(ReceiptStore, string, Catalogue)"/>
    /// <param name="set">The receipts.</param>
    /// <param name="path">The page.</param>
    /// <param name="catalogue">The catalogue, for what people know and for the template beside it.</param>
    public static ReportView Write(ReceiptSet set, string path, Catalogue catalogue)
    {
        ReportView view = new ReportBuilder(set, catalogue).Build("Model compatibility");
        Write(view, "report.md.hbs", path, catalogue);
        return view;
    }

    /// <summary>Writes the page of architectures.</summary>
    /// <param name="set">The receipts.</param>
    /// <param name="path">The page.</param>
    /// <param name="catalogue">The catalogue, for the template beside it.</param>
    /// <returns>What it shows.</returns>
    public static ArchitecturesView WriteArchitectures(ReceiptSet set, string path, Catalogue catalogue)
    {
        ArchitecturesView view = new ArchitecturesBuilder(set).Build("Architectures");
        Write(view, "architectures.md.hbs", path, catalogue);
        return view;
    }

    /// <summary>Writes the page of tensor formats.</summary>
    /// <param name="set">The receipts.</param>
    /// <param name="path">The page.</param>
    /// <param name="catalogue">The catalogue, for the template beside it.</param>
    /// <returns>What it shows.</returns>
    public static FormatsView WriteFormats(ReceiptSet set, string path, Catalogue catalogue)
    {
        FormatsView view = new FormatsBuilder(set).Build("Tensor formats");
        Write(view, "formats.md.hbs", path, catalogue);
        return view;
    }

    /// <summary>Writes the page of chat templates.</summary>
    /// <param name="set">The receipts.</param>
    /// <param name="path">The page.</param>
    /// <param name="catalogue">The catalogue, for the template beside it.</param>
    /// <returns>What it shows.</returns>
    public static ChatView WriteChat(ReceiptSet set, string path, Catalogue catalogue)
    {
        ChatView view = new ChatBuilder(set).Build("Chat templates");
        Write(view, "chat.md.hbs", path, catalogue);
        return view;
    }

    /// <summary>Writes the page of predicted and measured memory.</summary>
    /// <param name="set">The receipts.</param>
    /// <param name="path">The page.</param>
    /// <param name="catalogue">The catalogue, for the template beside it.</param>
    /// <returns>What it shows.</returns>
    public static FitView WriteFit(ReceiptSet set, string path, Catalogue catalogue)
    {
        FitView view = new FitBuilder(set).Build("Memory: predicted and measured");
        Write(view, "fit.md.hbs", path, catalogue);
        return view;
    }

    private static void Write(object view, string template, string path, Catalogue catalogue)
    {
        string page = new MarkdownReport(File.ReadAllText(CatalogueFiles.Template(catalogue.Directory, template))).Render(view);
        // Whole or not at all: somebody may be reading it.
        string partial = path + ".partial";
        File.WriteAllText(partial, page);
        File.Move(partial, path, overwrite: true);
    }
}
