namespace Harness.Engine.Blueprints;

/// <summary>The function between the projections of a feed-forward.</summary>
public enum Activation
{
    /// <summary>x × sigmoid(x).</summary>
    Silu,

    /// <summary>x × Φ(x), by its tanh form: <c>x × sigmoid(2 √(2/π) (x + 0.044715 x³))</c> (Hendrycks and Gimpel, 2016).</summary>
    Gelu,

    /// <summary>x × Φ(x), by the error function.</summary>
    GeluErf,

    /// <summary>x × sigmoid(1.702 x).</summary>
    GeluQuick,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>max(x, 0)².</summary>
    ReluSquared,

    /// <summary>sigmoid(x): a gate.</summary>
    Sigmoid,

    /// <summary>ln(1 + eˣ): a gate.</summary>
    Softplus,
}

/// <summary>Names of activations in features.</summary>
internal static class ActivationNames
{
    public static string Of(Activation activation) => activation switch
    {
        Activation.Silu => "silu",
        Activation.Gelu => "gelu",
        Activation.GeluErf => "gelu-erf",
        Activation.GeluQuick => "gelu-quick",
        Activation.Relu => "relu",
        Activation.ReluSquared => "relu-squared",
        Activation.Sigmoid => "sigmoid",
        Activation.Softplus => "softplus",
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };
}
