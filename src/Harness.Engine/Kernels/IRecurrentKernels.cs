using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary>
/// The inner loops of recurrent blocks. Each works on one head or a few channels, so that these are the items of
/// parallel work; each token's arithmetic is the same however tokens are split into panels.
/// </summary>
internal unsafe interface IRecurrentKernels
{
    /// <summary>Takes one head's state one token further.</summary>
    /// <param name="step">The token's vectors.</param>
    /// <param name="state">keys × values.</param>
    /// <param name="keys">Rows of the state.</param>
    /// <param name="values">Columns of the state, a multiple of 16.</param>
    void Advance(in StateStep step, float* state, int keys, int values);

    /// <summary>
    /// One token of Mamba's selective scan for some channels (Gu and Dao, 2023):
    /// <c>S'_nc = e^(Δ_c · A_nc) · S_nc + Δ_c · x_c · B_n</c>, <c>y_c = Σ_n C_n · S'_nc + D_c · x_c</c>.
    /// </summary>
    void ScanChannels(in ChannelStep step, float* state, int stateStride, int states, int channels);

    /// <summary>
    /// A causal convolution of each channel with its own taps: <c>y_t = Σ_i taps_i · x_(t−T+1+i) + bias</c>, then SiLU
    /// where asked.
    /// </summary>
    /// <param name="job">Rows, taps and history.</param>
    /// <param name="firstChannel">The first channel, a multiple of <see cref="ConvolutionJob.ChannelsPerItem"/>.</param>
    void Convolve(in ConvolutionJob job, int firstChannel);

    /// <summary><c>values = values × silu(gate)</c>; whole registers, so both have room for a multiple of 16.</summary>
    void MultiplyBySilu(float* values, float* gate, int length);

    /// <summary><c>values = values × sigmoid(gate)</c>; room for a multiple of 16.</summary>
    void MultiplyBySigmoid(float* values, float* gate, int length);

    /// <summary><c>values = 1 / (1 + e^−values)</c>; room for a multiple of 16.</summary>
    void Sigmoid(float* values, int length);

    /// <summary><c>values = ln(1 + e^values)</c>, values above 20 unchanged; room for a multiple of 16.</summary>
    void Softplus(float* values, int length);

    /// <summary><c>values = e^values</c>; room for a multiple of 16.</summary>
    void Exp(float* values, int length);

    /// <summary><c>values = values × factors</c>.</summary>
    void Multiply(float* values, float* factors, int length);

    /// <summary><c>values = values × scale / max(|values|, ε)</c>, with the Euclidean length.</summary>
    void ScaleToLength(float* values, int length, float epsilon, float scale);

    /// <summary><c>output = current + (previous − current) × mix</c>; room for a multiple of 16 except in mix.</summary>
    void Interpolate(float* current, float* previous, float* mix, float* output, int length);
}

/// <summary>One token's vectors of <see cref="IRecurrentKernels.ScanChannels"/>, from the first of the channels on.</summary>
internal unsafe struct ChannelStep
{
    /// <summary>Δ, a channel each.</summary>
    public float* TimeStep;

    /// <summary>The input, a channel each.</summary>
    public float* Input;

    /// <summary>A, states × <see cref="ConvolutionJob.ChannelsPerItem"/>.</summary>
    public float* Decay;

    /// <summary>B, a state each.</summary>
    public float* Key;

    /// <summary>C, a state each.</summary>
    public float* Query;

    /// <summary>D, a channel each.</summary>
    public float* Skip;

    /// <summary>Receives y, a channel each; may be <see cref="Input"/>.</summary>
    public float* Output;
}

/// <summary>A causal convolution of a panel of tokens.</summary>
internal unsafe struct ConvolutionJob
{
    /// <summary>Channels that are one item of parallel work.</summary>
    public const int ChannelsPerItem = 64;

    /// <summary>Most taps: real models have 3 or 4.</summary>
    public const int MaxTaps = 32;

    /// <summary>Tokens × <see cref="InputStride"/>.</summary>
    public float* Inputs;

    /// <summary>Floats from one token's input to the next.</summary>
    public int InputStride;

    /// <summary>Tokens × <see cref="OutputStride"/>.</summary>
    public float* Outputs;

    /// <summary>Floats from one token's output to the next.</summary>
    public int OutputStride;

    /// <summary>Channels × <see cref="TapCount"/>, the newest token's tap last.</summary>
    public float* Taps;

    /// <summary>Taps a channel.</summary>
    public int TapCount;

    /// <summary>One value a channel, or null.</summary>
    public float* Bias;

    /// <summary>Inputs of the last <see cref="TapCount"/> − 1 tokens, oldest first; padded to a multiple of 16 channels.</summary>
    public float* History;

    /// <summary>Channels.</summary>
    public int Channels;

    /// <summary>Tokens in the panel.</summary>
    public int Tokens;

    /// <summary>SiLU follows.</summary>
    public bool Silu;

    /// <summary>Items of parallel work.</summary>
    public readonly int Items => (Channels + ChannelsPerItem - 1) / ChannelsPerItem;

    /// <summary>Floats of history.</summary>
    public static long HistoryFloats(int channels, int taps) => (taps - 1) * (long)MatrixKernels.Pad(channels);
}

/// <summary>The recurrent kernels at the register width of this machine.</summary>
internal static class RecurrentKernels
{
    public static IRecurrentKernels Preferred { get; } = Of(LaneWidth.Preferred);

    public static IRecurrentKernels Of(int lanes) => lanes switch
    {
        16 => new RecurrentKernels<Lanes512>(),
        8 => new RecurrentKernels<Lanes256>(),
        4 => new RecurrentKernels<Lanes128>(),
        _ => new RecurrentKernels<LanesScalar>(),
    };
}
