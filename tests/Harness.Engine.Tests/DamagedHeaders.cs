using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Engine.Weights;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>
/// Whatever one value of a header says, its architecture's reader makes a blueprint that suits the tensors, or refuses it
/// in words: for every architecture and every key.
/// </summary>
internal sealed class DamagedHeaders
{
    private static readonly GgufValue?[] Damage =
    [
        null, GgufValue.Of(0u), GgufValue.Of(-1), GgufValue.Of(1u), GgufValue.Of(3u), GgufValue.Of(int.MaxValue), GgufValue.Of(uint.MaxValue),
        GgufValue.Of(0f), GgufValue.Of(-2.5f), GgufValue.Of(float.NaN), GgufValue.Of(float.PositiveInfinity), GgufValue.Of(1e30f),
        GgufValue.Of(true), GgufValue.Of("word"), GgufValue.OfArray<int>([]), GgufValue.OfArray([0, 0, 0, 0, 0, 0, 0, 0]),
        GgufValue.OfArray([1, -1, int.MaxValue, 2, 2, 2]), GgufValue.OfArray([float.NaN, 1, 2, 3, 4]), GgufValue.OfArray([true]),
        GgufValue.OfArray([true, false, true, false, true, true, false, false, true, true, true, true]),
    ];

    private static IEnumerable<TestCaseData> First() => Probes(a => a.Probes.Take(1));

    private static IEnumerable<TestCaseData> Others() => Probes(a => a.Probes.Skip(1));

    private static IEnumerable<TestCaseData> Probes(Func<ForgeArchitecture, IEnumerable<ForgeProbe>> choose) =>
        from architecture in ForgeArchitectures.All
        where ArchitectureTable.Names.Contains(architecture.Name)
        from probe in choose(architecture)
        select new TestCaseData(architecture.Name, probe.Variant);

    [TestCaseSource(nameof(Others))]
    [Category("Soak")]
    public void One_wrong_value_of_another_variant(string name, string variant) =>
        One_wrong_value_of_a_header_is_refused_in_words_or_does_no_harm(name, variant);

    [TestCaseSource(nameof(First))]
    public void One_wrong_value_of_a_header_is_refused_in_words_or_does_no_harm(string name, string variant)
    {
        ForgeArchitecture architecture = ForgeArchitectures.Get(name);
        ForgeProbe probe = ForgeArchitectures.GetProbe(architecture, variant);
        byte[] bytes = ForgeWriter.Describe(architecture, probe.Shape, ForgedRows.MixtureOf("F16"), seed: 1, probe).Plan().Header;
        Assert.That(GgufHeader.TryParse(bytes, long.MaxValue, out GgufHeader? sound, out _), Is.True);
        Assert.That(() => Read(sound!.Metadata, sound), Throws.Nothing, "undamaged");

        string[] keys = [.. sound!.Metadata.Select(e => e.Key).Where(k =>
            !k.StartsWith("tokenizer.", StringComparison.Ordinal) && !k.StartsWith("general.", StringComparison.Ordinal)
            && !k.StartsWith("harness.", StringComparison.Ordinal))];
        using (Assert.EnterMultipleScope())
        {
            foreach (string key in keys)
            {
                foreach (GgufValue? value in Damage)
                {
                    var damaged = new GgufMetadata(sound.Metadata.Where(e => e.Key != key)
                        .Concat(value is null ? [] : [new KeyValuePair<string, GgufValue>(key, value)]));
                    try
                    {
                        Read(damaged, sound);
                    }
                    catch (Exception exception) when (exception is ModelException or GgufException)
                    {
                        Assert.That(exception.Message, Is.Not.Empty);
                    }
                    catch (Exception exception)
                    {
                        Assert.Fail($"{key} = {value?.ToString() ?? "absent"}: {exception.GetType().Name}: {exception.Message}\n{exception.StackTrace?.Split('\n')[0]}");
                    }
                }
            }
        }
    }

    private static void Read(GgufMetadata metadata, GgufHeader sound)
    {
        var header = new ModelHeader(metadata, sound.Tensors);
        Blueprint blueprint = ArchitectureTable.Read(header);
        WeightBinder.Check(header, blueprint);
        Assert.That(blueprint.Describe(), Is.Not.Empty);
        Assert.That(Session.CacheBytes(blueprint, 16), Is.GreaterThanOrEqualTo(0));
    }
}
