namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// Where the parts of eight unpacked rows are, in bytes from their start: values, four columns of each row after another;
/// each group's scale for each row, in 32 bits; minima of two neighbouring groups for each row; each block's eight scales,
/// and the scales of its minima.
/// </summary>
internal readonly record struct TileLayout(int Factors, int Minima, int Scales, int MinimumScales, int Bytes);
