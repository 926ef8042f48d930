using System.Text.Json;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness doctor</c>: a word first, and how to get what is not there.</summary>
public sealed class DoctorSpecs
{
    private BuiltHarness _harness = null!;

    [SetUp]
    public void Make() => _harness = new BuiltHarness();

    [TearDown]
    public void Remove() => _harness.Dispose();

    [Test]
    public void Every_line_begins_with_a_word_and_nothing_is_changed()
    {
        Outcome outcome = _harness.Run("doctor");
        string[] lines = outcome.Output.TrimEnd().ReplaceLineEndings("\n").Split('\n');
        Assert.That(lines[..^1], Has.All.Match("^(ok|missing|wrong|optional) "));
        Assert.That(outcome.Error, Is.Empty);
        Assert.That(outcome.Output, Does.Contain("processor").And.Contain("memory").And.Contain("catalogue").And.Contain("llama.cpp@").And.Contain("npm"));
        Assert.That(Directory.EnumerateFileSystemEntries(_harness.Directory), Is.Empty);
    }

    [Test]
    public void The_status_is_1_exactly_when_something_required_is_not_there()
    {
        Outcome outcome = _harness.Run("doctor", "--json");
        JsonElement report = JsonDocument.Parse(outcome.Output).RootElement;
        bool required = report.GetProperty("findings").EnumerateArray().Any(f => f.GetProperty("word").GetString() is "missing" or "wrong");
        Assert.That(outcome.Status, Is.EqualTo(required ? 1 : 0));
        Assert.That(report.GetProperty("ok").GetBoolean(), Is.EqualTo(!required));
    }

    [Test]
    public void A_home_that_cannot_be_written_is_wrong_and_says_what_to_set()
    {
        _harness.Write("file", "");
        _harness.Environment["HARNESS_HOME"] = Path.Combine(_harness.Directory, "file");
        Outcome outcome = _harness.Run("doctor");
        Assert.That(outcome.Status, Is.EqualTo(1));
        Assert.That(outcome.Output, Does.Match("wrong +harness home .*it is a file.*set HARNESS_HOME"));
    }

    [Test]
    public void A_token_is_named_and_never_shown()
    {
        _harness.Environment["HF_TOKEN"] = "hf_secretsecretsecret";
        foreach (string[] line in (string[][])[["doctor"], ["doctor", "--json"]])
            Assert.That(_harness.Run(line).Output, Does.Contain("a token is set (HF_TOKEN)").And.Not.Contain("secret"));
    }

    [Test]
    public void Without_any_program_in_reach_it_still_answers()
    {
        _harness.Environment["PATH"] = _harness.Directory;
        Outcome outcome = _harness.Run("doctor");
        Assert.That(outcome.Output, Does.Match("optional +npm +not found; .* → ").And.Match("optional +node"));
    }

    [Test]
    public void A_wrong_matrix_is_said_to_be_wrong()
    {
        _harness.Write("matrix.yaml", "profiles: [\n");
        Outcome outcome = _harness.Run("doctor");
        Assert.That(outcome.Status, Is.EqualTo(1));
        Assert.That(outcome.Output, Does.Match("wrong +catalogue .*matrix.yaml"));
    }
}
