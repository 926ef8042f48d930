namespace Harness.Engine;

/// <summary>What the key/value cache stores.</summary>
public enum KvCacheType
{
    /// <summary>binary16, as other engines do by default.</summary>
    F16,

    /// <summary>binary32.</summary>
    F32,

    /// <summary>
    /// Signed bytes, 32 of a head with a binary16 scale: half of <see cref="F16"/>, and a little less exact. What is kept as one
    /// latent row for all heads stays <see cref="F16"/>: it is small, and everything is made of it.
    /// </summary>
    Q8_0,
}
