using Harness.Engine.Architectures;
using Harness.Engine.Weights;

namespace Harness.Engine;

/// <summary>
/// What a session reserves, in bytes: the numbers it reserves by, so a prediction cannot drift from what happens. Memory
/// becomes resident as it is used: the cache position by position, all else with the first whole panel.
/// </summary>
public sealed record SessionMemory
{
    /// <summary>Positions of the context; fewer than asked for where the model has fewer.</summary>
    public required int Positions { get; init; }

    /// <summary>Tokens evaluated together.</summary>
    public required int PanelTokens { get; init; }

    /// <summary>Keys and values of all positions, and recurrent states.</summary>
    public required long StateBytes { get; init; }

    /// <summary>Of <see cref="StateBytes"/>, recurrent states: what does not grow with the positions.</summary>
    public long FixedStateBytes { get; init; }

    /// <summary>Rows of activations.</summary>
    public required long ActivationBytes { get; init; }

    /// <summary>Scratch of all threads.</summary>
    public required long ThreadBytes { get; init; }

    /// <summary>At most: activations as integers.</summary>
    public required long IntegerBytes { get; init; }

    /// <summary>Logits.</summary>
    public long LogitBytes { get; init; }

    /// <summary>The weights; null where they were not asked for.</summary>
    public WeightMemory? Weights { get; init; }

    /// <summary>All that is neither cache nor state.</summary>
    public long ComputeBytes => ActivationBytes + ThreadBytes + IntegerBytes + LogitBytes;

    /// <summary>Bytes of the state once so many positions are filled.</summary>
    /// <param name="positions">Positions filled.</param>
    public long StateBytesAt(long positions) =>
        FixedStateBytes + (long)((StateBytes - FixedStateBytes) * (Math.Clamp(positions, 0, Positions) / (double)Positions));
}

/// <summary>What a model's weights take, in bytes.</summary>
/// <param name="MappedBytes">Read where they lie in the mapped file.</param>
/// <param name="PrivateBytes">Kept in memory of the process's own, in another form than the file's.</param>
/// <param name="Tables">Of the mapped, matrices of which a token reads one row, not all.</param>
public sealed record WeightMemory(long MappedBytes, long PrivateBytes, IReadOnlyList<RowTable> Tables)
{
    internal static WeightMemory Of(ModelWeights weights, ModelHeader header)
    {
        WeightMatrix[] packed = [.. weights.Multiplied.Where(m => m.Kernel.PackedBytes(m.Rows, m.Columns) > 0)];
        WeightMatrix embedding = weights.TokenEmbedding;
        RowTable[] tables =
        [
            .. header.Tensors.Values.Where(t => t.Name is "position_embd.weight" or "per_layer_token_embd.weight")
                .Select(t => new RowTable(t.Name, t.ByteLength, t.RowBytes)),
        ];

        // The pages of what is packed are given back, and those of an embedding that is only looked up with each row.
        long mapped = header.Tensors.Values.Sum(t => t.ByteLength) - packed.Sum(m => m.Rows * m.RowBytes);
        if (!weights.Multiplied.Contains(embedding))
            mapped -= embedding.Rows * embedding.RowBytes;
        return new WeightMemory(mapped, WeightPacking.Bytes(weights.Multiplied), tables);
    }
}

/// <summary>A matrix of which a token reads one row.</summary>
/// <param name="Tensor">Its name.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="RowBytes">Bytes of a row.</param>
public sealed record RowTable(string Tensor, long Bytes, long RowBytes);
