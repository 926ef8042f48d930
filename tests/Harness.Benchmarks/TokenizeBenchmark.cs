using System.Diagnostics;
using System.Globalization;
using System.Text;
using Harness.Text;
using Harness.Text.Tests.LlamaCpp;
using Harness.Workers.Backends;

namespace Harness.Benchmarks;

/// <summary>
/// Tokenizing, in megabytes a second on one core, against llama.cpp v0.5.0's <c>llama_tokenize</c> on the same text in the
/// same run, for every vocabulary at hand and for made ones of the kinds it lacks.
/// </summary>
internal static class TokenizeBenchmark
{
    private const double Megabyte = 1e6;

    /// <summary>How it is called.</summary>
    public const string Name = "tokenize";

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        string? libraries = new BackendStore(HarnessHome.Locate()).Find("llama.cpp@v0.5.0")?.Directory;
        if (libraries is null)
            table.Line("llama.cpp v0.5.0 is not installed", "harness backends install llama.cpp@v0.5.0");
        byte[] prose = Sources(".md", 400_000);
        byte[] code = Sources(".cs", 400_000);
        byte[] fresh = FreshWords(400_000);
        table.Line("MB/s: ours, theirs, ratio", $"{"prose",22}{"code",26}{"words never seen twice",26}");
        foreach ((string name, TokenizerData data) in Vocabularies())
        {
            var tokenizer = Tokenizer.Create(data);
            using LlamaVocabulary? reference = libraries is null ? null : LlamaVocabulary.Load(libraries, data);
            var line = new StringBuilder();
            foreach (byte[] text in (byte[][])[prose, code, fresh])
                line.Append(Compare(tokenizer, reference, text));
            table.Line(name, line.ToString());
        }

        foreach (string name in (string[])["llama-3", "qwen2", "gpt-4o", "llama-2", "t5", "xlm-r", "bert"])
        {
            var tokenizer = HuggingFaceTokenizer.Parse(Encoding.UTF8.GetBytes(Text.Tests.HuggingFace.JsonFiles.Make(name)));
            table.Line($"{name} (made tokenizer.json)", string.Concat(((byte[][])[prose, code, fresh]).Select(text => Compare(tokenizer, null, text))));
        }
    }

    private static string Compare(ITextTokenizer tokenizer, LlamaVocabulary? reference, byte[] text)
    {
        var ids = new List<int>(text.Length);
        double ours = Speed(text.Length, () =>
        {
            ids.Clear();
            tokenizer.Encode(text, false, ids);
        });
        if (reference is null)
            return string.Create(CultureInfo.InvariantCulture, $"{ours,10:0.0}{"",16}");
        int[] expected = [];
        double theirs = Speed(text.Length, () => expected = reference.Tokenize(text));
        string same = ids.SequenceEqual(expected) ? " " : "!";
        return string.Create(CultureInfo.InvariantCulture, $"{ours,9:0.0}{theirs,7:0.0}{ours / theirs,8:0.0}×{same}");
    }

    // The best of some runs by processor time, which a busy machine does not spoil.
    private static double Speed(int bytes, Action action)
    {
        double best = 0;
        long began = Stopwatch.GetTimestamp();
        for (int run = 0; run < 30 && (run < 2 || Stopwatch.GetElapsedTime(began).TotalSeconds < 1); run++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            action();
            best = Math.Max(best, bytes / Megabyte / (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }

        return best;
    }

    private static IEnumerable<(string Name, TokenizerData Data)> Vocabularies()
    {
        foreach (string name in Text.Tests.VocabulariesAtHand.Names.Where(Text.Tests.VocabulariesAtHand.IsThere))
        {
            TokenizerData? data = null;
            try
            {
                data = Text.Tests.VocabulariesAtHand.Read(name);
            }
            catch (UnsupportedTokenizerException)
            {
                // llama.cpp has no such tokenizer to compare with.
            }

            if (data is not null)
                yield return (name, data);
        }

        foreach (string name in (string[])["unigram-mapped", "wordpiece", "rwkv", "plamo2", "gemma4", "whitespace", "hashed"])
            yield return ($"{name} (made)", Text.Tests.MadeVocabularies.Make(name));
    }

    private static IEnumerable<DirectoryInfo> Ancestors()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            yield return folder;
    }

    // The repository's own files of a kind, one after the other, cut at a length.
    private static byte[] Sources(string extension, int length)
    {
        string root = Ancestors().First(f => File.Exists(Path.Combine(f.FullName, "harness.sln"))).FullName;
        var text = new MemoryStream();
        foreach (string path in Directory.EnumerateFiles(root, "*" + extension, SearchOption.AllDirectories)
            .Where(p => !p.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            text.Write(File.ReadAllBytes(path));
        }

        return text.ToArray()[..(int)Math.Min(length, text.Length)];
    }

    private static byte[] FreshWords(int length)
    {
        const string Letters = "etaoinshrdlucmfwypvbgkjqxz";
        var random = new Random(1);
        var text = new StringBuilder();
        while (text.Length < length)
        {
            for (int i = random.Next(2, 11); i > 0; i--)
                text.Append(Letters[random.Next(random.Next(1, 27))]);
            text.Append(random.Next(12) == 0 ? ". " : " ");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
