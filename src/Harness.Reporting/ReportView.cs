using Harness.Receipts;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>Everything a page or a terminal shows of a set of receipts, derived from them and nothing else.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Date">Date of the newest receipt, UTC, as <c>2026-11-21</c>; empty when there is none.</param>
/// <param name="Run">The run shown: its profile and the command that repeats it.</param>
/// <param name="Summary">How many cells came to which verdict.</param>
/// <param name="Groups">The cells, grouped by the device that computed them.</param>
/// <param name="Failures">Cells that were tried and did not come through, with the exact error.</param>
/// <param name="NotTried">Cells that were not tried, with the reason.</param>
/// <param name="Conversions">Model directories that were converted, or could not be, with the exact diagnosis.</param>
/// <param name="KnownIssues">What people say about these cells; decides nothing.</param>
/// <param name="Agreements">What the comparisons say.</param>
/// <param name="Transcripts">What trained models answered.</param>
/// <param name="Models">What the headers say.</param>
/// <param name="Features">What the architectures ask for, one entry a model.</param>
/// <param name="Environment">Where it ran.</param>
/// <param name="Legend">The verdicts that occur, with their meaning.</param>
public sealed record ReportView(
    string Title,
    string Date,
    RunView Run,
    SummaryView Summary,
    IReadOnlyList<DeviceGroup> Groups,
    IReadOnlyList<FailureView> Failures,
    IReadOnlyList<NotTriedView> NotTried,
    IReadOnlyList<ConversionView> Conversions,
    IReadOnlyList<KnownIssueView> KnownIssues,
    IReadOnlyList<AgreementView> Agreements,
    IReadOnlyList<TranscriptView> Transcripts,
    IReadOnlyList<ModelView> Models,
    IReadOnlyList<FeaturesView> Features,
    EnvironmentView Environment,
    IReadOnlyList<LegendView> Legend)
{
    /// <summary>All cells, in the plan's order.</summary>
    public IEnumerable<CellView> Cells => Groups.SelectMany(g => g.Cells).OrderBy(c => c.Order);
}

/// <summary>A run.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Command">The command that repeats it.</param>
public sealed record RunView(string Profile, string Command);

/// <summary>Counts of verdicts.</summary>
/// <param name="Total">Cells.</param>
/// <param name="Works">Of them, <c>works</c>.</param>
/// <param name="Counts">Each verdict that occurs, with its count.</param>
public sealed record SummaryView(int Total, int Works, IReadOnlyList<VerdictCount> Counts)
{
    /// <summary>The counts on one line: <c>27 of 27 work</c>, and what the others came to.</summary>
    public string Line => $"{Works} of {Total} {(Works == 1 ? "works" : "work")}"
        + string.Concat(Counts.Where(c => c.Kind != VerdictKind.Works).Select(c => $", {c.Count} {c.Word}"));
}

/// <summary>A verdict and its count.</summary>
/// <param name="Kind">The verdict.</param>
/// <param name="Word">Its word.</param>
/// <param name="Count">Cells that came to it.</param>
public sealed record VerdictCount(VerdictKind Kind, string Word, int Count);

/// <summary>The cells that one device computed.</summary>
/// <param name="Device">The device, in words.</param>
/// <param name="Cells">The cells.</param>
public sealed record DeviceGroup(string Device, IReadOnlyList<CellView> Cells);

/// <summary>One cell as a table shows it.</summary>
/// <param name="Order">Place in the plan.</param>
/// <param name="Cell">Its coordinates.</param>
/// <param name="Repository">Hub repository, or how the files came to be.</param>
/// <param name="Size">Size of the files, or a dash.</param>
/// <param name="Evidence">What stands behind it, as a word.</param>
/// <param name="Load">How loading ended.</param>
/// <param name="Inference">How generating ended.</param>
/// <param name="Tokenize">How the tokenizer check ended.</param>
/// <param name="Chat">How the chat check ended, apart from the verdict.</param>
/// <param name="ChatRemark">What the chat check found, or why it was not made; null when there is nothing to say.</param>
/// <param name="Verdict">What it means.</param>
/// <param name="Symbol">The symbol after the verdict's word.</param>
/// <param name="Prefill">Prompt tokens a second, or a dash.</param>
/// <param name="Decode">Generated tokens a second, or a dash.</param>
/// <param name="Memory">Peak memory, or a dash.</param>
/// <param name="Command">The command that repeats it.</param>
/// <param name="Receipt">The receipt's id, or null.</param>
/// <param name="Cause">Why it did not come through, by the catalogue of causes; null where nothing failed or no cause fits.</param>
public sealed record CellView(
    int Order,
    Cell Cell,
    string Repository,
    string Size,
    string Evidence,
    string Load,
    string Inference,
    string Tokenize,
    string Chat,
    string? ChatRemark,
    Verdict Verdict,
    string Symbol,
    string Prefill,
    string Decode,
    string Memory,
    string Command,
    string? Receipt,
    string? Cause = null);

