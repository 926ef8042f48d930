namespace Harness.Matrix.Yaml;

/// <summary>A place in a file.</summary>
/// <param name="File">The file, as a person would name it.</param>
/// <param name="Line">From 1; 0 for the whole file.</param>
/// <param name="Column">From 1; 0 for the whole line.</param>
internal readonly record struct SourceMark(string File, int Line = 0, int Column = 0);
