using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads and writes <c>matrix/backends/knowledge/BUILD.yaml</c>, a fact a line.</summary>
public static partial class KnowledgeFile
{
    /// <summary>The folder under <c>matrix/backends</c>.</summary>
    public const string FolderName = "knowledge";

    // Quotation marks and non-ASCII stay readable; YAML's double-quoted text knows JSON's escapes.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (string Field, Func<BackendKnowledge, IReadOnlyList<KnownFact>> Facts)[] Lists =
    [
        ("architectures", knowledge => knowledge.Architectures),
        ("tensor-types", knowledge => knowledge.TensorTypes),
        ("pre-tokenizers", knowledge => knowledge.PreTokenizers),
    ];

    /// <summary>The file's name for a build: <c>llama.cpp-b4600.yaml</c>.</summary>
    /// <param name="backend">The build.</param>
    public static string NameOf(BackendId backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        return backend.ToString().Replace('@', '-') + ".yaml";
    }

    /// <summary>The text of a file.</summary>
    /// <param name="knowledge">What it says.</param>
    public static string Write(BackendKnowledge knowledge)
    {
        ArgumentNullException.ThrowIfNull(knowledge);
        StringBuilder text = new();
        text.Append("# What this build knows, as its probes showed. Written by 'harness backends learn' from receipts; do not edit.\n");
        text.Append("backend: ").Append(knowledge.Backend).Append('\n');
        if (knowledge.Digest is { } digest) text.Append("digest: ").Append(Quoted(digest)).Append('\n');
        text.Append("seen: ").Append(Quoted(knowledge.Seen)).Append('\n');
        text.Append("command: ").Append(Quoted(knowledge.Command)).Append('\n');
        foreach ((string field, Func<BackendKnowledge, IReadOnlyList<KnownFact>> facts) in Lists)
        {
            if (facts(knowledge).Count == 0) continue;
            text.Append(field).Append(":\n");
            foreach (KnownFact fact in facts(knowledge))
            {
                text.Append(CultureInfo.InvariantCulture, $"  - {{ name: {Quoted(fact.Name)}, verdict: {fact.Verdict}, receipt: {Quoted(fact.Receipt)}");
                if (fact.Message is { } message) text.Append(", message: ").Append(Quoted(BuildFolder().Replace(message, "")));
                text.Append(" }\n");
            }
        }

        return text.ToString();
    }

    internal static void Read(YamlNode root, DiagnosticBag bag, Action<BackendKnowledge, SourceMark> add)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        string name = file.RequiredText("backend", "llama.cpp@b8390");
        if (!BackendId.TryParse(name, out BackendId? backend) && name.Length > 0)
            file.Report("backend", $"{Wording.Quote(name)} is no backend", "write it as llama.cpp@b8390");
        string? digest = file.Text("digest");
        string seen = file.RequiredText("seen", "2026-11-28"), command = file.RequiredText("command", "harness run --profile knowledge");
        IReadOnlyList<KnownFact>[] lists = [.. Lists.Select(list => Facts(file, list.Field))];
        file.Finish();
        if (backend is not null) add(new BackendKnowledge(backend, digest, seen, command, lists[0], lists[1], lists[2]), file.Mark);
    }

    private static List<KnownFact> Facts(FieldReader file, string field)
    {
        List<KnownFact> facts = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (FieldReader reader in file.Maps(field))
        {
            string name = reader.RequiredText("name", "qwen3");
            string verdict = reader.Choice("verdict", KnownFact.Verdicts, null) ?? "";
            string receipt = reader.RequiredText("receipt", "0123456789ab");
            facts.Add(new KnownFact(name, verdict, reader.Text("message"), receipt));
            reader.Finish();
            if (name.Length > 0 && !names.Add(name)) reader.Report("name", $"{Wording.Quote(name)} is listed twice", "keep one of the two");
        }

        return facts;
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Plain);

    // Where a build's sources lay on the machine that made it: no knowledge of the build, and somebody's path.
    [GeneratedRegex(@"[~/]\S*/llama\.cpp/(?=(?:src|ggml)/)")]
    private static partial Regex BuildFolder();
}
