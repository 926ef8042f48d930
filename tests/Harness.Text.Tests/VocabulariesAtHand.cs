using Harness.Formats.Gguf;

namespace Harness.Text.Tests;

/// <summary>
/// Real vocabularies: those of the samples beside the repository, and whatever lies in the folder that
/// <c>HARNESS_TEST_VOCABULARIES</c> names: GGUF files, and folders with a <c>tokenizer.json</c>.
/// </summary>
internal static class VocabulariesAtHand
{
    // A fresh clone shows by these names what it skips.
    private static readonly string[] Samples =
        ["baichuan", "deepseek-coder", "gpt-2", "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2", "starcoder"];

    private static readonly Lazy<SortedDictionary<string, string>> Paths = new(Find);

    /// <summary>All of them.</summary>
    public static IEnumerable<string> Names => Paths.Value.Keys.Union(Samples).Order(StringComparer.Ordinal);

    /// <summary>Those that texts and their ids lie beside.</summary>
    public static IEnumerable<string> WithCases =>
        Paths.Value.Count == 0 ? Samples : Paths.Value.Where(p => File.Exists(p.Value + ".inp") && File.Exists(p.Value + ".out")).Select(p => p.Key);

    /// <summary>Folders of models with a <c>tokenizer.json</c>.</summary>
    public static IEnumerable<string> JsonFolders => Paths.Value.Where(p => Directory.Exists(p.Value)).Select(p => p.Key);

    /// <summary>Whether a vocabulary of that name is at hand.</summary>
    public static bool IsThere(string name) => Paths.Value.ContainsKey(name);

    /// <summary>The file or folder of a name that is at hand.</summary>
    public static string PathOf(string name) => Paths.Value[name];

    /// <summary>The vocabulary of a name, in GGUF's words.</summary>
    /// <exception cref="UnsupportedTokenizerException">GGUF has no words for it.</exception>
    public static TokenizerData Read(string name)
    {
        string path = PathOf(name);
        if (Directory.Exists(path))
            return TokenizerDirectory.Read(path);
        using var file = GgufFile.Open(path);
        return TokenizerData.FromGguf(file.Metadata);
    }

    private static SortedDictionary<string, string> Find()
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        IEnumerable<string?> roots = [SharedPath.Find("vocab"), Environment.GetEnvironmentVariable("HARNESS_TEST_VOCABULARIES")];
        foreach (string root in roots.OfType<string>().Where(Directory.Exists))
        {
            foreach (string path in Directory.EnumerateFiles(root, "*.gguf", SearchOption.AllDirectories))
                found.TryAdd(Path.GetFileNameWithoutExtension(path).Replace("ggml-vocab-", "", StringComparison.Ordinal), path);
            foreach (string path in Directory.EnumerateFiles(root, "tokenizer.json", SearchOption.AllDirectories))
                found.TryAdd(Path.GetRelativePath(root, Path.GetDirectoryName(path)!).Replace(Path.DirectorySeparatorChar, '/'), Path.GetDirectoryName(path)!);
        }

        return found;
    }
}
