using Harness.Formats.Safetensors;

namespace Harness.Conversion.Values;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="model">The open files.</param>
/// <param name="tensor">The tensor.</param>
internal sealed class StoredValues(SafetensorsModel model, SafetensorsTensor tensor) : TensorValues(tensor.Shape)
{
    public override void Read(long first, Span<float> destination) => model.Read(tensor, first, destination);
}
