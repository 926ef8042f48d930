using Harness.Formats.Quantizing.Mixtures;

namespace Harness.Formats.Quantizing;

/// <summary>The numbers of <c>general.file_type</c>, llama.cpp's <c>llama_ftype</c>: which mixture of tensor types a file is.</summary>
public static class FileTypes
{
    /// <summary>The name of a number.</summary>
    /// <param name="fileType">The number.</param>
    /// <returns>The mixture's name, <c>Q4_K_M</c>; null for a number nobody gave a meaning.</returns>
    public static string? NameOf(uint fileType) =>
        (Mixture.All.LastOrDefault(m => m.FileType == fileType && !m.Pure) ?? Mixture.All.LastOrDefault(m => m.FileType == fileType))?.Name;
}
