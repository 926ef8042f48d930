using System.Text;
using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>A large matrix is planned at once; the benchmark 'plan' measures it properly.</summary>
public sealed class PlanningSpeedTests
{
    [Test]
    public void A_hundred_thousand_cells_take_well_under_a_second_of_processor_time()
    {
        using ScratchCatalogue scratch = new();
        StringBuilder models = new("family: many\narchitecture: llama\nmodels:\n");
        for (int i = 0; i < 334; i++)
            models.Append($"  - {{ id: model-{i:000}, origin: forged, quants: [F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_K_M, Q4_K, Q4_K_M, Q4_0] }}\n");
        scratch.Write("matrix/models/many.yaml", models.ToString());
        StringBuilder backend = new("engine: llama.cpp\nhardware: [cpu]\ndistributions:\n  - { id: some, registry: npm, hardware: [cpu], packages: { linux-x64: some } }\nbuilds:\n");
        for (int i = 0; i < 29; i++) backend.Append($"  - {{ version: b{4000 + i}, releases: {{ some: 1.0.{i} }} }}\n");
        scratch.Write("matrix/backends/llama.cpp.yaml", backend.ToString());
        scratch.Write("matrix.yaml", "profiles:\n  default: { models: ['model-*'], quants: ['*'], backends: [builtin, llama.cpp], hardware: [cpu] }\n");
        LoadedMatrix matrix = scratch.Load();
        EnvironmentFacts facts = new("linux-x64", []) { NpmPresent = true };
        Plan.Create(matrix.Catalogue, matrix.File, new(), facts);

        // Processor time: the machine may be busy with other things.
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Plan plan = Plan.Create(matrix.Catalogue, matrix.File, new(), facts);
        TimeSpan spent = Environment.CpuUsage.TotalTime - before;

        Assert.That(plan.Cells, Has.Count.EqualTo(100_200));
        Assert.That(spent, Is.LessThan(TimeSpan.FromSeconds(1)));
    }
}
