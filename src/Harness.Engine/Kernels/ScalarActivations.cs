using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>The activations of few models, one value at a time.</summary>
internal static unsafe class ScalarActivations
{
    /// <inheritdoc cref="IPrimitives.Activate"/>
    public static void Apply(Activation activation, float* values, float* factors, int length)
    {
        for (int i = 0; i < length; i++)
            values[i] = Of(activation, values[i]) * (factors is null ? 1 : factors[i]);
    }

    private static float Of(Activation activation, float x) => activation switch
    {
        Activation.GeluErf => (float)(0.5 * x * ErrorFunction.Complement(-x / Math.Sqrt(2))),
        Activation.Softplus => x > 20 ? x : (float)Math.Log(1 + Math.Exp(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };
}
