using Harness.Text.Templates;
using Harness.Workers.Memory;
using Harness.Workers.Processes;
using Harness.Workers.Protocol;

namespace Harness.Workers;

/// <summary>
/// A conversation with one worker process. Requests go one at a time, in the order they are made. A request that fails
/// throws <see cref="WorkerException"/> with the classified failure; only after an error the worker itself reported is
/// the session still of use. A cancelled request kills the worker, since nothing else is sure to stop it.
/// </summary>
public sealed class WorkerSession : IAsyncDisposable
{
    private readonly WorkerLimits limits;
    private readonly WorkerPump pump;
    private readonly SemaphoreSlim turn = new(1, 1);
    private long lastId;

    internal WorkerSession(WorkerCommand command, WorkerLimits limits, IChild child, WorkerPump pump)
    {
        Command = command;
        this.limits = limits;
        this.pump = pump;
        ProcessId = child.Id;
    }

    /// <summary>What was started.</summary>
    public WorkerCommand Command { get; }

    /// <summary>The worker's process id.</summary>
    public int ProcessId { get; }

    /// <summary>Completes when the process has ended and been reaped, whatever the reason; never fails.</summary>
    public Task<WorkerEnd> Ended => pump.Ended;

    /// <summary>Whether the process has not ended yet, as far as is known.</summary>
    public bool IsAlive => !pump.Ended.IsCompleted;

    /// <summary>Asks who the worker is. The first request of a session.</summary>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>Its identity; the wall-clock time does not include the start of the process before this call.</returns>
    /// <exception cref="WorkerException">It failed; a worker of another protocol version is a protocol failure.</exception>
    public Task<Answer<WorkerHello>> HelloAsync(CancellationToken cancellation = default) => AskAsync(
        new WireRequest { Id = NextId(), Type = "hello", Protocol = WireProtocol.Version },
        limits.Hello, AnswerReader.Hello, null, cancellation);

    /// <summary>Loads a model, in place of one loaded before.</summary>
    /// <param name="request">The file and how to run it.</param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>What was loaded.</returns>
    /// <exception cref="WorkerException">It failed.</exception>
    public Task<Answer<LoadedModel>> LoadAsync(LoadRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return AskAsync(
            new WireRequest
            {
                Id = NextId(),
                Type = "load",
                Path = request.Path,
                ContextLength = request.ContextLength,
                Device = request.Device,
                Threads = request.Threads,
                OwnDefaults = request.OwnDefaults ? true : null,
                Touch = request.Touch ? true : null,
                Cache = request.Cache == CacheFormat.F16 ? null : CacheFormats.NameOf(request.Cache),
            },
            limits.Load, AnswerReader.Load, null, cancellation);
    }

    /// <summary>Turns text into ids with the loaded model's tokenizer.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecial">Adds BOS/EOS where the model's metadata asks for them.</param>
    /// <param name="parseSpecial">Parses the text of special tokens into their ids.</param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>The ids.</returns>
    /// <exception cref="WorkerException">It failed.</exception>
    public Task<Answer<int[]>> TokenizeAsync(
        string text, bool addSpecial, bool parseSpecial, CancellationToken cancellation = default) => AskAsync(
        new WireRequest
        {
            Id = NextId(),
            Type = "tokenize",
            Text = text,
            AddSpecial = addSpecial,
            ParseSpecial = parseSpecial,
        },
        limits.Request, AnswerReader.Tokenize, null, cancellation);

    /// <summary>Has the backend make a prompt of a conversation the way it does it by itself.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="now">The time a template may print; null for the worker's own.</param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>The prompt and its ids.</returns>
    /// <exception cref="WorkerException">It failed; a worker that applies no templates reports that it is unsupported.</exception>
    public Task<Answer<ChatApplied>> ChatAsync(
        IReadOnlyList<ChatMessage> messages, DateTimeOffset? now = null, CancellationToken cancellation = default) => AskAsync(
        new WireRequest
        {
            Id = NextId(),
            Type = "chat",
            Now = now?.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
            Messages = [.. messages.Select(message => new WireMessage { Role = message.Role, Content = message.Content })],
        },
        limits.Request, AnswerReader.Chat, null, cancellation);

    /// <summary>Generates greedily from ids, from a fresh context.</summary>
    /// <param name="request">Prompt ids and limits.</param>
    /// <param name="onToken">
    /// Called with each token as it arrives, on the session's own thread: it must be quick. What it saw stays true when
    /// the generation fails later.
    /// </param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>The tokens and how it went.</returns>
    /// <exception cref="WorkerException">It failed.</exception>
    public Task<Answer<GeneratedTokens>> GenerateAsync(
        GenerateRequest request, Action<GeneratedToken>? onToken = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return GenerateAsync(
            new WireRequest
            {
                Id = NextId(),
                Type = "generate",
                Ids = request.PromptIds,
                MaxTokens = request.MaxTokens,
                Top = request.TopLogProbabilities,
                IgnoreEndOfGeneration = request.IgnoreEndOfGeneration,
            },
            onToken, cancellation);
    }

