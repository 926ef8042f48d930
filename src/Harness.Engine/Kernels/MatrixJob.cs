using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Harness.Engine.Weights;

namespace Harness.Engine.Kernels;

/// <summary>One projection of a panel of tokens: <c>outputs[t][r] (+)= Σ_c weight[r][c] × inputs[t][c]</c>, then scale and bias.</summary>
internal unsafe struct MatrixJob
{
    /// <summary>Weight, scale and bias.</summary>
    public Projection Projection;

    /// <summary>Tokens × <see cref="InputStride"/>; values between the columns and the next multiple of 16 are zero.</summary>
    public float* Inputs;

    /// <summary>Floats from one token's input to the next; a multiple of 16.</summary>
    public int InputStride;

    /// <summary>The inputs as <see cref="Integer.IntegerRow"/>, for kernels that ask for them; else null.</summary>
    public byte* Integers;

    /// <summary>Bytes from one token's integers to the next.</summary>
    public int IntegerStride;

    /// <summary>The integers are there in 16 bits too.</summary>
    public bool IntegerWords;

    /// <summary>Tokens × <see cref="OutputStride"/>.</summary>
    public float* Outputs;

    /// <summary>Floats from one token's output to the next.</summary>
    public int OutputStride;

    /// <summary>Tokens in the panel.</summary>
    public int Tokens;

    /// <summary>Adds to what the outputs hold, as a residual connection does.</summary>
    public bool Accumulate;

    /// <summary>Applies scale, bias and residual to a bare sum and stores it.</summary>
    public readonly void Store(int token, int row, float sum)
    {
        float* bias = Projection.Bias;
        if (Projection.ScaleAfterBias)
            sum = (bias is null ? sum : sum + bias[row]) * Projection.Scale;
        else
            sum = bias is null ? sum * Projection.Scale : (sum * Projection.Scale) + bias[row];

        float* output = Outputs + ((long)token * OutputStride) + row;
        *output = Accumulate ? *output + sum : sum;
    }

    /// <summary>
    /// Asks for the outputs of an item's rows: each token's are far from the last one's, and their lines come while the
    /// products are summed.
    /// </summary>
    public readonly void PrefetchOutputs(int token, int tokens, int row)
    {
        if (!Sse.IsSupported)
            return;
        for (int t = token; t < token + tokens; t++)
        {
            float* output = Outputs + ((long)t * OutputStride) + row;
            Sse.Prefetch0(output);
            Sse.Prefetch0(output + 16);
        }
    }

    /// <summary>The same for up to eight neighbouring rows.</summary>
    public readonly void StoreEight(int token, int row, int count, Vector256<float> sums)
    {
        if (count == 8 && Projection.Scale == 1)
        {
            float* output = Outputs + ((long)token * OutputStride) + row;
            if (Projection.Bias is not null)
                sums += Vector256.Load(Projection.Bias + row);
            (Accumulate ? Vector256.Load(output) + sums : sums).Store(output);
            return;
        }

        for (int i = 0; i < count; i++)
            Store(token, row + i, sums[i]);
    }
}
