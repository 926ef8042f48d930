using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads the files of a catalogue, joins them, and checks that what they name exists.</summary>
internal sealed class CatalogueReader
{
    private readonly string _directory;
    private readonly DiagnosticBag _bag;
    private readonly Dictionary<string, SourceMark> _seen = new(StringComparer.OrdinalIgnoreCase);

    private CatalogueReader(string directory, DiagnosticBag bag)
    {
        _directory = directory;
        _bag = bag;
    }

    public static Catalogue? Read(string directory, DiagnosticBag bag)
    {
        if (!Directory.Exists(directory))
        {
            bag.Add(new SourceMark(directory), null,
                File.Exists(directory) ? "this is a file; a catalogue is a directory" : "there is no such catalogue directory",
                "name the directory that holds models/, backends/, prompts/ and hardware/ (field 'catalogue' of the matrix)");
            return null;
        }

        return new CatalogueReader(directory, bag).Read();
    }

    private Catalogue Read()
    {
        List<ModelEntry> models = [];
        List<BackendEntry> backends = [];
        List<PromptEntry> prompts = [];
        List<ConversationEntry> conversations = [];
        List<HardwareEntry> hardware = [];
        List<Expectation> expectations = [];
        List<KnownIssue> issues = [];
        List<BackendKnowledge> knowledge = [];
        List<Cause> causes = [];
        ReadFolder("models", root => ModelFile.Read(root, _bag, Unique<ModelEntry>("model", model => model.Id, models)));
        ReadFolder("backends", root => BackendFile.Read(root, _bag, Unique<BackendEntry>("backend", backend => backend.Engine, backends)));
        ReadAny(Path.Combine("backends", KnowledgeFile.FolderName), root => KnowledgeFile.Read(
            root, _bag, Unique<BackendKnowledge>("knowledge of", known => known.Backend.ToString(), knowledge)));
        ReadFolder("prompts", root => PromptFile.Read(
            root, _bag, Unique<PromptEntry>("prompt", prompt => prompt.Id, prompts),
            Unique<ConversationEntry>("conversation", conversation => conversation.Id, conversations)));
        ReadFolder("hardware", root => HardwareEntry.ReadFile(root, _bag, Unique<HardwareEntry>("hardware", entry => entry.Api, hardware)));
        ReadOptional("expectations.yaml", root => Expectation.ReadFile(root, _bag, expectations));
        ReadOptional("known-issues.yaml", root => KnownIssue.ReadFile(root, _bag, Unique<KnownIssue>("known issue", issue => issue.Id, issues)));

        ReadOptional("causes.yaml", root => CauseFile.Read(root, _bag, Unique<Cause>("cause", cause => cause.Id, causes)));

        models.Sort((a, b) => string.CompareOrdinal(a.Id, b.Id));
        backends.Sort((a, b) => string.CompareOrdinal(a.Engine, b.Engine));
        knowledge.Sort((a, b) => a.Backend.CompareTo(b.Backend));
        Catalogue catalogue = new(_directory, models, backends, prompts, conversations, hardware, expectations, issues)
        {
            Knowledge = knowledge,
            Causes = causes,
        };

        // Names are checked only when every file could be read: otherwise each reference to a broken file is "unknown".
        if (_bag.Count == 0) CheckNames(catalogue);
        return catalogue;
    }

    private void ReadFolder(string name, Action<YamlNode> read)
    {
        if (!ReadAny(name, read))
            _bag.Add(new SourceMark(Path.Combine(_directory, name)), null, $"the catalogue has no {name}: there is no .yaml file here", "add one, or name another catalogue");
    }

    /// <summary>Reads the files of a folder, if there are any.</summary>
    private bool ReadAny(string name, Action<YamlNode> read)
    {
        string folder = Path.Combine(_directory, name);
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.yaml") : [];
        Array.Sort(files, StringComparer.Ordinal);
        foreach (string file in files) ReadFile(file, read);
        return files.Length > 0;
    }

    private void ReadOptional(string name, Action<YamlNode> read)
    {
        string file = Path.Combine(_directory, name);
        if (File.Exists(file)) ReadFile(file, read);
    }

    private void ReadFile(string file, Action<YamlNode> read)
    {
        if (YamlText.Read(file, file, _bag) is { } text && YamlComposer.Compose(text, file, _bag) is { } root) read(root);
    }

    /// <summary>Adds entries to a list unless another file (or the same) has the id already.</summary>
    private Action<T, SourceMark> Unique<T>(string what, Func<T, string> id, List<T> list) => (entry, mark) =>
    {
        string key = what + " " + id(entry);
        if (_seen.TryAdd(key, mark)) list.Add(entry);
        else
        {
            SourceMark first = _seen[key];
            _bag.Add(mark, "id", $"the {what} {Wording.Quote(id(entry))} exists already", $"it is first described in {first.File}:{first.Line}: give one of the two another id");
        }
    };

    private void CheckNames(Catalogue catalogue)
    {
        CatalogueNames names = new(catalogue);
        foreach (PromptEntry prompt in catalogue.Prompts)
        {
            CatalogueNames.Check(_bag, "model", [.. names.Models, ModelEntry.Unlisted], prompt.Models, "models");
            foreach (Transcript transcript in prompt.Transcripts)
            {
                if (catalogue.FindModel(transcript.Model) is null)
                    _bag.AddUnknown(prompt.Models[0].Mark ?? new(_directory), "transcripts", "model", transcript.Model, names.Models);
            }
        }

        foreach (ConversationEntry conversation in catalogue.Conversations)
            CatalogueNames.Check(_bag, "model", [.. names.Models, ModelEntry.Unlisted], conversation.Models, "models");

        foreach (Expectation expectation in catalogue.Expectations)
        {
            names.Check(_bag, expectation.Cells);
            foreach (CellPattern except in expectation.Except) names.Check(_bag, except);
        }

        foreach (KnownIssue issue in catalogue.KnownIssues) names.Check(_bag, issue.Cells);
    }
}
