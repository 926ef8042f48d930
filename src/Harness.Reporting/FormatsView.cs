namespace Harness.Reporting;

/// <summary>What receipts say of tensor formats: who reads and writes each, its size, its error, what it does to a model.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Date">Date of the newest receipt, UTC, as <c>2026-11-21</c>; empty when there is none.</param>
/// <param name="Run">The run shown.</param>
/// <param name="Models">The trained models measured, and the probes, in words.</param>
/// <param name="Text">Of the text whose perplexity was measured: tokens and digest; or a dash.</param>
/// <param name="Backends">Backends beside the built-in engine, in the plan's order: columns of <see cref="FormatRow"/>.</param>
/// <param name="Rows">One a quantization, from many bits to few.</param>
public sealed record FormatsView(
    string Title, string Date, RunView Run, string Models, string Text, IReadOnlyList<string> Backends, IReadOnlyList<FormatRow> Rows);

/// <summary>One quantization.</summary>
/// <param name="Quant">Its name.</param>
/// <param name="Types">The tensor types in its file, with counts.</param>
/// <param name="Decodes">Whether the built-in engine ran it: "yes", the verdict's word, or "untested".</param>
/// <param name="Encodes">Whether the harness made it from a parent: "yes" or "no".</param>
/// <param name="Bits">Stored bits a weight.</param>
/// <param name="Error">Relative error of the weights against the parent's, in per cent; "parent" for what the others are made from; or a dash.</param>
/// <param name="Perplexity">Of the trained model on the built-in engine, or a dash.</param>
/// <param name="Others">The same on each other backend.</param>
/// <param name="Agreement">NMSE of the trained model's logits against the reference's, or a dash.</param>
/// <param name="ProbeAgreement">The same of the probe's.</param>
public sealed record FormatRow(
    string Quant,
    string Types,
    string Decodes,
    string Encodes,
    string Bits,
    string Error,
    string Perplexity,
    IReadOnlyList<string> Others,
    string Agreement,
    string ProbeAgreement);
