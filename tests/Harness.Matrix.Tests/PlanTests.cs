using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>A plan holds the cells that were asked for, in a useful order, and says why a cell will not be tried.</summary>
public sealed class PlanTests
{
    private const string Profiles = """
        profiles:
          default:
            models: [tiny]
            quants: [F16, Q8_0]
            backends: [builtin, llama.cpp@v0.5.0]
            hardware: [cpu]
          wide:
            models: [tiny]
            quants: ["*"]
            backends: [builtin, llama.cpp]
            hardware: [cpu, cuda]
            include:
              - models: [big]
                quants: [default]
                hardware: [cpu]
            exclude:
              - backends: [builtin]
                hardware: [cuda]
            prompts: [sum]
            options: { context-length: 64, threads: 2, load-timeout: 90s, memory-limit: 8GiB }
        """;

    private static readonly EnvironmentFacts Online = new("linux-x64", []) { NpmPresent = true };

    private static string[] Cells(Plan plan) => plan.Cells.Select(cell => cell.Cell.ToString()).ToArray();

    private static Plan Create(Selection selection, EnvironmentFacts? facts = null, string profiles = Profiles)
    {
        using ScratchCatalogue scratch = new();
        scratch.Write("matrix.yaml", profiles);
        LoadedMatrix loaded = scratch.Load();
        return Plan.Create(loaded.Catalogue, loaded.File, selection, facts ?? Online);
    }

    private static string Refusal(Selection selection) =>
        Assert.Throws<MatrixException>(() => Create(selection))!.Diagnostics[0].ToString();

    [Test]
    public void Cells_of_a_variant_stand_together_with_backends_from_old_to_new() =>
        Assert.That(Cells(Create(new() { Profile = "wide", Hardware = ["cpu"] })), Is.EqualTo(new[]
        {
            "tiny F16 builtin cpu", "tiny F16 llama.cpp@b8390 cpu", "tiny F16 llama.cpp@v0.5.0 cpu",
            "tiny Q8_0 builtin cpu", "tiny Q8_0 llama.cpp@b8390 cpu", "tiny Q8_0 llama.cpp@v0.5.0 cpu",
            "big Q4_K_M builtin cpu", "big Q4_K_M llama.cpp@b8390 cpu", "big Q4_K_M llama.cpp@v0.5.0 cpu",
        }));

    [Test]
    public void Includes_add_products_and_excludes_take_cells_out()
    {
        string[] cells = Cells(Create(new() { Profile = "wide" }));
        Assert.That(cells, Does.Contain("big Q4_K_M builtin cpu").And.Not.Contain("big Q4_K_M llama.cpp@v0.5.0 cuda"));
        Assert.That(cells, Does.Contain("tiny F16 llama.cpp@v0.5.0 cuda").And.Not.Contain("tiny F16 builtin cuda"));
    }

    [Test]
    public void A_cell_reached_twice_is_planned_once()
    {
        string[] cells = Cells(Create(new() { Profile = "wide", Models = ["tiny", "t*"], Quants = ["F16", "f*"], Backends = ["builtin", "built*"] }));
        Assert.That(cells, Is.EqualTo(new[] { "tiny F16 builtin cpu" }));
    }

    [Test]
    public void The_profiles_options_reach_each_cell_and_fall_back_to_the_files()
    {
        PlannedCell cell = Create(new() { Profile = "wide" }).Cells[0];
        Assert.That(cell.Options, Is.EqualTo(new RunOptions(
            64, 2, TimeSpan.FromSeconds(90), RunOptions.Default.GenerateTimeout, RunOptions.Default.SilenceTimeout, 8L << 30)));
        Assert.That(Create(new()).Cells[0].Options, Is.EqualTo(RunOptions.Default));
    }

    [Test]
    public void A_model_outside_the_profile_comes_with_its_default_quants_and_the_profiles_backends() =>
        Assert.That(Cells(Create(new() { Models = ["big"] })), Is.EqualTo(new[] { "big Q4_K_M builtin cpu", "big Q4_K_M llama.cpp@v0.5.0 cpu" }));

    [Test]
    public void Options_replace_the_profiles_list_of_their_own_axis_only()
    {
        Assert.That(Cells(Create(new() { Quants = ["q8*"] })), Is.EqualTo(new[] { "tiny Q8_0 builtin cpu", "tiny Q8_0 llama.cpp@v0.5.0 cpu" }));
        Assert.That(Cells(Create(new() { Backends = ["llama.cpp@b8390"], Quants = ["F16"] })), Is.EqualTo(new[] { "tiny F16 llama.cpp@b8390 cpu" }));
    }

