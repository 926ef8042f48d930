using Harness.Text.Templates;
using Harness.Workers.Memory;

namespace Harness.Workers;

/// <summary>
/// What an adapter implements inside a worker process: one backend that can load one model and answer about it.
/// The worker host (<c>WorkerHost</c>) turns protocol lines into these calls; an adapter never sees JSON.
/// Calls come from one thread, in order. Failures are <see cref="InferenceException"/>; anything else that escapes
/// is reported as <see cref="InferenceFailure.Error"/> with its message.
/// </summary>
public interface IInferenceEngine : IDisposable
{
    /// <summary>Who this backend is, and which devices and instruction set it really uses.</summary>
    /// <returns>The identity; after <see cref="Load"/> it may name devices more precisely.</returns>
    BackendIdentity Identify();

    /// <summary>Loads a model. Called once in a process, except when probe models share one.</summary>
    /// <param name="request">The file and how to run it.</param>
    /// <returns>What was loaded.</returns>
    LoadedModel Load(LoadRequest request);

    /// <summary>Turns text into token ids with the model's own tokenizer.</summary>
    /// <param name="utf8">The text, UTF-8.</param>
    /// <param name="addSpecial">Adds BOS/EOS where the model's metadata asks for them.</param>
    /// <param name="parseSpecial">Parses the text of special tokens into their ids.</param>
    /// <returns>The ids.</returns>
    int[] Tokenize(ReadOnlySpan<byte> utf8, bool addSpecial, bool parseSpecial);

    /// <summary>Generates greedily from a fresh context.</summary>
    /// <param name="request">Prompt ids and limits.</param>
    /// <param name="onToken">Called for each generated token, in order, as soon as it is known.</param>
    /// <returns>How the generation went.</returns>
    Generation Generate(GenerateRequest request, Action<GeneratedToken> onToken);

    /// <summary>
    /// Evaluates ids from a fresh context and writes the raw logits of every position.
    /// </summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="logits">Receives little-endian float32, tokens × vocabulary.</param>
    /// <returns>Timings of the evaluation.</returns>
    Scoring Score(ReadOnlySpan<int> ids, Stream logits);

    /// <summary>Makes a prompt of a conversation the way this backend does it by itself.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="now">The time a template may print; null for the machine's own.</param>
    /// <returns>The prompt and its ids.</returns>
    /// <exception cref="InferenceException">The backend applies no templates, or not this model's.</exception>
    ChatApplied Chat(IReadOnlyList<ChatMessage> messages, DateTimeOffset? now = null) =>
        throw new InferenceException(InferenceFailure.Unsupported, "this backend applies no chat templates");
}

/// <summary>Why an inference call failed, as the backend itself can tell.</summary>
public enum InferenceFailure
{
    /// <summary>Any reported error.</summary>
    Error,

    /// <summary>The backend does not know this architecture, tensor type, tokenizer or feature.</summary>
    Unsupported,

    /// <summary>An allocation was refused.</summary>
    OutOfMemory,
}

/// <summary>A failure an engine reports in words.</summary>
public sealed class InferenceException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">Its kind.</param>
    /// <param name="message">The exact message, fit to be quoted in a receipt.</param>
    /// <param name="inner">What caused it.</param>
    public InferenceException(InferenceFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public InferenceFailure Failure { get; }
}

/// <summary>Who a backend is.</summary>
/// <param name="Backend">The engine's name: <c>builtin</c> or <c>llama.cpp</c>.</param>
/// <param name="Version">Upstream build, as <c>b8390</c> or <c>v0.5.0</c>; for the built-in engine its own version.</param>
/// <param name="Build">Commit, distribution or compiler facts, as far as the backend tells.</param>
/// <param name="Digest">sha256 (hex) of the libraries really loaded, or null.</param>
/// <param name="InstructionSet">The instruction set really used, as <c>AVX512-VNNI</c>, or null when unknown.</param>
/// <param name="Devices">Devices really used.</param>
public sealed record BackendIdentity(
    string Backend,
    string Version,
    string? Build,
    string? Digest,
    string? InstructionSet,
    IReadOnlyList<BackendDevice> Devices);

