using Harness.Formats.Gguf;

namespace Harness.Cli.OneModel;

/// <summary>How large a model is, from its header.</summary>
/// <param name="Bytes">Bytes of its tensors.</param>
/// <param name="Parameters">Values in its tensors.</param>
internal sealed record ModelSize(long Bytes, long Parameters)
{
    /// <summary>Reads it.</summary>
    /// <param name="path">The file; of a sharded model, any shard.</param>
    public static ModelSize Of(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return new ModelSize(
            file.Tensors.Sum(t => t.ByteLength),
            file.Tensors.Sum(t => t.Shape.Aggregate(1L, (product, extent) => product * extent)));
    }
}
