using System.CommandLine;
using System.Runtime.CompilerServices;
using Harness.Cli.Commands;
using Harness.Hub;
using Harness.Runner;
using Harness.Workers.Backends;

namespace Harness.Cli.OneModel;

/// <summary>MODEL on a command line, with <c>--quant</c>: the same everywhere.</summary>
internal sealed class ModelArgument
{
    private readonly Argument<string> _model;
    private readonly Option<string?> _quant = new("--quant")
    {
        Description = "The quantization of a name of the catalogue or of a hub repository.",
        HelpName = "Q",
    };

    /// <summary>Creates the argument.</summary>
    /// <param name="remark">What this command says besides, as a sentence; or empty.</param>
    public ModelArgument(string remark = "") => _model = new Argument<string>("MODEL")
    {
        Description = $"A GGUF file, a model directory, hf:owner/repo[/file][@revision], or a name of the catalogue, as nano or nano:Q8_0.{(remark.Length > 0 ? " " + remark : "")}",
    };

    /// <summary>Adds argument and option to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_model);
        command.Options.Add(_quant);
    }

    /// <summary>What was written.</summary>
    public string Text(ParseResult parsed) => parsed.GetRequiredValue(_model);

    /// <summary>What <c>--quant</c> says, or null.</summary>
    public string? Quant(ParseResult parsed) => parsed.GetValue(_quant);

    /// <summary>The model's file, fetched or made when it is not there.</summary>
    /// <returns>Its full path; of a sharded model, the first shard's.</returns>
    public Task<string> FindAsync(ParseResult parsed, CancellationToken cancellation) => FindAsync(Text(parsed), parsed.GetValue(_quant), cancellation);

    /// <summary>The file of a model by its name, fetched or made when it is not there.</summary>
    /// <param name="model">A path, a reference to the hub, or a name of the catalogue.</param>
    /// <param name="quant">The quantization, or null.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <returns>Its full path; of a sharded model, the first shard's.</returns>
    public static Task<string> FindAsync(string model, string? quant, CancellationToken cancellation)
    {
        // The usual case, a path, costs nothing: neither the hub nor the catalogue, nor the libraries they need.
        return ModelLocator.FindFile(model, quant) is { } path ? Task.FromResult(path) : LookUpAsync(model, quant, cancellation);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<string> LookUpAsync(string model, string? quant, CancellationToken cancellation)
    {
        using var hub = new HubClient(HubOptions.FromEnvironment());
        using TransferLine? line = TransferLine.ForTerminal([]);
        using var conversion = ConversionProgressLine.ForTerminal();
        var locator = new ModelLocator(hub, CatalogueFiles.Catalogue, HarnessHome.Locate(), Environment.ProcessorCount, line, conversion);
        return await locator.FindAsync(model, quant, cancellation).ConfigureAwait(false);
    }
}
