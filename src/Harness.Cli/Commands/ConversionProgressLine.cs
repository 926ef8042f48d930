using Harness.Conversion;
using Harness.Formats.Forging;

namespace Harness.Cli.Commands;

/// <summary>One line on stderr that says how far a conversion is; only where stderr is a terminal.</summary>
internal sealed class ConversionProgressLine : IProgress<ConversionProgress>, IDisposable
{
    private readonly ForgeProgressLine line = ForgeProgressLine.ForTerminal()!;

    /// <summary>The line, or null where nobody would see it.</summary>
    public static ConversionProgressLine? ForTerminal() => Console.IsErrorRedirected ? null : new();

    /// <inheritdoc/>
    public void Report(ConversionProgress value) => line.Report(new ForgeProgress(value.Written, value.Total));

    /// <summary>Clears the line.</summary>
    public void Dispose() => line.Dispose();
}
