using System.Collections.Immutable;
using System.Globalization;
using Harness.Formats.Tensors;

namespace Harness.Formats.Gguf;

/// <content>The list of tensors, and where they lie.</content>
internal ref partial struct GgufHeaderReader
{
    private const int MaxDimensions = 4;

    // The least a tensor takes: name length, dimension count, one dimension, type, offset.
    private const int LeastTensorBytes = 8 + 4 + 8 + 4 + 8;

    private List<GgufTensor> ReadTensors(long count)
    {
        var tensors = new List<GgufTensor>(Capacity(count));
        var names = new HashSet<string>(StringComparer.Ordinal);
        Span<long> dimensions = stackalloc long[MaxDimensions];
        for (long i = 0; i < count; i++)
        {
            int start = position;
            string name = ReadName($"the name of tensor {Text(i)}");
            if (!names.Add(name))
                throw Bad($"the tensor '{name}' is there twice", start, name);

            uint rank = ReadUInt32($"the number of dimensions of tensor '{name}'");
            if (rank is 0 or > MaxDimensions)
                throw Bad($"the tensor '{name}' has {Text(rank)} dimensions; 1 to {Text(MaxDimensions)} are possible", start, name);
            long elements = 1;
            for (int d = 0; d < rank; d++)
            {
                ulong length = ReadUInt64($"the shape of tensor '{name}'");
                if (length == 0)
                    throw Bad($"dimension {Text(d)} of the tensor '{name}' is 0", start, name);
                UInt128 product = (UInt128)elements * length;
                if (product > (UInt128)long.MaxValue)
                    throw Bad($"the dimensions of the tensor '{name}' multiply to more than 2^63", start, name);
                elements = (long)product;
                dimensions[d] = (long)length;
            }

            uint type = ReadUInt32($"the type of tensor '{name}'");
            ulong offset = ReadUInt64($"the offset of tensor '{name}'");
            tensors.Add(new GgufTensor(name, type, ImmutableArray.Create(dimensions[..(int)rank]))
            {
                ByteLength = ByteLength(name, type, elements, dimensions[0], start),
                Offset = offset <= long.MaxValue ? (long)offset : throw OutOfFile(name, offset),
            });
        }

        return tensors;
    }

    private static long ByteLength(string name, uint type, long elements, long rowLength, int start)
    {
        // How long a tensor of an unknown type is, its neighbour tells: see PlaceTensors.
        if (!TensorLayout.TryGet(type, out TensorLayoutInfo layout))
            return 0;
        if (rowLength % layout.BlockLength != 0)
        {
            throw Bad(
                $"rows of the tensor '{name}' have {Text(rowLength)} values, no multiple of {layout.Name}'s block of {Text(layout.BlockLength)}",
                start,
                name);
        }

        UInt128 bytes = (UInt128)(elements / layout.BlockLength) * (uint)layout.BlockBytes;
        return bytes <= (UInt128)long.MaxValue
            ? (long)bytes
            : throw Bad($"the tensor '{name}' would take more than 2^63 bytes", start, name);
    }

    private readonly void PlaceTensors(List<GgufTensor> tensors, long dataOffset, int alignment)
    {
        if (tensors.Count == 0)
            return;
        if (dataOffset > fileLength)
            throw Truncated(dataOffset, "the tensors' bytes");

        // By place in the file: neighbours show overlaps, and how long a tensor of unknown type can be.
        var order = new int[tensors.Count];
        var offsets = new long[tensors.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            offsets[i] = tensors[i].Offset;
        }

        Array.Sort(offsets, order);
        long room = fileLength - dataOffset;
        for (int k = order.Length - 1; k >= 0; k--)
        {
            GgufTensor tensor = tensors[order[k]];
            if (tensor.Offset % alignment != 0)
            {
                throw new GgufException(
                    $"the offset {Text(tensor.Offset)} is no multiple of the alignment {Text(alignment)}",
                    $"tensor '{tensor.Name}'",
                    "The file is damaged or was written wrongly; download or convert it again.");
            }

            if (tensor.Offset > room)
                throw OutOfFile(tensor.Name, (ulong)tensor.Offset);
            bool last = k == order.Length - 1;
            long available = (last ? room : offsets[k + 1]) - tensor.Offset;
            long length = TensorLayout.TryGet(tensor.TypeNumber, out _) ? tensor.ByteLength : available;
            if (length > available)
                throw last ? OutOfFile(tensor.Name, (ulong)tensor.Offset, length) : Overlap(tensor, tensors[order[k + 1]]);
            tensors[order[k]] = tensor with { Offset = dataOffset + tensor.Offset, ByteLength = length };
        }
    }

    private static GgufException Overlap(GgufTensor first, GgufTensor second) => new(
        $"the tensors '{first.Name}' and '{second.Name}' overlap",
        $"tensor '{second.Name}'",
        "The file is damaged or was written wrongly; download or convert it again.");

    private readonly GgufException OutOfFile(string name, ulong offset, long length = 0)
    {
        UInt128 end = (UInt128)position + offset + (ulong)length;
        return new(
            $"the file is truncated: at least {end.ToString(CultureInfo.InvariantCulture)} bytes expected, {Text(fileLength)} there",
            $"tensor '{name}'",
            "Download it again.");
    }

    private static GgufException Bad(string what, int start, string tensor) => new(
        what, $"tensor '{tensor}', byte {Text(start)}", "The file is damaged or was written wrongly; download or convert it again.");
}
