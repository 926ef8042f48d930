using System.Buffers.Binary;
using Harness.Formats.Tensors;

namespace Harness.Formats.Safetensors;

/// <summary>Decodes stored values into float32.</summary>
internal static class SafetensorsValues
{
    private static readonly float[] E8M0 = [.. Enumerable.Range(0, 256).Select(code => code == 255 ? float.NaN : MathF.ScaleB(1, code - 127))];

    private static readonly Dictionary<SafetensorsType, Decoder> Decoders = new()
    {
        [SafetensorsType.F32] = Of(TensorType.F32),
        [SafetensorsType.F16] = Of(TensorType.F16),
        [SafetensorsType.BF16] = Of(TensorType.BF16),
        [SafetensorsType.F8E4M3] = Of(TensorType.F8_E4M3),
        [SafetensorsType.F8E5M2] = Of(TensorType.F8_E5M2),
        [SafetensorsType.F8E8M0] = Each(1, bytes => E8M0[bytes[0]]),
        [SafetensorsType.F64] = Each(8, bytes => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
        [SafetensorsType.Bool] = Each(1, bytes => bytes[0] == 0 ? 0 : 1),
        [SafetensorsType.U8] = Each(1, bytes => bytes[0]),
        [SafetensorsType.I8] = Each(1, bytes => (sbyte)bytes[0]),
        [SafetensorsType.I16] = Each(2, bytes => BinaryPrimitives.ReadInt16LittleEndian(bytes)),
        [SafetensorsType.U16] = Each(2, bytes => BinaryPrimitives.ReadUInt16LittleEndian(bytes)),
        [SafetensorsType.I32] = Each(4, bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes)),
        [SafetensorsType.U32] = Each(4, bytes => BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
        [SafetensorsType.I64] = Each(8, bytes => BinaryPrimitives.ReadInt64LittleEndian(bytes)),
        [SafetensorsType.U64] = Each(8, bytes => BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
    };

    private delegate void Decoder(ReadOnlySpan<byte> source, Span<float> destination);

    private delegate float One(ReadOnlySpan<byte> source);

    /// <summary>Whether values of a type can be decoded.</summary>
    public static bool CanDecode(SafetensorsType type) => Decoders.ContainsKey(type);

    /// <summary>Decodes values; the source holds as many as the destination.</summary>
    public static void Decode(SafetensorsType type, ReadOnlySpan<byte> source, Span<float> destination) => Decoders[type](source, destination);

    // A format of GGUF's is decoded where it is at home.
    private static Decoder Of(TensorType type) => TensorFormats.TryGet(type, out TensorFormat? format)
        ? new Decoder(format.Decode)
        : throw new NotSupportedException($"No format {type}.");

    private static Decoder Each(int bytes, One one) => (source, destination) =>
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = one(source.Slice(i * bytes, bytes));
    };
}
