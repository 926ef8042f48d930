using System.Diagnostics;
using System.Text;
using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>No file, however broken, makes the reader crash, hang, or fail with anything but a report.</summary>
public sealed class HostileYamlTests
{
    private static readonly string[] Files = ["matrix.yaml", "matrix/models/big.yaml", "matrix/backends/llama.cpp.yaml", "matrix/prompts/all.yaml"];

    private static readonly string[] Pieces =
    [
        "[", "]", "{", "}", ":", "- ", "&a ", "*a", "!!int ", "|", ">", "\"", "'", "#", "\t", "\n", "\n  ", "---", "...", "?", ",", "%YAML 9.9\n",
        "<<: *a", "\0", "\u0085", "\u2028", "\uFEFF", "é", "😀", "-1", "1e999", "0x7fffffff", "~", "null", "true", "*", "@", "`", "!<tag:x>",
    ];

    [Test]
    public void A_spoiled_file_is_read_or_reported() => Spoil(rounds: 400, seed: 20260201);

    [Test]
    [Category("Soak")]
    public void A_spoiled_file_is_read_or_reported_a_hundred_thousand_times() => Spoil(rounds: 100_000, seed: 20260202);

    [Test]
    public void A_file_of_brackets_is_refused_quickly()
    {
        using ScratchCatalogue scratch = new();
        foreach (string bracket in new[] { "[", "{", "- ", "? ", "{a: ", "!!x [", "&a [" })
        {
            scratch.Write("matrix.yaml", string.Concat(Enumerable.Repeat(bracket, 100_000)));
            Stopwatch watch = Stopwatch.StartNew();
            Assert.That(() => MatrixFile.Load(scratch.MatrixPath), Throws.TypeOf<MatrixException>(), bracket);
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)), bracket);
        }
    }

    [Test]
    public void A_file_of_twenty_thousand_unknown_fields_gives_a_bounded_report()
    {
        using ScratchCatalogue scratch = new();
        StringBuilder text = new();
        for (int i = 0; i < 20_000; i++) text.Append($"field-{i}: {i}\n");
        scratch.Write("matrix.yaml", text.ToString());
        Stopwatch watch = Stopwatch.StartNew();
        Assert.That(Assert.Throws<MatrixException>(() => scratch.Load())!.Diagnostics, Has.Count.LessThanOrEqualTo(200));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
    }

    private static void Spoil(int rounds, int seed)
    {
        Random random = new(seed);
        using ScratchCatalogue scratch = new();
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            string file = Files[random.Next(Files.Length)];
            StringBuilder text = new(ScratchCatalogue.TextOf(file));
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                int at = random.Next(text.Length + 1);
                switch (random.Next(4))
                {
                    case 0:
                        text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                        break;
                    case 1:
                        text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at));
                        break;
                    case 2:
                        text.Length = at;
                        break;
                    default:
                        if (at < text.Length) text[at] = (char)random.Next(1, 256);
                        break;
                }
            }

            scratch.Write(file, text.ToString());
            try
            {
                if (file == "matrix.yaml") MatrixFile.Load(scratch.MatrixPath);
                else Catalogue.Load(Path.Combine(scratch.Root, "matrix"));
            }
            catch (MatrixException e)
            {
                refused++;
                Assert.That(e.Diagnostics, Is.Not.Empty);
                foreach (Diagnostic diagnostic in e.Diagnostics)
                {
                    Assert.That(diagnostic.File, Is.Not.Null);
                    Assert.That(diagnostic.ToString(), Has.None.Matches<char>(c => char.IsControl(c)), () => $"round {round}");
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"round {round} of seed {seed}: {e}\n{text}");
            }

            scratch.Write(file, ScratchCatalogue.TextOf(file));
        }

        Assert.That(refused, Is.GreaterThan(rounds / 2));
    }
}
