using System.Runtime.InteropServices;
using Harness.Workers.LlamaCpp;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>llama.cpp's own quantizer, called in the child: <c>llama_model_quantize</c>.</summary>
internal static unsafe class QuantizeOracle
{
    // llama_model_quantize_params: the first four begin so in every release from b4600 to v0.5.0; the dry run is v0.5.0's.
    private const int Threads = 0, FileType = sizeof(int), Requantize = 4 * sizeof(int), Pure = Requantize + 3, DryRun = Requantize + 5;
    private const int Importance = 6 * sizeof(int);

    /// <summary>Quantizes a file; the answer is the function's, 0 for success.</summary>
    /// <param name="directory">Of the libraries.</param>
    /// <param name="source">A GGUF file.</param>
    /// <param name="target">The file to write.</param>
    /// <param name="fileType">The <c>llama_ftype</c>.</param>
    /// <param name="how">Words that change the defaults: <c>pure</c>, <c>requantize</c>, <c>dry</c> (types to the log alone), <c>importance</c>.</param>
    /// <param name="threads">Its threads.</param>
    public static uint Quantize(string directory, string source, string target, int fileType, string how, int threads = 1)
    {
        var libraries = LlamaLibraries.Load(directory);
        var defaults = (delegate* unmanaged<ParameterBlob>)libraries.Export("llama_model_quantize_default_params");
        var quantize = (delegate* unmanaged<byte*, byte*, ParameterBlob*, uint>)libraries.Export("llama_model_quantize");
        string[] words = how.Split(',');
        ParameterBlob parameters = defaults();
        parameters.SetInt32(Threads, threads);
        parameters.SetInt32(FileType, fileType);
        ((byte*)&parameters)[Pure] = Flag("pure");
        ((byte*)&parameters)[Requantize] = Flag("requantize");
        ((byte*)&parameters)[DryRun] = Flag("dry");
        if (words.Contains("importance"))
            *(nint*)((byte*)&parameters + Importance) = NativeImportance(SyntheticImportance.Of(source));
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

        byte Flag(string word) => (byte)(words.Contains(word) ? 1 : 0);
    }

    // An array of {name, values, how many}, ended by one without a name. The child ends soon: nothing is freed.
    private static nint NativeImportance(IReadOnlyDictionary<string, float[]> columns)
    {
        nint* entries = (nint*)NativeMemory.AllocZeroed((nuint)(columns.Count + 1), 3 * (nuint)sizeof(nint));
        int i = 0;
        foreach ((string name, float[] values) in columns)
        {
            float* copy = (float*)NativeMemory.Alloc((nuint)values.Length, sizeof(float));
            values.CopyTo(new Span<float>(copy, values.Length));
            entries[i++] = Marshal.StringToCoTaskMemUTF8(name);
            entries[i++] = (nint)copy;
            entries[i++] = values.Length;
        }

        return (nint)entries;
    }
}
