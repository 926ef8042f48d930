namespace Harness.Reporting;

/// <summary>What receipts say of chat templates: what each model's own can do, and what backends make of it.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Date">Date of the newest receipt, UTC, as <c>2026-11-21</c>; empty when there is none.</param>
/// <param name="Run">The run shown.</param>
/// <param name="Backends">The backends, in the plan's order: columns of <see cref="ChatRow.Checks"/>.</param>
/// <param name="Rows">One a model and template.</param>
/// <param name="Remarks">What was found, once for all cells that share it.</param>
public sealed record ChatView(
    string Title, string Date, RunView Run, IReadOnlyList<string> Backends, IReadOnlyList<ChatRow> Rows, IReadOnlyList<ChatRemarkView> Remarks);

/// <summary>A model's template.</summary>
/// <param name="Family">The architecture.</param>
/// <param name="Model">The model.</param>
/// <param name="Template">The first digits of the template's digest, or <c>none</c>.</param>
/// <param name="System">What becomes of a system message.</param>
/// <param name="Tools">What becomes of tools.</param>
/// <param name="Thinking">Whether thinking can be switched.</param>
/// <param name="GenerationPrompt">What the prompt ends with where the assistant answers.</param>
/// <param name="EndOfTurn">What ends an answer, and whether generation stops at it.</param>
/// <param name="Bos">Who writes BOS.</param>
/// <param name="Checks">For each backend how the chat check ended, over all quantizations.</param>
public sealed record ChatRow(
    string Family, string Model, string Template, string System, string Tools, string Thinking, string GenerationPrompt, string EndOfTurn, string Bos,
    IReadOnlyList<string> Checks);

/// <summary>Something the chat check found.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Model">The model.</param>
/// <param name="Quants">The quantizations.</param>
/// <param name="Word">The word of the column.</param>
/// <param name="Text">What was found, or why nothing was tried.</param>
/// <param name="Command">A command that repeats it.</param>
public sealed record ChatRemarkView(string Backend, string Model, string Quants, string Word, string Text, string Command);
