using System.Collections.Concurrent;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>
/// Quantizes a model file: each tensor decoded, and encoded again in the type that llama.cpp's mixture gives it. The
/// encoders are scalar and in a fixed order, so that the same file comes out on every machine.
/// </summary>
public static class ModelQuantizer
{
    /// <summary>The version of the algorithm; other bytes need another version.</summary>
    public const int Version = 1;

    /// <summary>The quantizations that can be made.</summary>
    public static IReadOnlyList<string> Quantizations => ProbeForge.Quantizations;

    /// <summary>Quantizes a file, under <c>TARGET.partial</c> until it is whole.</summary>
    /// <param name="source">A GGUF file of types that can be decoded.</param>
    /// <param name="target">The file to write; an existing one is replaced.</param>
    /// <param name="quantization">One of <see cref="Quantizations"/>.</param>
    /// <param name="threads">Threads, at least 1.</param>
    /// <param name="cancellation">Ends the work; nothing is left at <paramref name="target"/>.</param>
    /// <exception cref="GgufException">The source is damaged.</exception>
    /// <exception cref="NotSupportedException">A tensor cannot be decoded, or cannot be stored in the type it should have.</exception>
    public static void Quantize(string source, string target, string quantization, int threads = 1, CancellationToken cancellation = default)
    {
        var mix = QuantizationMix.Get(quantization);
        using GgufFile file = GgufFile.Open(source);
        var writer = new GgufWriter();
        foreach ((string key, GgufValue value) in file.Metadata)
        {
            if (key != "general.alignment" && !key.StartsWith("split.", StringComparison.Ordinal)) writer.Set(key, value);
        }

        writer.Set("general.file_type", GgufValue.Of(mix.FileType));
        writer.Set("general.quantization_version", GgufValue.Of(2u));
        writer.Set("harness.origin", GgufValue.Of(OriginAfter(file.Metadata)));
        writer.Set("harness.quantizer.version", GgufValue.Of((uint)Version));
        string architecture = file.Metadata.GetString("general.architecture");
        int layers = file.Metadata.GetNumber<int>($"{architecture}.block_count");
        bool tied = !file.TryGetTensor("output.weight", out _);
        foreach (GgufTensor tensor in file.Tensors)
        {
            uint type = QuantizationMix.IsQuantized(tensor.Name, tensor.Shape)
                ? mix.TypeOf(tensor.Name, tensor.Shape, layers, tied)
                : tensor.TypeNumber;
            writer.AddTensor(tensor.Name, type, tensor.Shape.AsSpan(), Filler(file, tensor, type));
        }

        writer.Save(target, threads, cancellation: cancellation);
    }

    /// <summary>A quantized probe is still a probe: what the weights are worth does not change.</summary>
    private static string OriginAfter(GgufMetadata metadata) =>
        metadata.TryGetString("harness.origin", out string? origin) && origin == "forged" ? origin : "quantized";

    private static GgufTensorFill Filler(GgufFile file, GgufTensor tensor, uint type)
    {
        if (type == tensor.TypeNumber)
            return (firstRow, rows) => file.Read(tensor, firstRow * tensor.RowBytes, rows);
        if (tensor.Type is not { } from || !TensorFormats.TryGet(from, out TensorFormat? decoder))
            throw new NotSupportedException($"tensor '{tensor.Name}' has the type {tensor.TypeName}, which cannot be decoded yet");
        if (!TensorFormats.TryGet((TensorType)type, out TensorFormat? encoder) || encoder.Encode is not { } encode)
        {
            string name = TensorLayout.TryGet(type, out TensorLayoutInfo layout) ? layout.Name : $"type {type}";
            throw new NotSupportedException($"tensor '{tensor.Name}' would have to be stored as {name} (rows of {tensor.RowLength}), which cannot be encoded yet");
        }

        long rowBytes = tensor.RowLength / encoder.BlockLength * encoder.BlockBytes;
        var buffers = new ConcurrentBag<float[]>();
        return (firstRow, rows) =>
        {
            if (!buffers.TryTake(out float[]? values)) values = new float[tensor.RowLength];
            for (long row = firstRow; !rows.IsEmpty; row++)
            {
                decoder.Decode(file.GetRows(tensor, row, 1), values);
                encode(values, rows[..(int)rowBytes]);
                rows = rows[(int)rowBytes..];
            }

            buffers.Add(values);
        };
    }
}
