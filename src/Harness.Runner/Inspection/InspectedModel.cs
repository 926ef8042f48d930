namespace Harness.Runner.Inspection;

/// <summary>What a model's header says: everything that is known before a weight is read.</summary>
/// <param name="Model">The model, as the command line names it.</param>
/// <param name="Files">Its files, in order.</param>
/// <param name="Container"><c>GGUF</c> or <c>safetensors</c>.</param>
/// <param name="Architecture">The architecture's GGUF name; empty where the header names none.</param>
/// <param name="Name">The model's own name, or null.</param>
/// <param name="Parameters">Values of all tensors.</param>
/// <param name="ActiveParameters">Those that one token is multiplied with: less than all where experts are chosen.</param>
/// <param name="Bytes">Bytes of all tensors.</param>
/// <param name="Mixture">The mixture <c>general.file_type</c> names, as <c>Q4_K_M</c>; null where it names none.</param>
/// <param name="TensorTypes">Totals of each tensor type, the one with most bytes first.</param>
/// <param name="Features">What the built-in engine's blueprint says; empty where it does not know the architecture.</param>
/// <param name="Tokenizer">The tokenizer, or null where the file holds none.</param>
/// <param name="Template">The chat template, or null where the file holds none.</param>
/// <param name="ContextLength">Positions the model was trained for, or null.</param>
/// <param name="Memory">What weights and cache take at some contexts; empty where the architecture is not known.</param>
/// <param name="Backends">What each backend would make of it, by the header alone.</param>
/// <param name="Problems">What is wrong with the file.</param>
public sealed record InspectedModel(
    string Model,
    IReadOnlyList<InspectedFile> Files,
    string Container,
    string Architecture,
    string? Name,
    long Parameters,
    long ActiveParameters,
    long Bytes,
    string? Mixture,
    IReadOnlyList<TensorTypeTotal> TensorTypes,
    IReadOnlyList<KeyValuePair<string, string>> Features,
    InspectedTokenizer? Tokenizer,
    InspectedTemplate? Template,
    long? ContextLength,
    IReadOnlyList<MemoryAtContext> Memory,
    IReadOnlyList<HeaderVerdict> Backends,
    IReadOnlyList<HeaderProblem> Problems);

/// <summary>A file of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="HeaderBytes">The length of its header: what was read of it.</param>
public sealed record InspectedFile(string Name, long Bytes, long HeaderBytes);

/// <summary>The tensors of one type.</summary>
/// <param name="Type">The type's name.</param>
/// <param name="Tensors">How many.</param>
/// <param name="Parameters">Their values.</param>
/// <param name="Bytes">Their bytes.</param>
public sealed record TensorTypeTotal(string Type, int Tensors, long Parameters, long Bytes)
{
    /// <summary>Bits that a value takes.</summary>
    public double BitsPerWeight => Parameters == 0 ? 0 : Bytes * 8.0 / Parameters;
}

/// <summary>A model's tokenizer.</summary>
/// <param name="Model">Its kind, <c>gpt2</c> or <c>llama</c>.</param>
/// <param name="Pre">The pre-tokenizer's name, or null.</param>
/// <param name="Tokens">Tokens of the vocabulary.</param>
/// <param name="Special">Named special tokens: role, id and text.</param>
/// <param name="EndOfGeneration">Ids that end an answer; empty where the built-in engine cannot use the tokenizer.</param>
/// <param name="AddsBos">Whether BOS is put before a prompt; null where the built-in engine cannot use the tokenizer.</param>
/// <param name="Unsupported">Why the built-in engine cannot use the tokenizer, or null.</param>
public sealed record InspectedTokenizer(
    string Model,
    string? Pre,
    int Tokens,
    IReadOnlyList<SpecialToken> Special,
    IReadOnlyList<int> EndOfGeneration,
    bool? AddsBos,
    string? Unsupported);

/// <summary>A special token.</summary>
/// <param name="Role"><c>bos</c>, <c>eos</c>, <c>eot</c> and so on, as the metadata names them.</param>
/// <param name="Id">Its id.</param>
/// <param name="Text">Its text; null where the id is outside the vocabulary.</param>
public sealed record SpecialToken(string Role, long Id, string? Text);

/// <summary>A model's chat template.</summary>
/// <param name="Length">Its length in characters.</param>
/// <param name="Fault">Why it cannot be used, or null.</param>
/// <param name="System">What becomes of a system message: <c>yes</c>, <c>ignored</c>, <c>refused</c> or <c>failed</c>.</param>
/// <param name="Tools">What becomes of the description of a tool, in the same words.</param>
/// <param name="ThinkingSwitch">Whether <c>enable_thinking</c> changes the prompt.</param>
/// <param name="EndOfTurn">The token, or the text, that ends an answer; null when none follows it.</param>
/// <param name="Bos">Who writes BOS: <c>template</c>, <c>tokenizer</c>, <c>both</c> or <c>neither</c>.</param>
public sealed record InspectedTemplate(
    int Length, string? Fault, string System, string Tools, bool ThinkingSwitch, string? EndOfTurn, string Bos);

/// <summary>Memory at a context.</summary>
/// <param name="ContextLength">Positions.</param>
/// <param name="WeightBytes">Bytes of the weights.</param>
/// <param name="StateBytes">Bytes of keys, values and recurrent states, in float16 where that is a choice.</param>
public sealed record MemoryAtContext(long ContextLength, long WeightBytes, long StateBytes)
{
    /// <summary>Both.</summary>
    public long Bytes => WeightBytes + StateBytes;
}

/// <summary>What a backend would make of a model, by its header alone.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Verdict">
/// <c>supported</c>, <c>unsupported</c>, <c>fails</c>, <c>doubtful</c> (a probe of the same architecture failed for a reason that
/// need not be this file's), or <c>untested</c>: no probe of that build tried what the model needs.
/// </param>
/// <param name="Reason">Why not, exactly; or a remark; null when there is nothing to say.</param>
public sealed record HeaderVerdict(string Backend, string Verdict, string? Reason)
{
    /// <summary>What stands behind it: the header was read, nothing was run.</summary>
    public string Evidence { get; } = "header";

    /// <summary>What was looked at.</summary>
    public IReadOnlyList<HeaderCheck> Checks { get; init; } = [];
}

/// <summary>One question about a backend that a header answers.</summary>
/// <param name="What"><c>architecture</c>, <c>tensor type</c>, <c>pre-tokenizer</c>, <c>tensors</c>, <c>vocabulary</c>.</param>
/// <param name="Name">Which; empty where there is one.</param>
/// <param name="Answer"><c>yes</c>, <c>no</c>, <c>doubtful</c> or <c>untested</c>.</param>
/// <param name="Evidence">The exact message, with the receipt it stands in; or null.</param>
public sealed record HeaderCheck(string What, string Name, string Answer, string? Evidence)
{
    /// <summary>Whether the backend says that it does not know the name.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool Unknown { get; init; }
}

/// <summary>Something wrong with a file.</summary>
/// <param name="Kind">A stable word: <c>missing-template</c>.</param>
/// <param name="Message">What is wrong, and where.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record HeaderProblem(string Kind, string Message, string Remedy)
{
    private static readonly string[] Breaking =
        ["tensors", "missing-tensor", "misshapen-tensor", "misnamed-tensor", "fused-tensors", "vocabulary", "not-convertible"];

    /// <summary>Whether the file cannot be run for it, rather than runs worse.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool Breaks => Breaking.Contains(Kind);
}
