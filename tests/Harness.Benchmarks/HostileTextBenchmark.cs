using System.Globalization;
using System.Text;
using Harness.Text;
using Harness.Text.Tests;
using Harness.Text.Tests.HuggingFace;

namespace Harness.Benchmarks;

/// <summary>
/// Tokenizing text that nobody would write: long runs of one thing. For every kind of vocabulary and every pre-tokenizer, the
/// slowest of them, in megabytes a second on one core, and how much longer eight times the text takes: 8 where time is linear,
/// 64 where it is quadratic. Then ten megabytes without a space.
/// </summary>
internal static class HostileTextBenchmark
{
    /// <summary>How it is called.</summary>
    public const string Name = "hostile-text";

    private const int Short = 60_000;
    private const int Growth = 8;

    private static readonly (string Name, string Unit)[] Units =
    [
        ("letter", "a"), ("capital", "A"), ("spaces", " "), ("digits", "7"), ("apostrophes", "'"), ("line breaks", "\n"), ("marks", "\u0301"),
        ("letter and mark", "e\u0301"), ("emoji", "👩‍💻"), ("Han", "中"), ("Hangul", "가"), ("space and break", " \n"), ("signs", "!?"), ("underlines", "_"),
        ("letter and digit", "a1"), ("case by case", "aA"), ("contractions", "'ll"), ("special token begun", "<|im_"), ("nul", "\0"), ("broken", "\uFFFD"), ("two letters", "ab"),
        ("nearly a token", "thethethetho"), ("tabs", "\t"), ("space at the end", "x "), ("sentinel", "<sentinel:1"),
    ];

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        table.Line("slowest text", $"{"MB/s",10}{$"×{Growth} takes",12}   which");
        foreach ((string name, Func<ITextTokenizer> make) in Tokenizers())
            Worst(table, name, make());
        foreach (string name in (string[])["byte-level", "sentencepiece", "unigram-mapped", "wordpiece", "rwkv", "plamo2"])
        {
            byte[] long10 = Encoding.UTF8.GetBytes(Repeat("abcdefghijk", 10_000_000));
            var ids = new List<int>(long10.Length);
            var tokenizer = Tokenizer.Create(MadeVocabularies.Make(name));
            table.Time($"10 MB without a space, {name}", () =>
            {
                ids.Clear();
                tokenizer.Encode(long10, false, ids);
            }, runs: 1);
        }
    }

    private static void Worst(BenchmarkTable table, string name, ITextTokenizer tokenizer)
    {
        (double Rate, double Grown, string Unit) slowest = (double.MaxValue, 0, ""), steepest = (0, 0, "");
        tokenizer.Encode(Encoding.UTF8.GetBytes("warm up"), false, []);
        foreach ((string unitName, string unit) in Units)
        {
            byte[] small = Encoding.UTF8.GetBytes(Repeat(unit, Short) + " x"), large = Encoding.UTF8.GetBytes(Repeat(unit, Short * Growth) + " x");
            double first = Seconds(tokenizer, small), second = Seconds(tokenizer, large);
            double rate = large.Length / 1e6 / second, grown = second / first;
            if (rate < slowest.Rate) slowest = (rate, grown, unitName);
            if (grown > steepest.Grown && second > 0.02) steepest = (rate, grown, unitName);
        }

        table.Line(name, string.Create(
            CultureInfo.InvariantCulture,
            $"{slowest.Rate,10:0.0}{slowest.Grown,12:0.0}   {slowest.Unit}{(steepest.Grown > 1.5 * Growth ? $"   STEEP: {steepest.Unit} ×{steepest.Grown:0.0}" : "")}"));
    }

    private static double Seconds(ITextTokenizer tokenizer, byte[] text)
    {
        double best = double.MaxValue;
        var ids = new List<int>(text.Length);
        for (int run = 0; run < 2; run++)
        {
            ids.Clear();
            TimeSpan start = Environment.CpuUsage.TotalTime;
            tokenizer.Encode(text, false, ids);
            best = Math.Min(best, Math.Max(0.001, (Environment.CpuUsage.TotalTime - start).TotalSeconds));
        }

        return best;
    }

    private static IEnumerable<(string Name, Func<ITextTokenizer> Make)> Tokenizers()
    {
        foreach (string name in MadeVocabularies.Names)
            yield return ($"{name} (made)", () => Tokenizer.Create(MadeVocabularies.Make(name)));
        foreach (string name in JsonFiles.Names)
            yield return ($"{name} (made tokenizer.json)", () => HuggingFaceTokenizer.Parse(Encoding.UTF8.GetBytes(JsonFiles.Make(name))));
        foreach (string name in VocabulariesAtHand.Names.Where(VocabulariesAtHand.IsThere))
        {
            yield return (name, () => Directory.Exists(VocabulariesAtHand.PathOf(name))
                ? TokenizerFile.Load(VocabulariesAtHand.PathOf(name)) : Tokenizer.Create(VocabulariesAtHand.Read(name)));
        }

        foreach (string name in MadeVocabularies.PreTokenizerNames)
            yield return ($"pre-tokenizer {name}", () => Tokenizer.Create(MadeVocabularies.ForPreTokenizer(name)));
    }

    private static string Repeat(string unit, int bytes)
    {
        var text = new StringBuilder();
        for (int length = 0, step = Encoding.UTF8.GetByteCount(unit); length < bytes; length += step)
            text.Append(unit);
        return text.ToString();
    }
}
