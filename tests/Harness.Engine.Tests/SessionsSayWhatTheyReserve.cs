using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>What a session takes is known from a header alone, by the layout that the session itself makes.</summary>
internal sealed class SessionsSayWhatTheyReserve
{
    public static IEnumerable<string> Architectures => ProbeForge.Architectures;

    [TestCaseSource(nameof(Architectures))]
    public void Of_every_architecture_without_reading_a_weight(string architecture)
    {
        using var forged = new ForgedModel(architecture, "Q4_0");
        (ModelHeader header, Blueprint blueprint) = Read(forged.Path);
        SessionMemory little = Session.MemoryOf(header, blueprint, 32, threads: 2), much = Session.MemoryOf(header, blueprint, 256, threads: 2);
        Assert.Multiple(() =>
        {
            Assert.That(much.StateBytes, Is.GreaterThanOrEqualTo(little.StateBytes));
            Assert.That(much.ComputeBytes, Is.GreaterThanOrEqualTo(little.ComputeBytes));
            Assert.That(much.FixedStateBytes, Is.EqualTo(little.FixedStateBytes));
            Assert.That(much.FixedStateBytes > 0, Is.EqualTo(blueprint.Recurrent), "recurrent models, and no others, have a state that does not grow");
            Assert.That(much.Weights!.MappedBytes, Is.InRange(0, header.Tensors.Values.Sum(t => t.ByteLength)));
            Assert.That(much.Weights.MappedBytes + much.Weights.PrivateBytes, Is.Positive);
        });
    }

    [Test]
    public void It_reserves_exactly_that([Values(1, 2, 3)] int threads, [Values("llama", "gemma2", "qwen3moe", "granitehybrid", "deepseek2")] string architecture)
    {
        using var forged = new ForgedModel(architecture, "Q4_0");
        (ModelHeader header, Blueprint blueprint) = Read(forged.Path);
        SessionMemory said = Session.MemoryOf(header, blueprint, 200, threads);
        using Model model = Model.Load(forged.Path, threads);
        using var decoder = new Decoder(model.Blueprint, model.Weights, model.Pool, 200, KvCacheType.F16);
        decoder.Reserve();
        Assert.That(decoder.Reserved, Is.EqualTo(said.StateBytes + said.ActivationBytes + said.ThreadBytes + said.LogitBytes));

        // Integers are reserved when they are first needed, and never more than was said.
        decoder.Forward([.. Enumerable.Range(0, decoder.Capacity).Select(i => i % 100)], 0);
        Assert.That(decoder.Reserved, Is.InRange(said.StateBytes + said.ActivationBytes, said.StateBytes + said.ComputeBytes));
    }

    [Test]
    public void Half_precision_takes_half()
    {
        using var forged = new ForgedModel("llama", "F16");
        (ModelHeader header, Blueprint blueprint) = Read(forged.Path);
        Assert.That(
            Session.MemoryOf(header, blueprint, 256, 1, KvCacheType.F32).StateBytes, Is.EqualTo(2 * Session.MemoryOf(header, blueprint, 256, 1).StateBytes));
    }

    private static (ModelHeader Header, Blueprint Blueprint) Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        var file = GgufHeader.Read(stream);
        var header = new ModelHeader(file.Metadata, file.Tensors);
        return (header, ArchitectureTable.Read(header));
    }
}
