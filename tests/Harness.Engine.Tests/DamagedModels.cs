using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>Whatever a header says, a model either runs or is refused in words; it never breaks the process.</summary>
internal sealed class DamagedModels
{
    [Test]
    public void With_a_few_wrong_bytes_in_the_header() => Mutate(mutations: 400, seed: 20);

    [Test]
    [Category("Soak")]
    public void With_a_few_wrong_bytes_in_the_header_many_times() => Mutate(mutations: 30_000, seed: 21);

    private static void Mutate(int mutations, int seed)
    {
        TinyShape shape = new() { Heads = [6, 4], KeyValueHeads = [2, 4], FeedForward = [80, 33], KeyLength = 10, FrequencyFactors = true };
        using TinyModel tiny = new(shape, seed: 1);
        byte[] sound = File.ReadAllBytes(tiny.Path);
        int header = (int)GgufHeader.Parse(sound).HeaderLength;
        string path = tiny.Path + ".damaged";
        Random random = new(seed);
        int ran = 0;
        try
        {
            for (int i = 0; i < mutations; i++)
            {
                byte[] damaged = [.. sound];
                for (int wrong = random.Next(1, 4); wrong > 0; wrong--)
                    damaged[random.Next(header)] = (byte)(random.Next(3) == 0 ? random.Next(256) : damaged[random.Next(header)]);
                File.WriteAllBytes(path, damaged);
                try
                {
                    using Model model = Model.Load(path, threads: 1);
                    using Session session = new(model, 3);
                    _ = session.EvaluateGreedily([0, 0, 0], 0, out _);
                    ran++;
                }
                catch (Exception exception) when (exception is GgufException or ModelException)
                {
                    Assert.That(exception.Message, Is.Not.Empty);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }

        // Bytes of names nobody reads and of tokens do no harm: some must have run, or nothing was tried.
        Assert.That(ran, Is.Positive);
        Assert.That(ran, Is.LessThan(mutations));
    }
}