    [Test]
    public void An_unversioned_backend_means_the_versions_the_profile_lists_and_those_installed()
    {
        Assert.That(Cells(Create(new() { Backends = ["llama.cpp"], Quants = ["F16"] })), Is.EqualTo(new[] { "tiny F16 llama.cpp@v0.5.0 cpu" }));
        EnvironmentFacts installed = Online with { InstalledBackends = [BackendId.Parse("llama.cpp@b8390"), BackendId.Parse("llama.cpp@local")] };
        Assert.That(Cells(Create(new() { Backends = ["llama.cpp"], Quants = ["F16"] }, installed)), Is.EqualTo(new[]
        {
            "tiny F16 llama.cpp@b8390 cpu", "tiny F16 llama.cpp@v0.5.0 cpu", "tiny F16 llama.cpp@local cpu",
        }));
        Assert.That(Cells(Create(new() { Backends = ["llama.cpp@*"], Quants = ["F16"] })), Has.Length.EqualTo(2));
    }

    [Test]
    public void A_quantization_asked_for_by_name_and_not_published_makes_a_blocked_cell_that_says_what_there_is()
    {
        PlannedCell cell = Create(new() { Models = ["big"], Quants = ["Q6_K"], Backends = ["builtin"] }).Cells.Single();
        Assert.That(cell.Blocked!.Kind, Is.EqualTo(BlockedKind.QuantNotPublished));
        Assert.That(cell.Blocked.ToString(), Is.EqualTo("owner/big-GGUF does not publish Q6_K: choose among Q4_K_M, Q8_0"));
    }

    [Test]
    public void Hardware_that_is_absent_or_not_driven_blocks_a_cell()
    {
        EnvironmentFacts facts = Online with { InstalledBackends = [BackendId.Parse("llama.cpp@v0.5.0")] };
        PlannedCell driven = Create(new() { Backends = ["builtin"], Quants = ["F16"], Hardware = ["cuda"] }, facts).Cells.Single();
        Assert.That(driven.Blocked!.ToString(), Is.EqualTo("builtin does not drive cuda: it drives cpu"));

        using ScratchCatalogue scratch = new();
        scratch.Write("matrix/backends/builtin.yaml", "engine: builtin\nhardware: [cpu, cuda]\nplatforms: [linux-x64]\n");
        LoadedMatrix loaded = scratch.Load();
        Plan Cuda(EnvironmentFacts seen) => Plan.Create(loaded.Catalogue, loaded.File, new() { Hardware = ["cuda"] }, seen);
        Assert.That(Cuda(Online).Cells.Single().Blocked!.ToString(), Is.EqualTo("no CUDA device seen: install the driver"));
        Assert.That(Cuda(Online with { Devices = [new("cuda", "NVIDIA H100")] }).Cells.Single().Blocked, Is.Null);
    }

    [Test]
    public void A_backend_that_cannot_be_had_blocks_a_cell_and_says_how_to_get_it()
    {
        Selection selection = new() { Backends = ["llama.cpp@v0.5.0"], Quants = ["F16"] };
        Blocked? Of(EnvironmentFacts facts) => Create(selection, facts).Cells.Single().Blocked;

        Assert.That(Of(Online), Is.Null);
        Assert.That(Of(Online with { Offline = true })!.ToString(),
            Is.EqualTo("llama.cpp@v0.5.0 is not installed and --offline forbids to fetch it: run 'harness backends install llama.cpp@v0.5.0' while online"));
        Assert.That(Of(Online with { NpmPresent = false })!.ToString(), Does.Contain("npm").And.Contain("install Node.js"));
        Assert.That(Of(Online with { Platform = "win-arm64" })!.Kind, Is.EqualTo(BlockedKind.PlatformNotSupported));
        Assert.That(Of(Online with { Offline = true, NpmPresent = false, InstalledBackends = [BackendId.Parse("llama.cpp@v0.5.0")] }), Is.Null);
    }

    [Test]
    public void The_builtin_backend_needs_nothing_when_offline() =>
        Assert.That(Create(new() { Backends = ["builtin"] }, Online with { Offline = true, NpmPresent = false }).ToTry, Is.EqualTo(2));

    [Test]
    public void What_cannot_fit_is_blocked_with_both_numbers()
    {
        Selection selection = new() { Models = ["big"], Backends = ["builtin"] };
        Blocked? Of(EnvironmentFacts facts) => Create(selection, facts).Cells.Single().Blocked;

        Assert.That(Of(Online with { AvailableMemoryBytes = 16L << 30, FreeDiskBytes = 100L << 30 }), Is.Null);
        Assert.That(Of(Online with { AvailableMemoryBytes = 2L << 30 })!.ToString(), Does.Match("estimated to need 4\\.[0-9] GiB of memory, 2\\.0 GiB can be used: .*smaller quantization"));
        Assert.That(Of(Online with { FreeDiskBytes = 1L << 30 })!.ToString(), Does.Match("estimated to need 4\\.[0-9] GiB of disk, 1\\.0 GiB are free"));
        Assert.That(Of(Online with { FreeDiskBytes = 1L << 30, CachedVariants = new HashSet<string> { "big/Q4_K_M" } }), Is.Null);
    }

