namespace Harness.Matrix;

/// <summary>What kind of thing stands in the way of a cell.</summary>
public enum BlockedKind
{
    /// <summary>The quantization cannot be had.</summary>
    QuantNotPublished,

    /// <summary>No such device was seen.</summary>
    HardwareAbsent,

    /// <summary>The backend does not drive this hardware.</summary>
    HardwareNotDriven,

    /// <summary>The backend does not exist for this platform.</summary>
    PlatformNotSupported,

    /// <summary>The backend is not installed and cannot be installed now.</summary>
    BackendNotInstalled,

    /// <summary>The files are not here and may not be fetched.</summary>
    FilesNotCached,

    /// <summary>Estimated to need more memory than there is.</summary>
    TooLargeForMemory,

    /// <summary>Estimated to need more disk than is free.</summary>
    TooLargeForDisk,
}

/// <summary>Why a cell will not be tried.</summary>
/// <param name="Kind">The kind of reason.</param>
/// <param name="Reason">The reason in words, without a full stop.</param>
/// <param name="Remedy">What to do about it, or null when nothing can be done.</param>
public sealed record Blocked(BlockedKind Kind, string Reason, string? Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => Remedy is null ? Reason : Reason + ": " + Remedy;
}
