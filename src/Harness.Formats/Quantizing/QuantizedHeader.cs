using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>The header a model would have in another quantization: its tensors' types by llama.cpp's mixtures, its sizes.</summary>
public static class QuantizedHeader
{
    /// <summary>The quantizations there are rules for.</summary>
    public static IReadOnlyList<string> Quantizations { get; } = [.. Mixture.All.Select(m => m.Name)];

    /// <summary>A model's tensors in a quantization.</summary>
    /// <param name="headers">The headers of all its files, in any quantization.</param>
    /// <param name="quantization">One of <see cref="Quantizations"/>; case does not matter.</param>
    /// <returns>One header with all tensors, laid out one after the other; null where the quantization is not known.</returns>
    public static GgufHeader? Of(IReadOnlyList<GgufHeader> headers, string quantization)
    {
        ArgumentNullException.ThrowIfNull(headers);
        if (Mixture.Find(quantization) is not { } mixture)
            return null;
        GgufTensor[] tensors = [.. headers.SelectMany(h => h.Tensors)];
        IReadOnlyDictionary<string, TensorType> types = mixture.TypesOf(
            MixtureFacts.Of(headers[0].Metadata), tensors.Select(t => (t.Name, (IReadOnlyList<long>)t.Shape)));
        long offset = headers[0].DataOffset;
        var retyped = new List<GgufTensor>(tensors.Length);
        foreach (GgufTensor tensor in tensors)
        {
            uint type = types.TryGetValue(tensor.Name, out TensorType chosen) ? (uint)chosen : tensor.TypeNumber;
            long bytes = TensorLayout.TryGet(type, out TensorLayoutInfo layout)
                ? checked(tensor.RowLength / layout.BlockLength * layout.BlockBytes * tensor.RowCount)
                : tensor.ByteLength;
            retyped.Add(new GgufTensor(tensor.Name, type, tensor.Shape) { ByteLength = bytes, Offset = offset });
            offset = GgufPlan.AlignUp(offset + bytes, headers[0].Alignment);
        }

        return new GgufHeader(
            headers[0].Version, headers[0].Alignment, headers[0].Metadata, retyped, headers[0].HeaderLength, headers[0].DataOffset, offset);
    }
}