/// <summary>A device a backend computes on.</summary>
/// <param name="Api"><c>cpu</c>, <c>cuda</c>, <c>vulkan</c>, <c>metal</c> or <c>webgpu</c>.</param>
/// <param name="Name">The device's name, as the backend gives it.</param>
/// <param name="MemoryBytes">Its memory, when known.</param>
public sealed record BackendDevice(string Api, string Name, long? MemoryBytes = null);

/// <summary>What to load and how to run it.</summary>
/// <param name="Path">The model file (of a sharded model, the first shard).</param>
/// <param name="ContextLength">Positions of the KV cache.</param>
/// <param name="Device">The hardware API asked for: <c>cpu</c>, <c>cuda</c>, …</param>
/// <param name="Threads">Compute threads, at least 1.</param>
/// <param name="OwnDefaults">
/// The backend keeps its own choices where it trades exactness for speed, as for measuring its speed; otherwise it is set
/// to be as exact as it can be.
/// </param>
/// <param name="Touch">
/// All memory that loading reserves is made resident at once, as a full context would leave it: for measuring what that takes
/// without computing it.
/// </param>
/// <param name="Cache">How keys and values are stored.</param>
public sealed record LoadRequest(
    string Path, int ContextLength, string Device, int Threads, bool OwnDefaults = false, bool Touch = false, CacheFormat Cache = CacheFormat.F16);

/// <summary>What a backend says of the model it loaded.</summary>
/// <param name="Architecture">GGUF architecture name.</param>
/// <param name="Description">The backend's one-line description, or null.</param>
/// <param name="VocabularySize">Logits a token.</param>
/// <param name="ContextLength">Positions really available.</param>
/// <param name="LoadTime">Time spent, taken inside the worker.</param>
public sealed record LoadedModel(
    string Architecture, string? Description, int VocabularySize, int ContextLength, TimeSpan LoadTime);

/// <summary>A greedy generation to run.</summary>
/// <param name="PromptIds">Prompt token ids, at least one, exactly as they are to be evaluated.</param>
/// <param name="MaxTokens">Most tokens to generate.</param>
/// <param name="TopLogProbabilities">How many of the likeliest tokens to report with each one (0 for none).</param>
/// <param name="IgnoreEndOfGeneration">Goes on past end-of-generation tokens.</param>
public sealed record GenerateRequest(
    int[] PromptIds, int MaxTokens, int TopLogProbabilities = 0, bool IgnoreEndOfGeneration = false);

/// <summary>One generated token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Bytes">Its bytes; possibly a part of a code point, empty for control tokens.</param>
/// <param name="TopIds">Ids of the likeliest tokens, best first.</param>
/// <param name="TopLogProbabilities">Their natural-log probabilities.</param>
public sealed record GeneratedToken(int Id, byte[] Bytes, int[] TopIds, float[] TopLogProbabilities);

/// <summary>How a generation went; times are taken inside the worker.</summary>
/// <param name="PromptTokens">Prompt tokens evaluated.</param>
/// <param name="GeneratedTokens">Tokens generated.</param>
/// <param name="StopReason"><c>length</c>, <c>end-of-generation</c> or <c>context-full</c>.</param>
/// <param name="PrefillTime">Evaluation of the prompt, up to and with the first token's logits.</param>
/// <param name="DecodeTime">All tokens after the first.</param>
public sealed record Generation(
    int PromptTokens, int GeneratedTokens, string StopReason, TimeSpan PrefillTime, TimeSpan DecodeTime);

/// <summary>A conversation through a backend's own way with templates.</summary>
/// <param name="Prompt">The prompt, ending where the assistant answers.</param>
/// <param name="Ids">Its ids, as the backend would evaluate them.</param>
/// <param name="How">What applied which template, in a few words.</param>
public sealed record ChatApplied(string Prompt, int[] Ids, string How);

/// <summary>How a scoring went.</summary>
/// <param name="Tokens">Ids evaluated.</param>
/// <param name="VocabularySize">Logits a token.</param>
/// <param name="EvaluationTime">Time spent, taken inside the worker.</param>
public sealed record Scoring(int Tokens, int VocabularySize, TimeSpan EvaluationTime);
