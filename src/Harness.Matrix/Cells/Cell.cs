namespace Harness.Matrix;

/// <summary>The coordinates of one thing to try.</summary>
/// <param name="Model">Id of the model in the catalogue.</param>
/// <param name="Quant">Quantization, as <c>Q4_K_M</c>.</param>
/// <param name="Backend">Engine and version.</param>
/// <param name="Hardware">The API asked for: <c>cpu</c>, <c>cuda</c>, <c>vulkan</c>, <c>metal</c>, <c>webgpu</c>.</param>
public sealed record Cell(string Model, string Quant, BackendId Backend, string Hardware)
{
    /// <summary>As <c>nano Q8_0 llama.cpp@v0.5.0 cpu</c>.</summary>
    public override string ToString() => $"{Model} {Quant} {Backend} {Hardware}";
}
