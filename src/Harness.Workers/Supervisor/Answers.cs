namespace Harness.Workers;

/// <summary>An answer, with the time the supervisor saw pass.</summary>
/// <typeparam name="T">What was answered.</typeparam>
/// <param name="Value">The answer; its own timings were taken inside the worker.</param>
/// <param name="WallClock">From the request's being handed over to its answer's being read, outside the worker.</param>
public sealed record Answer<T>(T Value, TimeSpan WallClock);

/// <summary>What a worker says of itself.</summary>
/// <param name="Protocol">The protocol version it speaks.</param>
/// <param name="Identity">Who the backend is.</param>
/// <param name="Reload">Whether <c>load</c> may be asked again to replace the model.</param>
public sealed record WorkerHello(int Protocol, BackendIdentity Identity, bool Reload);

/// <summary>A generation that came to its end.</summary>
/// <param name="PromptIds">The prompt's ids, as they were evaluated.</param>
/// <param name="Tokens">The tokens, in order.</param>
/// <param name="Generation">How it went, by the worker's own account.</param>
/// <param name="TimeToFirstToken">From the request to the first token's line, outside the worker; null without tokens.</param>
public sealed record GeneratedTokens(
    IReadOnlyList<int> PromptIds,
    IReadOnlyList<GeneratedToken> Tokens,
    Generation Generation,
    TimeSpan? TimeToFirstToken);

/// <summary>A scoring that came to its end.</summary>
/// <param name="Scoring">How it went, by the worker's own account.</param>
/// <param name="LogitsPath">
/// The file of raw logits, little-endian float32, tokens × vocabulary, its length checked; null when the backend cannot
/// give raw logits.
/// </param>
/// <param name="Top">Without raw logits: the likeliest tokens after each id, one entry an id; otherwise null.</param>
public sealed record ScoredTokens(Scoring Scoring, string? LogitsPath, IReadOnlyList<TopTokens>? Top);

/// <summary>The likeliest next tokens at one position.</summary>
/// <param name="Ids">Their ids, best first.</param>
/// <param name="LogProbabilities">Their natural-log probabilities; NaN where the backend gave none.</param>
public sealed record TopTokens(IReadOnlyList<int> Ids, IReadOnlyList<float> LogProbabilities);
