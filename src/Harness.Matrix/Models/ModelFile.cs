using System.Text.RegularExpressions;
using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads <c>matrix/models/FAMILY.yaml</c>.</summary>
internal static partial class ModelFile
{
    private static readonly string[] Origins = ["hub", "forged", "trained"];

    public static void Read(YamlNode root, DiagnosticBag bag, Action<ModelEntry, SourceMark> add)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        string family = file.RequiredText("family", "qwen2.5");
        string? architecture = file.Text("architecture");
        foreach (FieldReader model in file.Maps("models", required: !file.Has("probes") && !file.Has("pre-tokenizers")))
        {
            if (Model(model, family, architecture) is { Id.Length: > 0 } entry) add(entry, model.Mark);
        }

        if (file.Map("probes") is { } probes) Probes(probes, family, add);
        if (file.Map("pre-tokenizers") is { } preTokenizers) PreTokenizers(preTokenizers, family, add);
        file.Finish();
    }

    /// <summary>The probes of a list of architectures: <c>probe-NAME</c> for each, alike in everything else.</summary>
    private static void Probes(FieldReader reader, string family, Action<ModelEntry, SourceMark> add)
    {
        int seed = reader.Integer("seed", 0, int.MaxValue, 0);
        List<QuantSource> quants = Quants(reader, "forged");
        IReadOnlyList<string> defaults = Defaults(reader, quants);
        _ = reader.RequiredNode("architectures", "[llama, qwen2]");
        foreach ((string word, SourceMark mark) in reader.Words("architectures"))
        {
            // GGUF writes ernie4_5; an id has no underscore.
            string id = $"probe-{word.Replace('_', '-')}";
            if (!CatalogueName.IsOne(id))
                reader.Bag.Add(mark, reader.PathOf("architectures"), $"{Wording.Quote(word)} is no architecture", "name it as GGUF files do, in small letters");
            add(
                new ModelEntry(
                    id, $"Probe ({word})", family, word, VariantOrigin.Forged, null, "main", (ulong)seed, null, quants, defaults, false, null),
                mark);
        }

        reader.Finish();
    }

    /// <summary>The probes of a list of pre-tokenizers: <c>pre-NAME</c> for each, one probe with another name in its header.</summary>
    private static void PreTokenizers(FieldReader reader, string family, Action<ModelEntry, SourceMark> add)
    {
        string architecture = reader.RequiredText("architecture", "qwen2");
        int seed = reader.Integer("seed", 0, int.MaxValue, 0);
        List<QuantSource> quants = Quants(reader, "forged");
        IReadOnlyList<string> defaults = Defaults(reader, quants);
        foreach ((string word, SourceMark mark) in reader.Words("names", required: true, example: "[llama-bpe, qwen2]"))
        {
            string id = $"pre-{word.Replace('_', '-')}";
            if (!CatalogueName.IsOne(id))
                reader.Bag.Add(mark, reader.PathOf("names"), $"{Wording.Quote(word)} is no pre-tokenizer", "name it as GGUF files do in tokenizer.ggml.pre");
            var entry = new ModelEntry(
                id, $"Probe (pre-tokenizer {word})", family, architecture, VariantOrigin.Forged, null, "main", (ulong)seed, null, quants, defaults, false, null);
            add(entry with { PreTokenizer = word }, mark);
        }

        reader.Finish();
    }

    private static ModelEntry? Model(FieldReader reader, string family, string? familyArchitecture)
    {
        string id = CatalogueName.Read(reader, "id", "qwen2.5-0.5b");
        // Which other fields are right depends on the origin: without it, more messages would only mislead.
        if (reader.Choice("origin", Origins, "hub") is not { } origin) return null;
        string? architecture = reader.Text("architecture") ?? familyArchitecture;
        if (architecture is null)
            reader.Report("architecture", "the required field 'architecture' is missing", "add it here or once for the family, as in 'architecture: llama'");

        string? repository = Repository(reader, "repository");
        string revision = reader.Text("revision") ?? "main";
        if (origin == "hub")
        {
            if (!reader.Has("repository"))
                reader.Report("repository", "the required field 'repository' is missing", "a model from a hub names it, as in 'repository: Qwen/Qwen2.5-0.5B-Instruct-GGUF'");
        }
        else if (repository is not null)
        {
            reader.Report("repository", $"a {origin} model has no repository", "remove the field, or write 'origin: hub'");
        }

        int seed = reader.Integer("seed", 0, int.MaxValue, 0);
        if (seed != 0 && origin != "forged") reader.Report("seed", $"a {origin} model has no seed", "remove the field, or write 'origin: forged'");
        ModelShape? shape = null;
        if (reader.Map("shape") is { } shapeReader) shape = ModelShape.Read(shapeReader);
        else if (origin == "hub" && !reader.Has("shape") && !reader.Has("parameters"))
            reader.Report("shape", "neither 'shape' nor 'parameters' is given", "copy the shape from the published configuration: layers, embedding-length, heads, kv-heads, feed-forward-length, vocabulary-size, context-length; or say how many parameters there are");

        IReadOnlyList<QuantSource> quants = Quants(reader, origin);
        IReadOnlyList<string> defaults = Defaults(reader, quants);
        ModelEntry entry = new(
            id,
            reader.Text("name") ?? id,
            family,
            architecture ?? "",
            origin switch { "forged" => VariantOrigin.Forged, "trained" => VariantOrigin.Trained, _ => VariantOrigin.Hub },
            repository,
            revision,
            (ulong)seed,
            shape,
            quants,
            defaults,
            reader.Flag("unverified"),
            reader.Text("notes"))
        {
            Parameters = reader.Count("parameters"),
            ActiveParameters = reader.Count("active-parameters"),
            License = reader.Text("license"),
            Gated = reader.Flag("gated"),
            Base = Repository(reader, "base"),
            BaseGated = reader.Flag("base-gated"),
        };
        if (entry is { ActiveParameters: { } active, Parameters: var all } && !(active <= all))
            reader.Report("active-parameters", "more parameters are active than there are", "check the model's own page, and give 'parameters' too");
        reader.Finish();
        return entry;
    }

    private static string? Repository(FieldReader reader, string field)
    {
        if (reader.Text(field) is not { } name) return null;
        if (RepositoryForm().IsMatch(name)) return name;
        reader.Report(field, $"{Wording.Quote(name)} is no repository", $"write owner/name, as in '{field}: Qwen/Qwen2.5-0.5B-Instruct-GGUF'");
        return null;
    }

    /// <summary>Files named alike but for the quantization: <c>files: "model-{quant}.gguf"</c> beside a list of quants.</summary>
    private static List<QuantSource> NamedAlike(FieldReader reader, string pattern)
    {
        const string place = "{quant}";
        List<QuantSource> sources = [];
        bool unverified = reader.Flag("unverified");
        if (!pattern.Contains(place, StringComparison.Ordinal))
            reader.Report("files", $"{Wording.Quote(pattern)} does not say where the quantization stands", "write 'files: \"model-{quant}.gguf\"', or name a file for each of 'quants'");
        foreach ((string word, SourceMark mark) in reader.Words("quants"))
        {
            if (Known(reader, word, mark) is not { } quantization) continue;
            string name = pattern.Replace(place, word, StringComparison.Ordinal);
            if (FilePattern(reader.Bag, mark, reader.PathOf("files"), name, "the repository") is null) break;
            Add(reader, sources, new(quantization, VariantOrigin.Hub, name, null, unverified), mark);
        }

        return sources;
    }

    private static List<QuantSource> Quants(FieldReader reader, string origin)
    {
        if (origin == "hub" && reader.Text("files") is { } pattern) return NamedAlike(reader, pattern);
        List<QuantSource> sources = [];
        YamlNode? node = reader.RequiredNode("quants", origin == "forged" ? "[F16, Q8_0]" : "{ Q4_K_M: file.gguf }");
        if (origin == "forged")
        {
            foreach ((string word, SourceMark mark) in reader.Words("quants"))
            {
                if (Known(reader, word, mark) is { } quantization) Add(reader, sources, new(quantization, VariantOrigin.Forged, null, null, false), mark);
            }

            return sources;
        }

        if (node is null) return sources;
        foreach ((ScalarNode key, YamlNode value) in reader.Entries("quants"))
        {
            if (Known(reader, key.Value, key.Mark) is not { } quantization) continue;
            if (Source(reader, origin, quantization, value) is { } source) Add(reader, sources, source, key.Mark);
        }

        foreach (QuantSource source in sources)
        {
            if (source.Parent is null) continue;
            if (sources.All(other => other.Quantization.Name != source.Parent || other.Origin == VariantOrigin.Quantized))
            {
                reader.Report("quants", $"{source.Quantization.Name} is quantized from {Wording.Quote(source.Parent)}, which this model does not have as a file",
                    Wording.NearestOf(source.Parent, sources.Where(other => other.Origin != VariantOrigin.Quantized).Select(other => other.Quantization.Name).ToList()));
            }
        }

        if (node is MapNode { Entries.Count: 0 }) reader.Report("quants", "the map is empty", "name at least one quantization and its file");
        return sources;
    }

    private static void Add(FieldReader reader, List<QuantSource> sources, QuantSource source, SourceMark mark)
    {
        if (sources.Any(other => other.Quantization == source.Quantization))
            reader.Bag.Add(mark, reader.PathOf("quants"), $"{source.Quantization.Name} is listed twice", "keep one of the two");
        else
            sources.Add(source);
    }

    private static Quantization? Known(FieldReader reader, string word, SourceMark mark)
    {
        Quantization? known = Quantization.Find(word);
        if (known is null) reader.Bag.AddUnknown(mark, reader.PathOf("quants"), "quantization", word, Quantization.Names.ToArray());
        return known;
    }

    private static QuantSource? Source(FieldReader model, string origin, Quantization quantization, YamlNode value)
    {
        VariantOrigin own = origin == "trained" ? VariantOrigin.Trained : VariantOrigin.Hub;
        string path = model.PathOf("quants") + "." + quantization.Name;
        if (value is ScalarNode { IsNull: false } pattern)
        {
            return Checked(pattern.Value, pattern.Mark) is { } name ? new(quantization, own, name, null, false) : null;
        }

        if (FieldReader.Open(value, path, model.Bag) is not { } reader) return null;
        string? file = reader.Text("file");
        string? parent = reader.Text("quantized-from");
        bool unverified = reader.Flag("unverified");
        reader.Finish();
        if (file is null == parent is null)
        {
            model.Bag.Add(reader.Mark, path, file is null ? "neither a file nor a parent is named" : "both a file and a parent are named", "write either 'file: name.gguf' or 'quantized-from: F16'");
            return null;
        }

        if (parent is not null) return new(quantization, VariantOrigin.Quantized, null, parent, unverified);
        return Checked(file!, reader.Mark) is { } checkedName ? new(quantization, own, checkedName, null, unverified) : null;

        string? Checked(string name, SourceMark mark) =>
            FilePattern(model.Bag, mark, path, name, own == VariantOrigin.Hub ? "the repository" : "the catalogue");
    }

    private static string? FilePattern(DiagnosticBag bag, SourceMark mark, string path, string name, string inside)
    {
        // A catalogue may come from a stranger's pull request: its paths stay inside the repository or the catalogue.
        bool escapes = name.Contains('\\', StringComparison.Ordinal) || name.StartsWith('/') || name.Contains(':', StringComparison.Ordinal)
            || name.Split('/').Any(part => part is "" or "." or "..");
        if (escapes)
        {
            bag.Add(mark, path, $"{Wording.Quote(name)} is no file inside {inside}", "write a relative path with /, without '..'");
            return null;
        }

        if (Glob.TryParse(name, out _, out string? fault)) return name;
        bag.Add(mark, path, $"{Wording.Quote(name)} is no file pattern: {fault}", "write the file's name, in which * stands for any text");
        return null;
    }

    private static List<string> Defaults(FieldReader reader, IReadOnlyList<QuantSource> quants)
    {
        string[] names = quants.Select(source => source.Quantization.Name).ToArray();
        List<string> defaults = [];
        foreach ((string word, SourceMark mark) in reader.Words("default-quants"))
        {
            if (names.Contains(word)) defaults.Add(word);
            else if (names.Length > 0) reader.Bag.AddUnknown(mark, reader.PathOf("default-quants"), "quantization of this model", word, names);
        }

        if (defaults.Count > 0 || names.Length == 0) return defaults;
        // What most people download when nothing is said.
        string[] usual = names.Where(name => name is "Q4_K_M").ToArray();
        return [.. usual.Length > 0 ? usual : names[..1]];
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex RepositoryForm();
}
