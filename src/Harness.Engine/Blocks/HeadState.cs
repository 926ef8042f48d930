using Harness.Engine.Kernels;

namespace Harness.Engine.Blocks;

/// <summary>
/// The matrices of a block's heads, keys × values each, with values padded to whole registers. One item of parallel work
/// takes one head through all tokens of the panel.
/// </summary>
/// <param name="Keys">Rows of a head's matrix.</param>
/// <param name="Values">Columns of a head's matrix.</param>
internal readonly unsafe record struct HeadState(int Keys, int Values)
{
    private int Padded => MatrixKernels.Pad(Values);

    /// <summary>Floats of one head.</summary>
    public long FloatsPerHead => (long)Keys * Padded;

    /// <summary>Scratch of <see cref="Advance"/>, in floats.</summary>
    public long ScratchFloats => Padded;

    /// <summary>Takes one head one token further.</summary>
    /// <param name="kernels">The register width.</param>
    /// <param name="step">The token's vectors.</param>
    /// <param name="state">The head's matrix.</param>
    /// <param name="scratch">For heads that do not fill their last register, whose neighbours must stay as they are.</param>
    public void Advance(IRecurrentKernels kernels, in StateStep step, float* state, float* scratch)
    {
        if (Values == Padded)
        {
            kernels.Advance(in step, state, Keys, Values);
            return;
        }

        StateStep alone = step;
        new ReadOnlySpan<float>(step.Value, Values).CopyTo(new Span<float>(scratch, Values));
        new Span<float>(scratch + Values, Padded - Values).Clear();
        alone.Value = scratch;
        alone.Output = scratch;
        kernels.Advance(in alone, state, Keys, Padded);
        new ReadOnlySpan<float>(scratch, Values).CopyTo(new Span<float>(step.Output, Values));
    }
}