/// <summary>A failure.</summary>
/// <param name="Cell">Its coordinates.</param>
/// <param name="Verdict">The verdict's word.</param>
/// <param name="Stage">The stage or check.</param>
/// <param name="Error">The exact message, or where it differs.</param>
/// <param name="Cause">Why, by the catalogue of causes; a dash where no cause fits.</param>
/// <param name="Command">The command that repeats it.</param>
public sealed record FailureView(Cell Cell, string Verdict, string Stage, string Error, string Cause, string Command);

/// <summary>A cell that was not tried.</summary>
/// <param name="Cell">Its coordinates.</param>
/// <param name="Verdict"><c>blocked</c> or <c>untested</c>.</param>
/// <param name="Reason">Why.</param>
public sealed record NotTriedView(Cell Cell, string Verdict, string Reason);

/// <summary>The conversion of a model directory.</summary>
/// <param name="Model">The model.</param>
/// <param name="From">The directory's name.</param>
/// <param name="Type">The type its matrices were to have.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Said">What it became, or the exact diagnosis: tensor, step, shapes.</param>
/// <param name="Command">The command that repeats it.</param>
public sealed record ConversionView(string Model, string From, string Type, string Outcome, string Said, string Command);

/// <summary>What people say about some cells.</summary>
/// <param name="Cells">The cells it is about, in words.</param>
/// <param name="Text">What is said.</param>
/// <param name="Source">Who says so, or a dash.</param>
/// <param name="Seen">"yes" when it was seen to happen here.</param>
public sealed record KnownIssueView(string Cells, string Text, string Source, string Seen);

/// <summary>A comparison.</summary>
/// <param name="Model">Model and quant.</param>
/// <param name="Backend">The backend judged.</param>
/// <param name="Reference">The backend it is held against.</param>
/// <param name="Nmse">Normalised mean squared error of the logits.</param>
/// <param name="Limit">Its limit.</param>
/// <param name="Kl">Mean KL divergence, nats.</param>
/// <param name="Top">Agreement of the likeliest token, where counted.</param>
/// <param name="Divergence">First divergence of a generation, or "none".</param>
/// <param name="Agrees">"yes", "no" or a dash.</param>
public sealed record AgreementView(
    string Model, string Backend, string Reference, string Nmse, string Limit, string Kl, string Top, string Divergence, string Agrees);

/// <summary>What a trained model answered.</summary>
/// <param name="Model">Model and quant.</param>
/// <param name="Prompt">The prompt's text.</param>
/// <param name="Expected">What was expected, in words, or a dash.</param>
/// <param name="Answers">The distinct answers, with the backends that gave them.</param>
public sealed record TranscriptView(string Model, string Prompt, string Expected, IReadOnlyList<AnswerView> Answers);

/// <summary>One answer.</summary>
/// <param name="Backends">The backends that gave it.</param>
/// <param name="Text">The generated text.</param>
/// <param name="Held">"yes", "no" or a dash.</param>
public sealed record AnswerView(string Backends, string Text, string Held);

/// <summary>What a header says.</summary>
/// <param name="Model">Model and quant.</param>
/// <param name="Architecture">Architecture.</param>
/// <param name="Parameters">Number of weights, in words.</param>
/// <param name="TensorTypes">Tensor types with counts.</param>
public sealed record ModelView(string Model, string Architecture, string Parameters, string TensorTypes);

/// <summary>What a model's architecture asks of an engine, as its blueprint says.</summary>
/// <param name="Model">The model.</param>
/// <param name="Features">Features in words.</param>
public sealed record FeaturesView(string Model, string Features);

/// <summary>Where it ran.</summary>
/// <param name="Machine">Facts of the machine, name and value.</param>
/// <param name="Backends">The backends.</param>
public sealed record EnvironmentView(IReadOnlyList<Feature> Machine, IReadOnlyList<BackendView> Backends);

/// <summary>A backend.</summary>
/// <param name="Name">As in the tables.</param>
/// <param name="Source">Where the build came from.</param>
/// <param name="Build">Build facts.</param>
/// <param name="InstructionSet">The instruction set really used.</param>
/// <param name="Digest">The first digits of its digest.</param>
public sealed record BackendView(string Name, string Source, string Build, string InstructionSet, string Digest);

/// <summary>A verdict's meaning.</summary>
/// <param name="Word">The word.</param>
/// <param name="Symbol">The symbol.</param>
/// <param name="Meaning">What it means.</param>
public sealed record LegendView(string Word, string Symbol, string Meaning);
