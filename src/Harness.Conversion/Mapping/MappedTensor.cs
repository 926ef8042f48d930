using Harness.Conversion.Values;

namespace Harness.Conversion.Mapping;

/// <summary>A tensor of the GGUF file to be written.</summary>
/// <param name="Name">Its name there: <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Values">Its values; the shape is the other way round than in GGUF, outermost length first.</param>
internal sealed record MappedTensor(string Name, TensorValues Values);
