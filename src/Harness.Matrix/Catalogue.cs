namespace Harness.Matrix;

/// <summary>Everything known of models, backends, prompts and hardware: data, read once, with no code in it.</summary>
public sealed class Catalogue
{
    private readonly Dictionary<string, ModelEntry> _models;

    internal Catalogue(
        string directory,
        IReadOnlyList<ModelEntry> models,
        IReadOnlyList<BackendEntry> backends,
        IReadOnlyList<PromptEntry> prompts,
        IReadOnlyList<ConversationEntry> conversations,
        IReadOnlyList<HardwareEntry> hardware,
        IReadOnlyList<Expectation> expectations,
        IReadOnlyList<KnownIssue> knownIssues)
    {
        Directory = directory;
        Models = models;
        Backends = backends;
        Prompts = prompts;
        Conversations = conversations;
        Hardware = hardware;
        Expectations = expectations;
        KnownIssues = knownIssues;
        _models = models.ToDictionary(model => model.Id, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The directory it was read from; files of trained models are relative to it.</summary>
    public string Directory { get; }

    /// <summary>Models, by id.</summary>
    public IReadOnlyList<ModelEntry> Models { get; }

    /// <summary>Engines, by name.</summary>
    public IReadOnlyList<BackendEntry> Backends { get; }

    /// <summary>Prompts, in the order of files and lines.</summary>
    public IReadOnlyList<PromptEntry> Prompts { get; }

    /// <summary>Conversations for the chat check, in the order of files and lines.</summary>
    public IReadOnlyList<ConversationEntry> Conversations { get; }

    /// <summary>Hardware APIs.</summary>
    public IReadOnlyList<HardwareEntry> Hardware { get; }

    /// <summary>Which cells are expected to work.</summary>
    public IReadOnlyList<Expectation> Expectations { get; }

    /// <summary>What people know.</summary>
    public IReadOnlyList<KnownIssue> KnownIssues { get; }

    /// <summary>What each probed build knows, from old to new.</summary>
    public IReadOnlyList<BackendKnowledge> Knowledge { get; internal init; } = [];

    /// <summary>Causes of failures, the most telling first.</summary>
    public IReadOnlyList<Cause> Causes { get; internal init; } = [];

    /// <summary>
    /// Reads a catalogue: <c>models/</c>, <c>backends/</c> with <c>knowledge/</c>, <c>prompts/</c>, <c>hardware/</c>,
    /// <c>expectations.yaml</c>, <c>known-issues.yaml</c>, <c>causes.yaml</c>.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="MatrixException">With every mistake found, in all of its files.</exception>
    public static Catalogue Load(string directory)
    {
        DiagnosticBag bag = new();
        Catalogue? catalogue = CatalogueReader.Read(directory, bag);
        bag.ThrowIfAny();
        return catalogue!;
    }

    /// <summary>The catalogue with one more model, named by nobody but the command line.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="ArgumentException">Its id is taken.</exception>
    public Catalogue With(ModelEntry model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(Directory, [.. Models, model], Backends, Prompts, Conversations, Hardware, Expectations, KnownIssues)
        {
            Knowledge = Knowledge,
            Causes = Causes,
        };
    }

    /// <summary>Finds a model by id; case does not matter.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The model, or null.</returns>
    public ModelEntry? FindModel(string id) => _models.GetValueOrDefault(id);

    /// <summary>Finds a listed build.</summary>
    /// <param name="id">Engine and version.</param>
    /// <returns>The build, or null.</returns>
    public BackendBuild? FindBuild(BackendId id)
    {
        foreach (BackendEntry backend in Backends)
        {
            foreach (BackendBuild build in backend.Builds)
            {
                if (build.Id.Equals(id)) return build;
            }
        }

        return null;
    }

    /// <summary>The first expectation that covers a cell, or null.</summary>
    /// <param name="cell">The cell.</param>
    public Expectation? ExpectationFor(Cell cell)
    {
        foreach (Expectation expectation in Expectations)
        {
            if (expectation.Covers(cell)) return expectation;
        }

        return null;
    }

    /// <summary>Prompts asked of a model.</summary>
    /// <param name="model">Id of the model.</param>
    public IReadOnlyList<PromptEntry> PromptsFor(string model)
    {
        string name = FindModel(model)?.Reference is null ? model : ModelEntry.Unlisted;
        return Prompts.Where(prompt => prompt.AppliesTo(name)).ToArray();
    }

    /// <summary>The first conversation for a model, or null.</summary>
    /// <param name="model">Id of the model.</param>
    public ConversationEntry? ConversationFor(string model)
    {
        string name = FindModel(model)?.Reference is null ? model : ModelEntry.Unlisted;
        return Conversations.FirstOrDefault(conversation => conversation.AppliesTo(name));
    }

    /// <summary>What people know about a cell.</summary>
    /// <param name="cell">The cell.</param>
    public IReadOnlyList<KnownIssue> KnownIssuesFor(Cell cell) => KnownIssues.Where(issue => issue.Cells.Matches(cell)).ToArray();
}
