using Harness.Formats.Tensors;

namespace Harness.Workers.LlamaCpp;

/// <summary>The fields of <c>llama_context_params</c> that are set, at offsets a release's own defaults prove.</summary>
/// <remarks>
/// <c>n_ctx</c>, <c>n_batch</c> and <c>n_ubatch</c> are the first three in every release bound here. Then come, among
/// counts and threads, enumerations whose default is −1: <c>rope_scaling_type</c>, <c>pooling_type</c>,
/// <c>attention_type</c>, and since autumn 2025 <c>flash_attn_type</c> (−1 is "auto", 0 "disabled"). Four in a row, and
/// only four, prove that the last one is there; before it, flash attention was off unless asked for.
/// </remarks>
internal static class ContextParameters
{
    private const int Searched = 24 * sizeof(int);

    /// <summary>Sets the context's length and the largest batch.</summary>
    /// <param name="parameters">Untouched defaults.</param>
    /// <param name="length">Positions.</param>
    /// <param name="batch">Tokens of one evaluation.</param>
    public static void Size(ref ParameterBlob parameters, uint length, uint batch)
    {
        parameters.SetInt32(0, (int)length);
        parameters.SetInt32(4, (int)batch);
        parameters.SetInt32(8, (int)batch);
    }

    /// <summary>
    /// Turns flash attention off where it would be chosen: on the CPU it sums values in float16, which alone puts
    /// float32 models 1.6e-6 (NMSE) from the exact result.
    /// </summary>
    /// <param name="parameters">Defaults, but for <see cref="Size"/>.</param>
    public static void WithoutFlashAttention(ref ParameterBlob parameters)
    {
        if (FlashAttentionOffset(parameters) is { } offset) parameters.SetInt32(offset, 0);
    }

    /// <summary>
    /// Keeps keys and values in another type. In float32, queries and weights, which llama.cpp otherwise rounds to float16,
    /// are kept so too. Their types, two F16 by default, follow two null pointers behind <c>flash_attn_type</c>.
    /// </summary>
    /// <param name="parameters">Defaults, but for the fields set here.</param>
    /// <param name="type">The number of a tensor type.</param>
    /// <returns>False when the defaults do not show where the types are; nothing is changed then.</returns>
    public static bool WithCache(ref ParameterBlob parameters, TensorType type)
    {
        const int f16 = 1;
        for (int offset = 6 * sizeof(long); offset < 20 * sizeof(long); offset += sizeof(long))
        {
            bool callback = parameters.Pointer(offset) == 0 && parameters.Pointer(offset + sizeof(long)) == 0;
            int types = offset + (2 * sizeof(long));
            if (!callback || parameters.Int32(types) != f16 || parameters.Int32(types + sizeof(int)) != f16)
                continue;
            parameters.SetInt32(types, (int)type);
            parameters.SetInt32(types + sizeof(int), (int)type);
            return true;
        }

        return false;
    }

    /// <summary>The byte of <c>flash_attn_type</c>, or null when the defaults do not show it.</summary>
    /// <param name="parameters">Defaults, but for <see cref="Size"/>.</param>
    public static int? FlashAttentionOffset(in ParameterBlob parameters)
    {
        for (int offset = 3 * sizeof(int); offset < Searched; offset += sizeof(int))
        {
            int run = 0;
            while (parameters.Int32(offset + (run * sizeof(int))) == -1) run++;
            if (run == 4) return offset + (3 * sizeof(int));
            offset += run * sizeof(int);
        }

        return null;
    }
}
