namespace Harness.Receipts;

/// <summary>Where a variant's files came from.</summary>
/// <param name="Origin">How they came to be.</param>
/// <param name="Repository">Hub repository, or null.</param>
/// <param name="Commit">The commit a resolve learned, or null.</param>
/// <param name="Endpoint">The hub asked, or null.</param>
/// <param name="Parent">The parent variant or file, or null.</param>
/// <param name="Tool">The tool and version that made the files, or null.</param>
public sealed record SourceFacts(
    Origin Origin,
    string? Repository = null,
    string? Commit = null,
    string? Endpoint = null,
    string? Parent = null,
    string? Tool = null);

/// <summary>What the header says of a model.</summary>
/// <param name="Architecture">GGUF architecture name.</param>
/// <param name="Name">The model's own name, or null.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="FileBytes">Size of all files.</param>
/// <param name="TensorTypes">Tensors of each type, by name, in order of first use.</param>
/// <param name="WeightType">The coarsest type among tensors of two or more dimensions: it sets the tolerance.</param>
/// <param name="ContextLength">Positions the model was made for, or null.</param>
/// <param name="VocabularySize">Tokens of the vocabulary, or null.</param>
/// <param name="Tokenizer">Tokenizer model and pre-tokenizer, or null.</param>
/// <param name="Features">What the blueprint says: name and value, in order.</param>
/// <param name="ChatTemplate">What its own chat template can do; null when it has none.</param>
public sealed record ModelFacts(
    string Architecture,
    string? Name,
    long Parameters,
    long FileBytes,
    IReadOnlyList<TensorTypeCount> TensorTypes,
    string WeightType,
    long? ContextLength,
    long? VocabularySize,
    string? Tokenizer,
    IReadOnlyList<Feature> Features,
    ChatTemplateFacts? ChatTemplate = null);

/// <summary>How many tensors have a type.</summary>
/// <param name="Type">The type's name.</param>
/// <param name="Tensors">Their number.</param>
public sealed record TensorTypeCount(string Type, int Tensors);

/// <summary>One fact of an architecture.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value, in words.</param>
public sealed record Feature(string Name, string Value);

/// <summary>The backend that answered.</summary>
/// <param name="Engine"><c>builtin</c> or <c>llama.cpp</c>.</param>
/// <param name="Version">Upstream build.</param>
/// <param name="Build">Commit or compiler facts, or null.</param>
/// <param name="Distribution">Where the build came from (npm, own build), or null.</param>
/// <param name="DistributionVersion">The distribution's version, or null.</param>
/// <param name="Digest">sha256 (hex) of what was loaded, or null.</param>
/// <param name="InstructionSet">The instruction set really used, or null.</param>
/// <param name="Devices">Devices really used.</param>
public sealed record BackendFacts(
    string Engine,
    string Version,
    string? Build,
    string? Distribution,
    string? DistributionVersion,
    string? Digest,
    string? InstructionSet,
    IReadOnlyList<DeviceFacts> Devices);

/// <summary>A device a backend computed on.</summary>
/// <param name="Api"><c>cpu</c>, <c>cuda</c>, …</param>
/// <param name="Name">Its name.</param>
/// <param name="MemoryBytes">Its memory, or null.</param>
public sealed record DeviceFacts(string Api, string Name, long? MemoryBytes);

/// <summary>The machine, without names of users or hosts.</summary>
/// <param name="OperatingSystem">Name and version.</param>
/// <param name="Architecture">Processor architecture.</param>
/// <param name="Processor">Model name.</param>
/// <param name="Cores">Logical cores at hand.</param>
/// <param name="MemoryBytes">Memory at hand.</param>
/// <param name="Runtime">.NET runtime.</param>
/// <param name="Harness">Version of the harness.</param>
/// <param name="InstructionSets">Vector instruction sets programs can use here, as <c>AVX2</c>; null in receipts older than the field.</param>
public sealed record MachineFacts(
    string OperatingSystem,
    string Architecture,
    string Processor,
    int Cores,
    long MemoryBytes,
    string Runtime,
    string Harness,
    IReadOnlyList<string>? InstructionSets = null);

/// <summary>Timings: inside the worker, and outside where both are known.</summary>
/// <param name="LoadMilliseconds">Loading, taken inside the worker.</param>
/// <param name="LoadMillisecondsOutside">From asking the worker to load until its answer.</param>
/// <param name="StartMilliseconds">From starting the worker to its hello; null when a process was reused.</param>
/// <param name="FirstTokenMilliseconds">Prefill of the first prompt up to its first token, or null.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens a second over all prompts, or null.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens a second over all prompts, or null.</param>
/// <param name="WorkerMilliseconds">All time the worker itself accounts for.</param>
/// <param name="TotalMilliseconds">The whole try, seen from outside.</param>
public sealed record TimingFacts(
    double LoadMilliseconds,
    double LoadMillisecondsOutside,
    double? StartMilliseconds,
    double? FirstTokenMilliseconds,
    double? PrefillTokensPerSecond,
    double? DecodeTokensPerSecond,
    double WorkerMilliseconds,
    double TotalMilliseconds);

/// <summary>Peak memory of a worker.</summary>
/// <param name="PeakResidentBytes">The most resident memory.</param>
/// <param name="How">How it was taken.</param>
public sealed record MemoryFacts(long PeakResidentBytes, string How);

/// <summary>What a cell was predicted to take of the machine's memory: an estimate, made from the header.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="ContextLength">Positions it was predicted for.</param>
/// <param name="Parts">The parts.</param>
public sealed record PredictedMemory(long Bytes, int ContextLength, IReadOnlyList<PredictedPart> Parts);

/// <summary>A part of a prediction.</summary>
/// <param name="Name">What for: <c>weights</c>, <c>repacked-weights</c>, <c>cache</c>, <c>state</c>, <c>compute</c>, <c>process</c>.</param>
/// <param name="Bytes">How much.</param>
public sealed record PredictedPart(string Name, long Bytes);
