using System.Text.Json;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness plan</c> as a newcomer meets it: the built program, in a directory of its own.</summary>
public sealed class PlanCommandTests
{
    private BuiltHarness _harness = null!;

    private string Place => _harness.Directory;

    [SetUp]
    public void MakeDirectory() => _harness = new BuiltHarness();

    [TearDown]
    public void RemoveDirectory() => _harness.Dispose();

    [Test]
    public void Outside_a_checkout_the_carried_catalogue_is_planned()
    {
        (int status, string output, string error) = Run("plan");
        Assert.That(status, Is.Zero, error);
        Assert.That(output, Does.Contain("nano").And.Contain("probe-qwen2").And.Contain("llama.cpp@v0.5.0"));
        Assert.That(output, Does.Match(@"27 cells: \d+ to try, \d+ blocked"));
        Assert.That(output, Does.Not.Contain('\u001b'), "piped output carries no colours");
    }

    [Test]
    public void Offline_without_llama_cpp_its_cells_are_blocked_with_the_command_that_helps_and_the_status_is_0()
    {
        (int status, string output, string error) = Run("plan", "--offline", "--json");
        Assert.That(status, Is.Zero, error);
        JsonElement plan = JsonDocument.Parse(output).RootElement;
        JsonElement[] cells = plan.GetProperty("cells").EnumerateArray().ToArray();
        Assert.That(cells, Has.Length.EqualTo(27));
        foreach (JsonElement cell in cells)
        {
            string backend = cell.GetProperty("backend").GetString()!;
            JsonElement blocked = cell.GetProperty("blocked");
            if (backend == "builtin") Assert.That(blocked.ValueKind, Is.EqualTo(JsonValueKind.Null));
            else Assert.That(blocked.GetProperty("remedy").GetString(), Does.Contain("harness backends install " + backend));
        }

        Assert.That(plan.GetProperty("toTry").GetInt32(), Is.EqualTo(9));
    }

    private static readonly object[][] WrongCommandLines =
    [
        [new[] { "plna" }, "plna", "did you mean 'plan'?"],
        [new[] { "plan", "--modle", "nano" }, "--modle", "did you mean '--model'?"],
        [new[] { "plan", "extra" }, "extra", "harness plan --help"],
        [new[] { "plan", "--model" }, "--model", "harness plan --help"],
        [new[] { "plan", "--model", "nanno" }, "unknown model 'nanno'", "did you mean 'nano'?"],
        [new[] { "plan", "--model", "llama-9*" }, "no model matches 'llama-9*'", "there are"],
        [new[] { "plan", "--quant", "Q4_KM" }, "unknown quantization 'Q4_KM'", "did you mean 'Q4_K_M'?"],
        [new[] { "plan", "--backend", "llama.cpp@0.5.0" }, "unknown backend", "did you mean 'llama.cpp@v0.5.0'?"],
        [new[] { "plan", "--hardware", "gpu" }, "unknown hardware 'gpu'", "cpu"],
        [new[] { "plan", "--profile", "nightly-" }, "unknown profile", "did you mean 'nightly'?"],
        [new[] { "plan", "--shard", "3/2" }, "no shard", "I/N"],
        [new[] { "plan", "--shard", "0/2" }, "no shard", "I/N"],
        [new[] { "plan", "--model", "[" }, "no pattern", "never closed"],
        [new[] { "plan", "--matrix", "nothing.yaml" }, "no such file", "nothing.yaml"],
        [new[] { "plan", "--matrix", "." }, "directory", "YAML file"],
    ];

    [TestCaseSource(nameof(WrongCommandLines))]
    public void A_wrong_command_line_ends_with_status_2_and_says_what_to_do(string[] arguments, string what, string remedy)
    {
        (int status, string output, string error) = Run(arguments);
        Assert.That(status, Is.EqualTo(2), error);
        Assert.That(output, Is.Empty);
        Assert.That(error, Does.StartWith("error: ").And.Contain(what).And.Contain(remedy));
    }

    [Test]
    public void A_wrong_matrix_ends_with_status_2_and_says_where()
    {
        File.WriteAllText(Path.Combine(Place, "matrix.yaml"), "profiles:\n  default:\n    modles: [nano]\n");
        (int status, string output, string error) = Run("plan", "--json");
        Assert.That(status, Is.EqualTo(2), error);
        Assert.That(output, Is.Empty);
        Assert.That(error, Does.Contain("error: unknown field 'modles'").And.Contain("matrix.yaml:3:5").And.Contain("did you mean 'models'?"));
    }

    private (int Status, string Output, string Error) Run(params string[] arguments)
    {
        Outcome outcome = _harness.Run(arguments);
        return (outcome.Status, outcome.Output, outcome.Error);
    }
}
