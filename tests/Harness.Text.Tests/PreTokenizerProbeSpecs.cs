using Harness.Text.PreTokenization;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>What is known here can be asked of every backend: each pre-tokenizer has its probe in the catalogue.</summary>
public sealed class PreTokenizerProbeSpecs
{
    [Test]
    public void Every_pre_tokenizer_is_named_in_the_catalogue_of_probes()
    {
        const string File = "matrix/models/pre-tokenizers.yaml";
        DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, File))) folder = folder.Parent;
        if (folder is null) Assert.Ignore($"{File} is not above the tests: they run outside a checkout");
        string text = System.IO.File.ReadAllText(Path.Combine(folder!.FullName, File));
        string[] listed = text[(text.IndexOf('[', text.IndexOf("names:", StringComparison.Ordinal)) + 1)..text.LastIndexOf(']')]
            .Split([',', ' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        Assert.That(listed, Is.EquivalentTo(PreTokenizers.Names));
    }
}
