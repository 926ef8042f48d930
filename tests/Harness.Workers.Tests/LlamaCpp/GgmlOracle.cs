using System.Runtime.InteropServices;
using Harness.Formats.Tensors;
using Harness.Workers.LlamaCpp;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// ggml's own decoders and encoders of tensor formats, called through the library that holds nothing else
/// (libggml-base): they are given valid rows only, so that none of their assertions can end the tests.
/// </summary>
internal sealed unsafe class GgmlOracle
{
    // ggml.h: struct ggml_type_traits, in words of 8 bytes.
    private const int Name = 0, BlockLength = 1, BlockBytes = 3, ToFloat = 5;

    private readonly delegate* unmanaged<int, nint*> traits;
    private readonly delegate* unmanaged<int, float*, byte*, long, long, long, float*, nuint> quantize;

    private readonly nint library;

    private GgmlOracle(nint library)
    {
        this.library = library;
        traits = (delegate* unmanaged<int, nint*>)NativeLibrary.GetExport(library, "ggml_get_type_traits");
        quantize = (delegate* unmanaged<int, float*, byte*, long, long, long, float*, nuint>)NativeLibrary.GetExport(library, "ggml_quantize_chunk");
    }

    /// <summary>The newest llama.cpp's; skips the test where it cannot be had.</summary>
    public static GgmlOracle Load()
    {
        string? path = LlamaLibraries.Find(TestHome.Directory("v0.5.0"), "ggml-base");
        Assert.That(path, Is.Not.Null, "v0.5.0 comes with libggml-base");
        return new GgmlOracle(NativeLibrary.Load(path!));
    }

    /// <summary>Block length and bytes of a type, and the name ggml gives it; null for a number it does not know.</summary>
    public (string Name, int BlockLength, int BlockBytes)? Layout(uint type)
    {
        nint* found = traits((int)type);
        return found[Name] == 0 || found[BlockLength] == 0
            ? null
            : (Marshal.PtrToStringUTF8(found[Name])!, (int)found[BlockLength], (int)found[BlockBytes]);
    }

    /// <summary>Decodes blocks.</summary>
    public float[] Decode(TensorFormat format, byte[] source)
    {
        var values = new float[source.Length / format.BlockBytes * format.BlockLength];
        nint decode = traits((int)format.Type)[ToFloat];
        Assert.That(decode, Is.Not.Zero, $"ggml decodes {format.Type}");
        fixed (byte* from = source)
        fixed (float* to = values)
            ((delegate* unmanaged<void*, float*, long, void>)decode)(from, to, values.Length);
        return values;
    }

    /// <summary>Encodes rows.</summary>
    /// <param name="format">The type.</param>
    /// <param name="values">Whole rows.</param>
    /// <param name="rowLength">Values of a row.</param>
    /// <param name="importance">One weight a column, or null.</param>
    public byte[] Encode(TensorFormat format, float[] values, int rowLength, float[]? importance = null)
    {
        var bytes = new byte[values.Length / format.BlockLength * format.BlockBytes];

        // No file should hold its forms of activations, so that there is no more than the bare function for them.
        if (format.Type is TensorType.Q8_1 or TensorType.Q8_K)
        {
            nint encode = NativeLibrary.GetExport(library, format.Type is TensorType.Q8_1 ? "quantize_row_q8_1_ref" : "quantize_row_q8_K_ref");
            fixed (float* from = values)
            fixed (byte* to = bytes)
                ((delegate* unmanaged<float*, void*, long, void>)encode)(from, to, values.Length);
            return bytes;
        }

        fixed (float* from = values, weights = importance)
        fixed (byte* to = bytes)
        {
            nuint written = quantize((int)format.Type, from, to, 0, values.Length / rowLength, rowLength, weights);
            Assert.That(written, Is.EqualTo((nuint)bytes.Length));
        }

        return bytes;
    }
}
