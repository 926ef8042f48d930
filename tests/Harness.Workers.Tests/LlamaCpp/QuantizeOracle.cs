using System.Runtime.InteropServices;
using Harness.Workers.LlamaCpp;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>llama.cpp's own quantizer, called in the child: <c>llama_model_quantize</c>.</summary>
internal static unsafe class QuantizeOracle
{
    // llama_model_quantize_params begins so in every release from b4600 to v0.5.0; the rest stays as the defaults are.
    private const int Threads = 0, FileType = sizeof(int), Pure = (4 * sizeof(int)) + 3;

    /// <summary>Quantizes a file; the answer is the function's, 0 for success.</summary>
    /// <param name="directory">Of the libraries.</param>
    /// <param name="source">A GGUF file of F32, F16 or BF16.</param>
    /// <param name="target">The file to write.</param>
    /// <param name="fileType">The <c>llama_ftype</c>.</param>
    /// <param name="pure">Whether every matrix gets the same type.</param>
    public static uint Quantize(string directory, string source, string target, int fileType, bool pure)
    {
        var libraries = LlamaLibraries.Load(directory);
        var defaults = (delegate* unmanaged<ParameterBlob>)libraries.Export("llama_model_quantize_default_params");
        var quantize = (delegate* unmanaged<byte*, byte*, ParameterBlob*, uint>)libraries.Export("llama_model_quantize");
        ParameterBlob parameters = defaults();
        parameters.SetInt32(Threads, 1);
        parameters.SetInt32(FileType, fileType);
        ((byte*)&parameters)[Pure] = (byte)(pure ? 1 : 0);
        nint from = Marshal.StringToCoTaskMemUTF8(source), to = Marshal.StringToCoTaskMemUTF8(target);
        try
        {
            return quantize((byte*)from, (byte*)to, &parameters);
        }
        finally
        {
            Marshal.FreeCoTaskMem(from);
            Marshal.FreeCoTaskMem(to);
        }
    }
}
