using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>Backends are ordered as upstream released them, and written as people write them.</summary>
public sealed class BackendIdTests
{
    [Test]
    public void Versions_go_from_numbered_builds_to_releases_to_labels()
    {
        string[] ordered = ["b1", "b999", "b4600", "b5640", "b8390", "b10000", "0.4.9", "v0.5.0", "v0.6.0", "v0.10.0", "v1.0", "local", "own-build"];
        BackendVersion[] shuffled = ordered.Select(BackendVersion.Parse).ToArray();
        new Random(1).Shuffle(shuffled);
        Assert.That(shuffled.Order().Select(version => version.Text), Is.EqualTo(ordered));
        Assert.That(BackendVersion.Parse("b4600") < BackendVersion.Parse("b8390"), Is.True);
        Assert.That(BackendVersion.Parse("b8390") < BackendVersion.Parse("v0.5.0"), Is.True);
        Assert.That(BackendVersion.Parse("v0.5.0") < BackendVersion.Parse("v0.6.0"), Is.True);
    }

    [TestCase("builtin", "builtin", null)]
    [TestCase("llama.cpp@v0.5.0", "llama.cpp", "v0.5.0")]
    [TestCase("llama.cpp@b8390", "llama.cpp", "b8390")]
    public void An_id_reads_back_as_it_is_written(string text, string engine, string? version)
    {
        BackendId id = BackendId.Parse(text);
        Assert.That((id.Engine, id.Version?.Text, id.ToString()), Is.EqualTo((engine, version, text)));
        Assert.That(id, Is.EqualTo(BackendId.Parse(text)));
    }

    [TestCase("")]
    [TestCase("@v1")]
    [TestCase("llama.cpp@")]
    [TestCase("llama.cpp@a b")]
    [TestCase("llama.cpp@v1@v2")]
    [TestCase("Llama.cpp@../x")]
    public void What_is_no_backend_is_refused(string text) =>
        Assert.That(() => BackendId.Parse(text), Throws.TypeOf<FormatException>());
}
