namespace Harness.Matrix;

/// <summary>Where the files of a variant come from.</summary>
public enum VariantOrigin
{
    /// <summary>Published on a hub by somebody.</summary>
    Hub,

    /// <summary>Converted by a tool from another container.</summary>
    Converted,

    /// <summary>Quantized by a tool from a parent variant.</summary>
    Quantized,

    /// <summary>Forged by the harness from a seed: a probe.</summary>
    Forged,

    /// <summary>Trained by this project and carried with it.</summary>
    Trained,

    /// <summary>A file of the user's own.</summary>
    Local,
}
