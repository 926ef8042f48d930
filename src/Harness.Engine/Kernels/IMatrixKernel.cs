namespace Harness.Engine.Kernels;

/// <summary>
/// Multiplies rows of a stored matrix with a panel of tokens, for one tensor format. Every output is the sum of its
/// products in one fixed order, whatever rows and tokens are computed together: that is what makes logits equal, bit
/// for bit, for every number of threads and every split of a prompt.
/// </summary>
internal unsafe interface IMatrixKernel
{
    /// <summary>Values of an input that share a scale where the kernel multiplies integers (<see cref="Integer.IntegerRow"/>); 0 where it takes floats.</summary>
    int InputBlock { get; }

    /// <summary>Whether panels are multiplied with integers of 16 bits: <see cref="Integer.IntegerRow.Words"/>.</summary>
    bool InputWords { get; }

    /// <summary>Bytes of the matrix as the kernel reads it; 0 where it reads the rows as they are stored.</summary>
    /// <param name="rows">The matrix's rows.</param>
    /// <param name="columns">Its columns.</param>
    long PackedBytes(int rows, int columns);

    /// <summary>Brings rows into the form the kernel reads.</summary>
    /// <param name="stored">The first stored row.</param>
    /// <param name="rowBytes">Bytes from one stored row to the next.</param>
    /// <param name="rows">How many; the first one's index is a multiple of <see cref="MatrixKernels.RowsPerItem"/>.</param>
    /// <param name="columns">The matrix's columns.</param>
    /// <param name="packed">Receives <see cref="PackedBytes"/>.</param>
    /// <returns>Whether all values, or their scales, are finite numbers.</returns>
    bool Pack(byte* stored, long rowBytes, int rows, int columns, byte* packed);

    /// <summary>Scratch that <see cref="Multiply"/> needs, in floats.</summary>
    /// <param name="columns">The matrix's columns.</param>
    /// <param name="tokens">The panel's tokens.</param>
    long ScratchFloats(int columns, int tokens);

    /// <summary>Computes some rows' outputs for all tokens of a panel.</summary>
    /// <param name="job">Matrix, panel and outputs.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">How many rows, at most <see cref="MatrixKernels.RowsPerItem"/>.</param>
    /// <param name="scratch">Aligned scratch of this thread.</param>
    void Multiply(in MatrixJob job, int firstRow, int rowCount, float* scratch);

    /// <summary>Unpacks one row, as the embedding of a token is.</summary>
    /// <param name="row">The stored row.</param>
    /// <param name="columns">Its values.</param>
    /// <param name="destination">Room for them.</param>
    void UnpackRow(byte* row, int columns, float* destination);
}
