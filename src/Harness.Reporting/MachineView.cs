namespace Harness.Reporting;

/// <summary>Which models of the catalogue suit a machine's memory, which do not, and why: all of it estimated.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Memory">The machine's memory, as <c>16 GB</c>.</param>
/// <param name="Usable">What of it can be used.</param>
/// <param name="Context">Positions looked at.</param>
/// <param name="Use">Models that fit, the largest first.</param>
/// <param name="Leave">Models that do not, and why.</param>
/// <param name="Training">What training takes.</param>
/// <param name="Sequence">Tokens of a training sequence.</param>
/// <param name="Rank">Rank of adapters.</param>
/// <param name="Larger">What larger machines would change.</param>
/// <param name="Command">The command that prints this page.</param>
public sealed record MachineView(
    string Title, string Memory, string Usable, string Context, IReadOnlyList<MachineRow> Use, IReadOnlyList<MachineLeft> Leave,
    IReadOnlyList<MachineTraining> Training, string Sequence, string Rank, IReadOnlyList<MachineStep> Larger, string Command);

/// <summary>A model that fits.</summary>
/// <param name="Model">Its id.</param>
/// <param name="Parameters">Its weights.</param>
/// <param name="Quant">Its widest quantization that fits.</param>
/// <param name="Weights">Bytes of the weights there.</param>
/// <param name="Builtin">What the built-in engine takes; a dash where it does not run it.</param>
/// <param name="LlamaCpp">What llama.cpp takes.</param>
/// <param name="LongestContext">The longest context that fits.</param>
public sealed record MachineRow(string Model, string Parameters, string Quant, string Weights, string Builtin, string LlamaCpp, string LongestContext);

/// <summary>A model that does not fit.</summary>
/// <param name="Model">Its id.</param>
/// <param name="Parameters">Its weights.</param>
/// <param name="Why">Why not, with the numbers.</param>
public sealed record MachineLeft(string Model, string Parameters, string Why);

/// <summary>What training a model takes.</summary>
/// <param name="Model">Its id.</param>
/// <param name="QLoRA">With weights in four bits.</param>
/// <param name="LoRA">With weights in 16 bits.</param>
/// <param name="Full">All weights.</param>
/// <param name="Possible">What of that fits.</param>
public sealed record MachineTraining(string Model, string QLoRA, string LoRA, string Full, string Possible);

/// <summary>What a larger machine changes.</summary>
/// <param name="Memory">Its memory.</param>
/// <param name="Adds">Models that fit there and not here.</param>
/// <param name="Widens">Models that fit wider there, with both quantizations.</param>
/// <param name="Trains">Models that can be trained there and not here.</param>
public sealed record MachineStep(string Memory, string Adds, string Widens, string Trains);
