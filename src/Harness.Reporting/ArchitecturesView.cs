namespace Harness.Reporting;

/// <summary>What receipts say of architectures: which backend knows them, how far its numbers lie, what they are made of.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Date">Date of the newest receipt, UTC, as <c>2026-11-21</c>; empty when there is none.</param>
/// <param name="Run">The run shown.</param>
/// <param name="Summary">One line a backend: how many architectures it runs right.</param>
/// <param name="Engine">The backend whose error is shown: <c>builtin</c> where it was tried.</param>
/// <param name="Quants">The quantizations, in the plan's order: columns of <see cref="ArchitectureRow.Errors"/>.</param>
/// <param name="Backends">The backends, in the plan's order: columns of <see cref="ArchitectureRow.Verdicts"/>.</param>
/// <param name="Rows">One a model, sorted by architecture.</param>
/// <param name="Refusals">What did not work, with the backend's exact message, once for all quantizations that share it.</param>
/// <param name="Structures">What each model is made of, as its blueprint says.</param>
/// <param name="Legend">The verdicts that occur, with their meaning.</param>
public sealed record ArchitecturesView(
    string Title,
    string Date,
    RunView Run,
    IReadOnlyList<string> Summary,
    string Engine,
    IReadOnlyList<QuantColumn> Quants,
    IReadOnlyList<string> Backends,
    IReadOnlyList<ArchitectureRow> Rows,
    IReadOnlyList<RefusalView> Refusals,
    IReadOnlyList<StructureView> Structures,
    IReadOnlyList<LegendView> Legend);

/// <summary>A quantization, and how far logits may lie from the reference's at it.</summary>
/// <param name="Name">As <c>F16</c>.</param>
/// <param name="Limit">The largest NMSE that counts as agreement, or a dash when nothing was compared.</param>
public sealed record QuantColumn(string Name, string Limit);

/// <summary>A model of an architecture.</summary>
/// <param name="Architecture">The architecture's name in the file, or a dash when no header was read.</param>
/// <param name="Model">The model.</param>
/// <param name="Parameters">Number of weights, in words.</param>
/// <param name="Errors">For each quantization the NMSE against the reference, or why there is none.</param>
/// <param name="Verdicts">For each backend, over all quantizations: <c>3 of 3 work</c>, or the word of what does not work.</param>
public sealed record ArchitectureRow(
    string Architecture, string Model, string Parameters, IReadOnlyList<string> Errors, IReadOnlyList<string> Verdicts);

/// <summary>What a backend said of an architecture that it did not run right.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Architecture">The architecture.</param>
/// <param name="Model">The model.</param>
/// <param name="Quants">The quantizations it said so of.</param>
/// <param name="Verdict">The verdict's word.</param>
/// <param name="Stage">The stage or check.</param>
/// <param name="Message">The exact message, or where it differs.</param>
/// <param name="Command">A command that repeats it.</param>
public sealed record RefusalView(
    string Backend, string Architecture, string Model, string Quants, string Verdict, string Stage, string Message, string Command);

/// <summary>What a model is made of.</summary>
/// <param name="Architecture">The architecture.</param>
/// <param name="Model">The model.</param>
/// <param name="Attention">Kind and head counts; the recurrence in its stead or beside it.</param>
/// <param name="Position">How positions are told, and their scaling.</param>
/// <param name="Window">The attention window.</param>
/// <param name="FeedForward">The feed-forward's function.</param>
/// <param name="Experts">Experts, or none.</param>
/// <param name="Norm">Norm kind and place.</param>
/// <param name="Biases">Which projections add biases.</param>
/// <param name="TiedOutput">Whether the output head is the embedding.</param>
/// <param name="Others">Whatever else the blueprint says.</param>
public sealed record StructureView(
    string Architecture,
    string Model,
    string Attention,
    string Position,
    string Window,
    string FeedForward,
    string Experts,
    string Norm,
    string Biases,
    string TiedOutput,
    string Others);
