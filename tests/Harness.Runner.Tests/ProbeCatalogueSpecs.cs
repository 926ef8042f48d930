using Harness.Formats.Forging;
using Harness.Matrix;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>What can be forged can be tried by name.</summary>
public class ProbeCatalogueSpecs
{
    [Test]
    public void EveryArchitectureOfTheForgeIsAModelOfTheCatalogue()
    {
        string[] listed = [.. Matrix().Catalogue.Models.Where(m => m.Family == "probe").Select(m => m.Architecture)];
        Assert.That(listed, Is.EqualTo(ProbeForge.Architectures), "matrix/models/probe.yaml and 'harness forge --list'");
    }

    private static LoadedMatrix Matrix()
    {
        for (DirectoryInfo? directory = new(TestContext.CurrentContext.TestDirectory); directory is not null; directory = directory.Parent)
        {
            string file = Path.Combine(directory.FullName, "matrix.yaml");
            if (File.Exists(file))
                return LoadedMatrix.Load(file);
        }

        Assert.Ignore("matrix.yaml is not above the tests: they run outside a checkout");
        throw new InvalidOperationException();
    }
}
