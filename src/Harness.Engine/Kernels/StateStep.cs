namespace Harness.Engine.Kernels;

/// <summary>
/// One token's step of one head of a recurrence whose state is a matrix, keys × values. All of linear attention is an
/// instance: RetNet, Mamba-2, gated linear attention, the delta rules, RWKV 6 and 7.
/// </summary>
/// <remarks>
/// <c>r_v = Σ_k Probe_k · S_kv</c>;
/// <c>S'_kv = Decay_k · S_kv + Key_k · Value_v + Correction_k · r_v</c>;
/// <c>Output_v = Σ_k Query_k · S'_kv + Bonus · Value_v</c>, or with S for S' where <see cref="ReadsBefore"/> is set.
/// </remarks>
internal unsafe struct StateStep
{
    /// <summary>What remains of each key's row.</summary>
    public float* Decay;

    /// <summary>Under which keys the value is stored.</summary>
    public float* Key;

    /// <summary>What is read.</summary>
    public float* Query;

    /// <summary>What is recalled before the state changes; null where nothing is corrected.</summary>
    public float* Probe;

    /// <summary>How what was recalled changes each key's row.</summary>
    public float* Correction;

    /// <summary>The value, a multiple of 16 floats.</summary>
    public float* Value;

    /// <summary>Receives what is read, a multiple of 16 floats; may be <see cref="Value"/>.</summary>
    public float* Output;

    /// <summary>The share of the value that goes straight to the output.</summary>
    public float Bonus;

    /// <summary>The output is read from the state before this token.</summary>
    public bool ReadsBefore;
}
