using System.Buffers.Binary;
using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>
/// Keeps the choice of experts clear of rounding. Every token has a class, told by the first channels of its embedding,
/// one for each expert; nothing a layer adds to the residual stream touches them, and an expert's row of the router reads
/// its channel far more strongly than all others. So every engine finds the same experts for a token, in every layer and
/// at every quantization, while the experts' weights still depend on everything.
/// </summary>
internal static class TokenClasses
{
    // The classes are the cyclic shifts of one list of levels, so over some dozens of tokens every expert is used.
    private const int One = 8;
    private const int SmallBlock = 32;
    private const int SmallBlockBytes = 34;

    // What is added to the residual stream: weights and biases of these.
    private static readonly string[] LeadsBack = [".attn_output.", ".ffn_down", ".ffn_latent_up.", ".ssm_out.", ".shortconv.out_proj."];

    /// <summary>Lets a tensor of a model with experts leave the class channels alone.</summary>
    public static ForgeTensor Quieten(ForgeExperts experts, ForgeTensor tensor) =>
        LeadsBack.Any(name => tensor.Name.Contains(name, StringComparison.Ordinal)) ? tensor with { QuietOutputs = experts.Count } : tensor;

    /// <summary>The level of an expert's channel for a class, in eighths.</summary>
    /// <remarks>
    /// The chosen lie at 1 and above, one at 0, the others below −1. With groups the best two have the highs; the next
    /// has the highest expert of all but no other, and so is chosen from only by an engine that heeds no groups.
    /// </remarks>
    public static int Level(ForgeExperts experts, int channel, int tokenClass)
    {
        int size = experts.Count / experts.Groups;
        int group = ((channel / size) + (tokenClass / size)) % experts.Groups;
        int rank = ((channel % size) + tokenClass) % size;
        int used = experts.Used / experts.GroupsUsed;
        if (group >= experts.GroupsUsed)
            return group == experts.GroupsUsed && rank == 0 ? 2 * One : -One - rank - group;
        if (rank < used)
            return One + (2 * rank) + group;
        return rank == used && group == 0 ? 0 : -One - rank;
    }

    /// <summary>The type of the token embedding: one in which single values can be set.</summary>
    public static TensorType EmbeddingType(TensorType wanted) =>
        wanted is TensorType.F32 or TensorType.F16 or TensorType.BF16 ? wanted : TensorType.Q8_0;

    /// <summary>Rows of the token embedding.</summary>
    public static RowForge Embedding(ForgeExperts experts, uint type, Spread spread)
    {
        RowForge others = ForgedRows.Of(type, spread);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            int tokenClass = (int)(random.Next() % (ulong)experts.Count);
            others(ref random, row);
            if (type == (uint)TensorType.Q8_0)
                PrepareBlocks(row, experts.Count);
            for (int channel = 0; channel < experts.Count; channel++)
                Set(row, type, channel, Level(experts, channel, tokenClass));
        };
    }

    /// <summary>Makes a row of the router, in F32, read its expert's channel with weight two and no other class channel.</summary>
    public static void FinishRouter(ForgeExperts experts, int expert, Span<byte> row)
    {
        row[..(experts.Count * sizeof(float))].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(row[(expert * sizeof(float))..], FloatBits.Single(2, 0));
    }

    /// <summary>
    /// The experts' biases while they are chosen, in F32: the first is hardly ever chosen, and the others' are distinct and
    /// too small to matter to any but the last choice.
    /// </summary>
    public static RowForge SelectionBias() => (ref ForgeRandom _, Span<byte> row) =>
    {
        BinaryPrimitives.WriteUInt32LittleEndian(row, FloatBits.Single(-1, 0));
        for (int expert = 1; expert < row.Length / sizeof(float); expert++)
            BinaryPrimitives.WriteUInt32LittleEndian(row[(expert * sizeof(float))..], FloatBits.Single(-expert, -5));
    };

    // Blocks with class channels get a scale of 1/32, and their other quants a quarter of their size to fit it.
    private static void PrepareBlocks(Span<byte> row, int channels)
    {
        for (int block = 0; block * SmallBlock < channels; block++)
        {
            Span<byte> bytes = row.Slice(block * SmallBlockBytes, SmallBlockBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, FloatBits.Half(1, -5));
            foreach (ref byte quant in bytes[2..])
                quant = (byte)((sbyte)quant / 4);
        }
    }

    private static void Set(Span<byte> row, uint type, int channel, int eighths)
    {
        switch ((TensorType)type)
        {
            case TensorType.F32:
                BinaryPrimitives.WriteUInt32LittleEndian(row[(channel * sizeof(uint))..], FloatBits.Single(eighths, -3));
                break;
            case TensorType.F16:
                BinaryPrimitives.WriteUInt16LittleEndian(row[(channel * sizeof(ushort))..], FloatBits.Half(eighths, -3));
                break;
            case TensorType.BF16:
                BinaryPrimitives.WriteUInt16LittleEndian(row[(channel * sizeof(ushort))..], FloatBits.BFloat16(eighths, -3));
                break;
            default:
                row[(channel / SmallBlock * SmallBlockBytes) + 2 + (channel % SmallBlock)] = (byte)(sbyte)(eighths * 4);
                break;
        }
    }
}
