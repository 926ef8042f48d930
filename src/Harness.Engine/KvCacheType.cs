namespace Harness.Engine;

/// <summary>What the key/value cache stores.</summary>
public enum KvCacheType
{
    /// <summary>binary16, as other engines do by default.</summary>
    F16,

    /// <summary>binary32.</summary>
    F32,
}