    /// <summary>Generates greedily from text, for backends that take no ids; the answer tells the ids where it can.</summary>
    /// <param name="prompt">The prompt, exactly as it is to be tokenized.</param>
    /// <param name="addSpecial">Adds BOS/EOS where the model's metadata asks for them.</param>
    /// <param name="parseSpecial">Parses the text of special tokens into their ids.</param>
    /// <param name="maxTokens">Most tokens to generate.</param>
    /// <param name="topLogProbabilities">How many of the likeliest tokens to report with each one.</param>
    /// <param name="onToken">Called with each token as it arrives, on the session's own thread.</param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>The tokens and how it went.</returns>
    /// <exception cref="WorkerException">It failed.</exception>
    public Task<Answer<GeneratedTokens>> GenerateAsync(
        string prompt, bool addSpecial, bool parseSpecial, int maxTokens, int topLogProbabilities = 0,
        Action<GeneratedToken>? onToken = null, CancellationToken cancellation = default) => GenerateAsync(
        new WireRequest
        {
            Id = NextId(),
            Type = "generate",
            Text = prompt,
            AddSpecial = addSpecial,
            ParseSpecial = parseSpecial,
            MaxTokens = maxTokens,
            Top = topLogProbabilities,
        },
        onToken, cancellation);

    /// <summary>Evaluates ids from a fresh context and has the raw logits of every position written to a file.</summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="logitsPath">Absolute path of the file to write; an existing one is replaced.</param>
    /// <param name="top">How many of the likeliest tokens a backend without raw logits is to give instead.</param>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>Where the logits are (the file's length has been checked), or the likeliest tokens instead.</returns>
    /// <exception cref="WorkerException">It failed; the file may exist, incomplete.</exception>
    public Task<Answer<ScoredTokens>> ScoreAsync(
        IReadOnlyList<int> ids, string logitsPath, int top = 16, CancellationToken cancellation = default) => AskAsync(
        new WireRequest { Id = NextId(), Type = "score", Ids = [.. ids], Logits = logitsPath, Top = top },
        limits.Request, result => AnswerReader.Score(result, ids.Count, logitsPath), null, cancellation);

    /// <summary>
    /// Ends the worker politely, or by force where it does not follow within <see cref="WorkerLimits.Exit"/>. On a
    /// worker that has ended already it only tells how.
    /// </summary>
    /// <param name="cancellation">Kills the worker.</param>
    /// <returns>How it ended; <see cref="WorkerEnd.Failure"/> is null when it ended as asked.</returns>
    public async Task<WorkerEnd> ExitAsync(CancellationToken cancellation = default)
    {
        try
        {
            await AskAsync(
                new WireRequest { Id = NextId(), Type = "exit" }, limits.Exit, result => result, null, cancellation)
                .ConfigureAwait(false);
        }
        catch (WorkerException e) when (e.Failure.Cause == WorkerFailureCause.Reported)
        {
            // It refuses to leave.
            pump.Kill(e.Failure);
        }
        catch (WorkerException)
        {
            // Its end says it all.
        }

        return await pump.Ended.ConfigureAwait(false);
    }

    /// <summary>Kills the worker if it still runs, and waits until it is gone.</summary>
    /// <returns>A task that ends with the process.</returns>
    public async ValueTask DisposeAsync()
    {
        pump.Kill(new WorkerFailure(
            WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned, "the session was disposed before it ended"));
        await pump.Ended.ConfigureAwait(false);
        turn.Dispose();
    }

    /// <summary>What a request to an ended worker fails with.</summary>
    internal static WorkerFailure FailureOf(WorkerEnd end) => end.Failure ?? new WorkerFailure(
        WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned, "the worker has been asked to exit and is gone");

    private long NextId() => Interlocked.Increment(ref lastId);

    private Task<Answer<GeneratedTokens>> GenerateAsync(
        WireRequest request, Action<GeneratedToken>? onToken, CancellationToken cancellation)
    {
        List<GeneratedToken> tokens = [];
        TimeSpan? first = null;
        return AskAsync(
            request, limits.Request, result => AnswerReader.Generate(result, request, tokens, first),
            (reply, elapsed) =>
            {
                first ??= elapsed;
                GeneratedToken token = AnswerReader.Token(reply);
                if (tokens.Count == request.MaxTokens)
                    throw new ProtocolException($"sent more than the {request.MaxTokens} tokens asked for");
                tokens.Add(token);
                onToken?.Invoke(token);
            },
            cancellation);
    }

    private async Task<Answer<T>> AskAsync<T>(
        WireRequest request, TimeSpan? limit, Func<WireResult, T> read, Action<WireReply, TimeSpan>? onToken,
        CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            Exchange<T> exchange = new(request, limit, read) { OnToken = onToken, Cancellation = cancellation };
            if (!pump.Offer(exchange))
            {
                WorkerEnd end = await pump.Ended.ConfigureAwait(false);
                throw new WorkerException(FailureOf(end) with { Operation = request.Type });
            }

            using (cancellation.UnsafeRegister(static state => ((WorkerPump)state!).Wake(), pump))
                return await exchange.Answer.ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }
}
