namespace Harness.Formats.Gguf;

/// <summary>
/// Supplies a tensor's stored bytes, some whole rows at a time. Rows may be asked for in any order and from several
/// threads at once, and the same rows must come out the same each time.
/// </summary>
/// <param name="firstRow">The first row wanted.</param>
/// <param name="rows">Filled to its end: a whole number of rows.</param>
public delegate void GgufTensorFill(long firstRow, Span<byte> rows);
