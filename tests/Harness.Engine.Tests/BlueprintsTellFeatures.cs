using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>What reports say of an architecture comes from the blueprint that is run.</summary>
internal sealed class BlueprintsTellFeatures
{
    [Test]
    public void Of_the_file_they_were_read_from()
    {
        TinyShape shape = new() { Architecture = "qwen2", Biases = true, Tied = true, LinearFactor = 4, FeedForward = [80, 96] };
        using TinyModel tiny = new(shape, seed: 1);
        using GgufFile file = GgufFile.Open(tiny.Path);
        Dictionary<string, string> features = Model.ReadBlueprint(file).Describe().ToDictionary(f => f.Name, f => f.Value);
        Assert.Multiple(() =>
        {
            Assert.That(features["architecture"], Is.EqualTo("qwen2"));
            Assert.That(features["attention"], Is.EqualTo("gqa"));
            Assert.That(features["gqa-ratio"], Is.EqualTo("3"));
            Assert.That(features["position"], Is.EqualTo("rope-neox"));
            Assert.That(features["rope-scaling"], Is.EqualTo("linear ×4"));
            Assert.That(features["feed-forward-length"], Is.EqualTo("80/96"));
            Assert.That(features["qkv-bias"], Is.EqualTo("yes"));
            Assert.That(features["tied-output"], Is.EqualTo("yes"));
            Assert.That(features["vocabulary"], Is.EqualTo("67"));
        });
    }
}
