using Harness.Runner.Cells;
using Harness.Workers;
using Harness.Workers.Memory;

namespace Harness.Runner.Speed;

/// <summary>
/// Measures how fast backends run a model. Each has a worker process of its own; with several, their repetitions are
/// interleaved one by one, so that a busy moment of the machine falls on all of them alike. Times are those of the
/// worker's clock.
/// </summary>
/// <param name="launcher">Starts workers.</param>
/// <param name="progress">Hears the name of each measurement as it begins, or null.</param>
public sealed class SpeedMeter(WorkerLauncher launcher, Action<string>? progress = null)
{
    private static readonly WorkerLimits Limits = new()
    {
        // One big model on a slow disk or processor; a person who waits for it has Ctrl-C.
        Load = TimeSpan.FromMinutes(30),
        Request = TimeSpan.FromHours(2),
    };

    /// <summary>Runs all tests on all backends.</summary>
    /// <param name="backends">The backends, at least one.</param>
    /// <param name="model">Full path of the model's file.</param>
    /// <param name="tests">The tests, at least one.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="cache">How keys and values are stored.</param>
    /// <param name="repetitions">How often each test is timed, at least 1; one more run before them is not.</param>
    /// <param name="cancellation">Kills the workers.</param>
    /// <returns>One for each backend, in their order.</returns>
    /// <exception cref="WorkerException">A backend failed.</exception>
    /// <exception cref="BackendFailedException">A backend failed; names it.</exception>
    public async Task<IReadOnlyList<BackendSpeed>> MeasureAsync(
        IReadOnlyList<BackendAtHand> backends,
        string model,
        IReadOnlyList<SpeedTest> tests,
        int threads,
        CacheFormat cache,
        int repetitions,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backends);
        ArgumentNullException.ThrowIfNull(tests);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        var subjects = new List<Subject>();
        try
        {
            foreach (BackendAtHand backend in backends)
            {
                var subject = new Subject(backend, launcher.Start(backend.Command, Limits), tests.Count);
                subjects.Add(subject);
                progress?.Invoke($"{backend.Id}: loads");
                await subject.GuardAsync(() => subject.LoadAsync(model, tests.Max(t => t.Positions), threads, cache, cancellation)).ConfigureAwait(false);
            }

            // The first round is not timed: pages are read, code is compiled, buffers are touched.
            for (int round = 0; round <= repetitions; round++)
            {
                for (int test = 0; test < tests.Count; test++)
                {
                    foreach (Subject subject in subjects)
                    {
                        progress?.Invoke($"{subject.Backend.Id}: {tests[test].Name}, {(round == 0 ? "warm-up" : $"{round} of {repetitions}")}");
                        double seconds = 0;
                        await subject.GuardAsync(async () => seconds = await subject.RunAsync(tests[test], cancellation).ConfigureAwait(false)).ConfigureAwait(false);
                        if (round > 0) subject.Seconds[test].Add(seconds);
                    }
                }
            }

            var measured = new List<BackendSpeed>();
            foreach (Subject subject in subjects)
            {
                WorkerEnd end = await subject.Session.ExitAsync(cancellation).ConfigureAwait(false);
                measured.Add(subject.Measured(tests, threads, end.Peak));
            }

            return measured;
        }
        finally
        {
            foreach (Subject subject in subjects)
                await subject.Session.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One backend while it is measured.</summary>
    private sealed class Subject(BackendAtHand backend, WorkerSession session, int tests)
    {
        private BackendIdentity? identity;
        private LoadedModel? loaded;
        private TimeSpan loadToFirstToken;

        public BackendAtHand Backend => backend;

        public WorkerSession Session => session;

        public List<double>[] Seconds { get; } = [.. Enumerable.Range(0, tests).Select(_ => new List<double>())];

        public async Task LoadAsync(string model, int positions, int threads, CacheFormat cache, CancellationToken cancellation)
        {
            identity = (await session.HelloAsync(cancellation).ConfigureAwait(false)).Value.Identity;
            var request = new LoadRequest(model, positions, "cpu", threads, OwnDefaults: true, Cache: cache);
            Answer<LoadedModel> load = await session.LoadAsync(request, cancellation).ConfigureAwait(false);
            loaded = load.Value;
            Answer<GeneratedTokens> first = await session.GenerateAsync(
                new GenerateRequest(Ids(1), 1, IgnoreEndOfGeneration: true), cancellation: cancellation).ConfigureAwait(false);
            loadToFirstToken = load.WallClock + first.WallClock;
        }

        public async Task<double> RunAsync(SpeedTest test, CancellationToken cancellation)
        {
            // The first token comes with the prompt's evaluation: each one after it is an evaluation of its own.
            int prompt = test.PromptTokens > 0 ? test.PromptTokens : Math.Max(1, test.Depth);
            var request = new GenerateRequest(Ids(prompt), test.GeneratedTokens + 1, IgnoreEndOfGeneration: true);
            Generation generation = (await session.GenerateAsync(request, cancellation: cancellation).ConfigureAwait(false)).Value.Generation;
            if (generation.GeneratedTokens != test.GeneratedTokens + 1)
            {
                throw new BackendFailedException(
                    backend.Id, $"it generated {generation.GeneratedTokens} of {test.GeneratedTokens + 1} tokens and stopped: {generation.StopReason}");
            }

            return Math.Max(1e-9, (test.PromptTokens > 0 ? generation.PrefillTime : generation.DecodeTime).TotalSeconds);
        }

        public BackendSpeed Measured(IReadOnlyList<SpeedTest> tests, int threads, PeakMemory? peak) => new(
            backend.Id, identity!, loaded!, threads,
            [.. tests.Select((test, i) => new SpeedResult(test, threads, Seconds[i]))],
            loadToFirstToken, peak);

        public async Task GuardAsync(Func<Task> act)
        {
            try
            {
                await act().ConfigureAwait(false);
            }
            catch (WorkerException e)
            {
                throw new BackendFailedException(backend.Id, e.Failure.Message, e);
            }
        }

        // Spread over the vocabulary, and the same for every backend.
        private int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => (int)(((i * 7919L) + 11) % loaded!.VocabularySize))];
    }
}

/// <summary>A backend failed while it was measured.</summary>
/// <param name="backend">The backend, as <c>llama.cpp@v0.5.0</c>.</param>
/// <param name="reason">Why, in its own words.</param>
/// <param name="inner">The failure.</param>
public sealed class BackendFailedException(string backend, string reason, Exception? inner = null) : Exception($"{backend}: {reason}", inner)
{
    /// <summary>The backend.</summary>
    public string Backend => backend;

    /// <summary>Why.</summary>
    public string Reason => reason;
}
