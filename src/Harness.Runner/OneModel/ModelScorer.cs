using Harness.Runner.Cells;
using Harness.Workers;

namespace Harness.Runner.OneModel;

/// <summary>
/// Scores token ids with one model on one backend, in a worker process of its own: whatever the model's file does to
/// the backend, the harness lives to tell it. The process costs about a tenth of a second more than the engine inside
/// this one would. Needs no tokenizer when ids are given.
/// </summary>
/// <param name="launcher">Starts the worker.</param>
/// <param name="threads">Compute threads, at least 1.</param>
public sealed class ModelScorer(WorkerLauncher launcher, int threads)
{
    /// <summary>What is tokenized when nobody gives ids: letters, digits, marks, a line break, and bytes beyond ASCII.</summary>
    private const string Sentence = "The year 1815 ended with snow; \"naïve\" readers counted 1 + 1 = 2.\nif (x > 0) return x * x; // done";

    /// <summary>Positions asked for when nobody gives ids.</summary>
    private const int ChosenContext = 64;

    private static readonly WorkerLimits Limits = new()
    {
        // One big model on a slow disk or processor; a person who waits for it has Ctrl-C.
        Load = TimeSpan.FromMinutes(30),
        Request = TimeSpan.FromHours(2),
    };

    /// <summary>Loads, evaluates once, and leaves the raw logits in a file.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="model">Full path of the model's file.</param>
    /// <param name="ids">
    /// Token ids; null for the ids of a sentence where the model's tokenizer is known, and then ids spread over the
    /// vocabulary: the same ones for every backend with the same tokenizer.
    /// </param>
    /// <param name="logitsPath">Full path of the file to write: little-endian float32, tokens × vocabulary.</param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>What was scored.</returns>
    /// <exception cref="WorkerException">The backend failed; the file may exist, incomplete.</exception>
    /// <exception cref="UnknownTokenException">An id is outside the vocabulary; nothing was evaluated.</exception>
    public async Task<ScoredModel> ScoreAsync(
        BackendAtHand backend, string model, IReadOnlyList<int>? ids, string logitsPath, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backend);
        WorkerSession session = launcher.Start(backend.Command, Limits);
        await using (session.ConfigureAwait(false))
        {
            Answer<WorkerHello> hello = await session.HelloAsync(cancellation).ConfigureAwait(false);
            var request = new LoadRequest(model, ids?.Count ?? ChosenContext, "cpu", threads);
            LoadedModel loaded = (await session.LoadAsync(request, cancellation).ConfigureAwait(false)).Value;
            ids ??= await ChooseAsync(session, loaded, cancellation).ConfigureAwait(false);
            foreach (int id in ids)
            {
                if (id < 0 || id >= loaded.VocabularySize) throw new UnknownTokenException(id, loaded.VocabularySize);
            }

            Answer<ScoredTokens> scored = await session.ScoreAsync(ids, logitsPath, cancellation: cancellation).ConfigureAwait(false);
            if (scored.Value.LogitsPath is null)
                throw new WorkerException(new WorkerFailure(WorkerFailureKind.Unsupported, WorkerFailureCause.Reported, $"{backend.Id} gives no raw logits"));
            await session.ExitAsync(cancellation).ConfigureAwait(false);
            return new ScoredModel(backend.Id, hello.Value.Identity, loaded, scored.Value.Scoring, ids);
        }
    }

    private static async Task<IReadOnlyList<int>> ChooseAsync(WorkerSession session, LoadedModel loaded, CancellationToken cancellation)
    {
        int[] sentence = [];
        try
        {
            sentence = (await session.TokenizeAsync(Sentence, addSpecial: true, parseSpecial: false, cancellation).ConfigureAwait(false)).Value;
        }
        catch (WorkerException e) when (e.Failure.Cause == WorkerFailureCause.Reported)
        {
            // An unknown tokenizer: ids over the vocabulary say as much about the numbers.
        }

        int[] valid = [.. sentence.Where(id => id >= 0 && id < loaded.VocabularySize)];
        return PromptSet.ScoreIds([valid], loaded.VocabularySize, loaded.ContextLength);
    }
}

/// <summary>Ids scored by a model on a backend.</summary>
/// <param name="Backend">The backend, as <c>llama.cpp@v0.5.0</c>.</param>
/// <param name="Identity">What the backend says of itself.</param>
/// <param name="Loaded">What was loaded.</param>
/// <param name="Scoring">How the evaluation went, by the worker's clock.</param>
/// <param name="Ids">The ids.</param>
public sealed record ScoredModel(string Backend, BackendIdentity Identity, LoadedModel Loaded, Scoring Scoring, IReadOnlyList<int> Ids);

/// <summary>A token id outside a model's vocabulary.</summary>
/// <param name="id">The id.</param>
/// <param name="vocabularySize">Ids go from 0 to one less.</param>
public sealed class UnknownTokenException(int id, int vocabularySize)
    : Exception($"the token id {id} is outside the vocabulary of {vocabularySize}")
{
    /// <summary>The id.</summary>
    public int Id => id;

    /// <summary>Tokens of the vocabulary.</summary>
    public int VocabularySize => vocabularySize;
}