    [Test]
    public void Files_known_to_be_absent_block_a_hub_model_when_offline()
    {
        Selection selection = new() { Models = ["big"], Backends = ["builtin"] };
        EnvironmentFacts offline = Online with { Offline = true };
        Assert.That(Create(selection, offline).Cells.Single().Blocked, Is.Null, "nobody looked: the run finds out");
        Assert.That(Create(selection, offline with { CachedVariants = new HashSet<string>() }).Cells.Single().Blocked!.ToString(),
            Does.Contain("harness models download owner/big-GGUF --quant Q4_K_M"));
    }

    [TestCase("--model", "tny", "unknown model 'tny'", "did you mean 'tiny'?", "there are big, tiny")]
    [TestCase("--model", "qwen*", "no model matches 'qwen*'", "there are big, tiny")]
    [TestCase("--model", "[", "is no pattern", "never closed")]
    [TestCase("--model", "", "is no pattern", "it is empty")]
    [TestCase("--quant", "Q4_KM", "unknown quantization 'Q4_KM'", "did you mean 'Q4_K_M'?")]
    [TestCase("--backend", "0.5.0", "unknown backend '0.5.0'", "did you mean 'llama.cpp@v0.5.0'?")]
    [TestCase("--backend", "lama.cpp", "unknown backend 'lama.cpp'", "did you mean 'llama.cpp'?")]
    [TestCase("--backend", "llama.cpp@v0.6.0", "unknown backend", "did you mean 'llama.cpp@v0.5.0'?")]
    [TestCase("--hardware", "gpu", "unknown hardware 'gpu'", "there are cpu, cuda")]
    [TestCase("--profile", "nightly", "unknown profile 'nightly'", "there are default, wide")]
    public void A_selection_that_matches_nothing_names_the_option_the_nearest_word_and_what_there_is(string option, string value, params string[] says)
    {
        Selection selection = option switch
        {
            "--model" => new() { Models = [value] },
            "--quant" => new() { Quants = [value] },
            "--backend" => new() { Backends = [value] },
            "--hardware" => new() { Hardware = [value] },
            _ => new() { Profile = value },
        };
        string refusal = Refusal(selection);
        Assert.That(refusal, Does.Contain(option));
        foreach (string part in says) Assert.That(refusal, Does.Contain(part));
    }

    [Test]
    public void A_selection_that_leaves_nothing_says_so() =>
        Assert.That(Refusal(new() { Profile = "wide", Backends = ["builtin"], Hardware = ["cuda"] }), Does.Contain("nothing is left of the profile 'wide'"));

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    public void Shards_split_by_variant_and_together_are_the_whole(int count)
    {
        Plan whole = Create(new() { Profile = "wide" });
        Plan[] parts = Enumerable.Range(1, count).Select(i => Create(new() { Profile = "wide", Shard = new(i, count) })).ToArray();

        Assert.That(parts.SelectMany(Cells), Is.EquivalentTo(Cells(whole)));
        Assert.That(parts.SelectMany(part => part.Cells.Select(cell => cell.Variant.Id).Distinct()), Is.Unique);
    }

    [TestCase("2/3", 2, 3)]
    [TestCase("1/1", 1, 1)]
    public void A_shard_is_written_I_of_N(string text, int index, int count) =>
        Assert.That(Shard.Parse(text), Is.EqualTo(new Shard(index, count)));

    [TestCase("0/3")]
    [TestCase("4/3")]
    [TestCase("1")]
    [TestCase("1/0")]
    [TestCase("-1/3")]
    [TestCase("a/b")]
    [TestCase("1/2/3")]
    [TestCase("1/99999999999")]
    [TestCase("")]
    public void Anything_else_is_no_shard(string text) =>
        Assert.That(() => Shard.Parse(text), Throws.TypeOf<MatrixException>().With.Message.Contains("--shard").And.Message.Contains("I/N"));

    [Test]
    public void The_same_arguments_make_the_same_plan()
    {
        string[] once = Cells(Create(new() { Profile = "wide" }));
        string[] again = Cells(Create(new() { Profile = "wide" }));
        Assert.That(again, Is.EqualTo(once));
    }
}
