using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Runner.Fit;
using Harness.Workers.Memory;
using NUnit.Framework;

namespace Harness.Runner.Tests.Fit;

/// <summary>What fits fits, what is one step larger does not, and sizes mean what they say.</summary>
public sealed class FitSpecs
{
    private static readonly ForgeShape Shape = MeasuredShapes.All.First(s => s.Name == "tinyllama-1.1b");

    [TestCase("16GB", 16_000_000_000)]
    [TestCase("16 gb", 16_000_000_000)]
    [TestCase("16GiB", 17_179_869_184)]
    [TestCase("512MB", 512_000_000)]
    [TestCase("512MiB", 536_870_912)]
    [TestCase("1.5G", 1_500_000_000)]
    [TestCase("1TiB", 1L << 40)]
    [TestCase("800000000B", 800_000_000)]
    public void A_size_is_decimal_or_binary_as_it_is_written(string text, long bytes)
    {
        Assert.That(MachineMemory.TryParse(text, out long read), Is.True);
        Assert.That(read, Is.EqualTo(bytes));
    }

    [TestCase("16")]
    [TestCase("GB")]
    [TestCase("-16GB")]
    [TestCase("16XB")]
    [TestCase("1e3GB")]
    [TestCase("0GB")]
    [TestCase("9999999TB")]
    [TestCase("")]
    [TestCase(null)]
    public void What_is_no_size_is_refused(string? text) => Assert.That(MachineMemory.TryParse(text, out _), Is.False);

    [Test]
    public void The_largest_context_fits_and_a_longer_one_does_not([Values(1_500_000_000, 2_000_000_000, 3_000_000_000)] long memory)
    {
        GgufHeader header = ShapeForge.HeaderOf(Shape, "Q4_K_M");
        ModelFit fit = FitAnalyzer.Fit([header], "Q4_K_M", SizeSource.Header, [], new FitRequest { Memory = memory });
        var model = ModelMemory.Of([header]);
        EngineFit builtin = fit.Own.Engines[0], llamaCpp = fit.Own.Engines[1];
        Assert.That(fit.Own.Engines.Any(e => e.LargestContext > 0));
        foreach ((EngineFit engine, Func<int, long> taken) in new (EngineFit, Func<int, long>)[]
        {
            (builtin, c => model.Builtin(new MemoryRequest(c))!.On("cpu")), (llamaCpp, c => model.LlamaCpp(new MemoryRequest(c)).On("cpu")),
        })
        {
            if (engine.LargestContext > 0) Assert.That(taken(engine.LargestContext), Is.LessThanOrEqualTo(memory));
            if (engine.LargestContext < Shape.Context) Assert.That(taken(engine.LargestContext + 256), Is.GreaterThan(memory));
        }
    }

    [Test]
    public void The_largest_quantization_that_fits_is_the_widest_of_those_that_do()
    {
        GgufHeader header = ShapeForge.HeaderOf(Shape, "Q4_K_M");
        ModelFit fit = FitAnalyzer.Fit([header], "Q4_K_M", SizeSource.Header, ["F16", "Q8_0", "Q6_K", "Q2_K"], new FitRequest { Memory = 1_500_000_000 });
        Assert.That(fit.Others.Select(q => q.Quant), Is.EqualTo(new[] { "F16", "Q8_0", "Q6_K", "Q2_K" }));
        Assert.That(fit.LargestQuant!.Quant, Is.EqualTo("Q8_0"));
        Assert.That(fit.Own.Source, Is.EqualTo(SizeSource.Header));
        Assert.That(fit.Others.Select(q => q.Source), Is.All.EqualTo(SizeSource.Mixture), "no other file's header was read");
    }

    [Test]
    public void A_GPU_takes_as_many_layers_as_it_holds()
    {
        GgufHeader header = ShapeForge.HeaderOf(Shape, "Q8_0");
        EngineFit Of(long gpu) => FitAnalyzer.Fit([header], "Q8_0", SizeSource.Header, [], new FitRequest { Memory = 16_000_000_000, GpuMemory = gpu }).Own.Engines[1];
        Assert.That(Of(0).GpuLayers, Is.Zero);
        Assert.That(Of(8_000_000_000).GpuLayers, Is.EqualTo(Shape.Layers + 1));
        EngineFit some = Of(700_000_000);
        Assert.That(some.GpuLayers, Is.InRange(1, Shape.Layers));
        Assert.That(some.Prediction!.On("gpu"), Is.LessThanOrEqualTo(700_000_000));
    }

    [Test]
    public void Training_follows_the_published_formulas()
    {
        GgufHeader header = ShapeForge.HeaderOf(Shape, "F16");
        TrainingMemory training = TrainingMemory.Of([header]);
        const double all = 1_100_048_384, width = 2048, layers = 22, heads = 32, s = TrainingMemory.Sequence, vocabulary = 32_000;
        double activations = (2 * s * width * layers) + (34 * s * width) + (5 * heads * s * s) + (8 * s * vocabulary);
        Assert.That(training.Bytes(TrainingKind.Full), Is.EqualTo((16 * all) + activations).Within(1));

        // Rank 16 on q and output (2048 + 2048 each), k and v (2048 + 256), gate, up and down (2048 + 5632).
        double adapters = 16 * layers * ((2 * 4096) + (2 * 2304) + (3 * 7680));
        Assert.That(training.Bytes(TrainingKind.LoRA), Is.EqualTo((2 * all) + (16 * adapters) + activations).Within(1));
        Assert.That(training.Bytes(TrainingKind.QLoRA), Is.LessThan(training.Bytes(TrainingKind.LoRA)));
    }

    [Test]
    public void The_measured_shapes_can_be_laid_out()
    {
        Assert.That(MeasuredShapes.All.Count, Is.GreaterThanOrEqualTo(10));
        foreach (ForgeShape shape in MeasuredShapes.All)
        {
            foreach (string quant in MeasuredShapes.Quants)
            {
                GgufHeader header = ShapeForge.HeaderOf(shape, quant);
                Assert.That(ModelMemory.Of([header]).Unsupported, Is.Null, shape.Name);
                Assert.That(header.FileLength, Is.LessThan(3_200_000_000), shape.Name);
            }
        }
    }
}
