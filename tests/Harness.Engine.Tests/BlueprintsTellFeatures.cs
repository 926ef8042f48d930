using System.Globalization;
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

    [Test]
    public void Of_experts_and_of_the_weights_a_token_needs()
    {
        using ForgedModel forged = new("bailingmoe2", "F16");
        using GgufFile file = GgufFile.Open(forged.Path);
        Dictionary<string, string> features = Model.ReadBlueprint(file).Describe().ToDictionary(f => f.Name, f => f.Value);
        long spared = file.Tensors.Where(t => t.Name.Contains("_exps.", StringComparison.Ordinal)).Sum(t => t.ElementCount) / 9 * 5;
        Assert.Multiple(() =>
        {
            Assert.That(features["experts"], Is.EqualTo("9"));
            Assert.That(features["experts-used"], Is.EqualTo("4"));
            Assert.That(features["router-gating"], Is.EqualTo("sigmoid"));
            Assert.That(features["router-groups"], Is.EqualTo("2 of 3"));
            Assert.That(features["router-selection-bias"], Is.EqualTo("yes"));
            Assert.That(features["shared-expert-length"], Is.EqualTo("256"));
            Assert.That(features["active-parameters"], Is.EqualTo((file.Tensors.Sum(t => t.ElementCount) - spared).ToString(CultureInfo.InvariantCulture)));
        });
    }
}
