using System.CommandLine;
using Harness.Hub;
using Harness.Matrix;
using Harness.Runner;
using Harness.Workers.Backends;

namespace Harness.Cli.Planning;

/// <summary>The options by which <c>plan</c> and <c>run</c> choose cells, and the way from them to a plan.</summary>
internal sealed class SelectionOptions
{
    private readonly Option<string[]> _models = List("--model", "Models: names of the catalogue, in the profile or not; a GGUF file; hf:owner/repo[/file][@revision].");
    private readonly Option<string[]> _quants = List("--quant", "Quantizations, as Q4_K_M or 'Q4*'.");
    private readonly Option<string[]> _backends = List("--backend", "Backends: builtin, llama.cpp@v0.5.0; llama.cpp for every version of the profile.");
    private readonly Option<string[]> _hardware = List("--hardware", "Hardware: cpu, cuda, vulkan, metal, webgpu.");
    private readonly Option<string?> _matrix = new("--matrix") { Description = "The matrix; by default matrix.yaml here or in a directory above.", HelpName = "FILE" };
    private readonly Option<string> _profile = new("--profile") { Description = "Profile of the matrix.", HelpName = "P", DefaultValueFactory = _ => "default" };
    private readonly Option<string?> _shard = new("--shard") { Description = "One of N parts of the plan, split by model and quantization; I from 1 to N.", HelpName = "I/N" };
    private readonly Option<bool> _offline = new("--offline") { Description = "Fetches nothing: what is not here is blocked." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _models, _quants, _backends, _hardware, _matrix, _profile, _shard, _offline })
            command.Options.Add(option);
    }

    /// <summary>Whether nothing may be fetched.</summary>
    public bool Offline(ParseResult parsed) => parsed.GetValue(_offline);

    /// <summary>The matrix named, or null.</summary>
    public string? Matrix(ParseResult parsed) => parsed.GetValue(_matrix);

    /// <summary>What the options choose.</summary>
    /// <exception cref="MatrixException">The shard is none.</exception>
    public Selection Choose(ParseResult parsed) => new()
    {
        Profile = parsed.GetValue(_profile) ?? "default",
        Models = Values(parsed, _models),
        Quants = Values(parsed, _quants),
        Backends = Values(parsed, _backends),
        Hardware = Values(parsed, _hardware),
        Shard = parsed.GetValue(_shard) is { } shard ? Shard.Parse(shard) : null,
    };

    /// <summary>Plans what the command line asks for, on this machine.</summary>
    /// <exception cref="MatrixException">The matrix, the catalogue or the selection is wrong.</exception>
    /// <exception cref="HubException">A variable of the hub's is malformed, or the hub does not list a repository.</exception>
    public async Task<ChosenPlan> PlanAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Selection selection = Choose(parsed);
        LoadedMatrix matrix = LoadedMatrix.Load(CatalogueFiles.Matrix(Matrix(parsed)));
        HubOptions options = HubOptions.FromEnvironment();
        options = options with { Offline = options.Offline || Offline(parsed) };
        using var hub = new HubClient(options);
        (Catalogue catalogue, selection) = await new UnlistedModels(hub).AddAsync(matrix.Catalogue, selection, cancellation).ConfigureAwait(false);
        EnvironmentFacts facts = new EnvironmentProbe(options.CacheDirectory, HarnessHome.Locate()).Look(options.Offline);
        return new(matrix with { Catalogue = catalogue }, facts, Harness.Matrix.Plan.Create(catalogue, matrix.File, selection, facts));
    }

    private static Option<string[]> List(string name, string description) => new(name)
    {
        Description = description + " Patterns (*, ?, [abc]); several by commas or by repeating the option.",
        HelpName = "G",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private static string[]? Values(ParseResult parsed, Option<string[]> option) =>
        parsed.GetValue(option) is { Length: > 0 } values ? values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)).ToArray() : null;
}

/// <summary>A plan with what it was made from.</summary>
/// <param name="Matrix">The matrix and its catalogue.</param>
/// <param name="Facts">What the machine has.</param>
/// <param name="Plan">The plan.</param>
internal sealed record ChosenPlan(LoadedMatrix Matrix, EnvironmentFacts Facts, Plan Plan);
