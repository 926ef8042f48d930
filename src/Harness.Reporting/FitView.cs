namespace Harness.Reporting;

/// <summary>Memory predicted from headers beside memory measured, from receipts.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Date">Date of the newest receipt, UTC; empty when there is none.</param>
/// <param name="Machine">The machine, in words.</param>
/// <param name="Backends">A line a backend.</param>
/// <param name="Rows">A line a measurement.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Within">How many are within 5 % or 64 MiB.</param>
public sealed record FitView(
    string Title, string Date, string Machine, IReadOnlyList<FitBackend> Backends, IReadOnlyList<FitRow> Rows, int Count, int Within);

/// <summary>How well one backend is predicted.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Count">Measurements.</param>
/// <param name="Within">Those within 5 % or 64 MiB.</param>
/// <param name="Median">Median of the errors' magnitudes.</param>
/// <param name="Worst">The largest error, with its sign.</param>
/// <param name="Missing">Shapes that could not be measured there, with reasons; or a dash.</param>
public sealed record FitBackend(string Backend, int Count, int Within, string Median, string Worst, string Missing);

/// <summary>One measurement.</summary>
/// <param name="Model">The shape.</param>
/// <param name="Quant">The quantization.</param>
/// <param name="Backend">The backend.</param>
/// <param name="Context">Positions.</param>
/// <param name="Weights">Predicted for weights, repacked copies included.</param>
/// <param name="Cache">Predicted for keys, values and states.</param>
/// <param name="Compute">Predicted for compute buffers.</param>
/// <param name="Predicted">All that was predicted.</param>
/// <param name="Measured">Peak resident memory.</param>
/// <param name="Error">Predicted less measured, in MiB and per cent.</param>
/// <param name="Within">Whether that is within 5 % or 64 MiB: "yes" or "no".</param>
public sealed record FitRow(
    string Model, string Quant, string Backend, string Context, string Weights, string Cache, string Compute, string Predicted, string Measured, string Error, string Within);
