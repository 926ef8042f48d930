using System.Runtime.InteropServices;
using System.Text;
using Harness.Formats.Gguf;
using Harness.Workers.LlamaCpp;

namespace Harness.Text.Tests.LlamaCpp;

/// <summary>
/// A vocabulary loaded by llama.cpp v0.5.0 (<c>vocab_only</c>): the reference for ids and pieces. In this process, because
/// a million tokens through a pipe would take minutes; so vocabularies and texts that make it abort have no place here.
/// </summary>
internal sealed unsafe class LlamaVocabulary : IDisposable
{
    // Bytes from n_gpu_layers to vocab_only in v0.5.0: four int32, then five pointers.
    private const int ToVocabularyOnly = 56;

    private static readonly Lock Loading = new();
    private static LlamaLibraries? loaded;
    private static string? lastError;

    private readonly LlamaApi api;
    private readonly nint model;
    private readonly nint vocabulary;
    private readonly delegate* unmanaged<nint, int*, int, byte*, int, byte, byte, int> detokenize;
    private int[] ids = new int[1024];

    private LlamaVocabulary(LlamaLibraries libraries, string path)
    {
        api = new LlamaApi(libraries);
        detokenize = (delegate* unmanaged<nint, int*, int, byte*, int, byte, byte, int>)libraries.Export("llama_detokenize");
        api.LogSet(&KeepErrors, null);
        ParameterBlob parameters = api.ModelDefaults();
        int layers = ModelParameters.GpuLayersOffset(parameters) ?? throw new InvalidOperationException("not v0.5.0's parameters");
        ((byte*)&parameters)[layers + ToVocabularyOnly] = 1;
        nint name = Marshal.StringToCoTaskMemUTF8(path);
        model = api.ModelLoad((byte*)name, parameters);
        Marshal.FreeCoTaskMem(name);
        if (model == 0)
            throw new InvalidDataException($"llama.cpp does not load {path}: {lastError}");
        vocabulary = api.ModelVocabulary(model);
    }

    /// <summary>How many tokens there are.</summary>
    public int Size => api.VocabularySize(vocabulary);

    /// <summary>Loads a file's vocabulary.</summary>
    /// <param name="directory">Of the libraries of v0.5.0.</param>
    /// <param name="path">A GGUF file; it needs no tensors.</param>
    /// <exception cref="InvalidDataException">llama.cpp refuses it.</exception>
    public static LlamaVocabulary Load(string directory, string path)
    {
        lock (Loading)
        {
            loaded ??= LlamaLibraries.Load(directory);
            return new LlamaVocabulary(loaded, path);
        }
    }

    /// <summary>Writes data as a file and loads it.</summary>
    /// <param name="directory">Of the libraries of v0.5.0.</param>
    /// <param name="data">The vocabulary.</param>
    public static LlamaVocabulary Load(string directory, TokenizerData data)
    {
        string path = Path.Combine(Path.GetTempPath(), $"harness-vocabulary-{Guid.NewGuid():n}.gguf");
        var writer = new GgufWriter();
        writer.Set("general.architecture", GgufValue.Of(data.Architecture ?? "llama"));
        if (data.ModelName is not null)
            writer.Set("general.name", GgufValue.Of(data.ModelName));
        foreach ((string key, GgufValue value) in data.ToGguf())
            writer.Set(key, value);
        try
        {
            using (FileStream stream = File.Create(path))
                writer.Write(stream);
            return Load(directory, path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary><c>llama_tokenize</c>.</summary>
    public int[] Tokenize(ReadOnlySpan<byte> utf8, bool addSpecial = false, bool parseSpecial = false)
    {
        fixed (byte* text = utf8.IsEmpty ? [0] : utf8)
        {
            while (true)
            {
                int count;
                fixed (int* tokens = ids)
                    count = api.Tokenize(vocabulary, text, utf8.Length, tokens, ids.Length, addSpecial ? (byte)1 : (byte)0, parseSpecial ? (byte)1 : (byte)0);
                if (count >= 0)
                    return ids[..count];
                ids = new int[-count];
            }
        }
    }

    /// <inheritdoc cref="Tokenize(ReadOnlySpan{byte}, bool, bool)"/>
    public int[] Tokenize(string text, bool addSpecial = false, bool parseSpecial = false) =>
        Tokenize(Encoding.UTF8.GetBytes(text), addSpecial, parseSpecial);

    /// <summary><c>llama_token_to_piece</c>.</summary>
    public byte[] Piece(int id, bool special)
    {
        byte[] bytes = new byte[64];
        while (true)
        {
            int count;
            fixed (byte* buffer = bytes)
                count = api.TokenToPiece(vocabulary, id, buffer, bytes.Length, 0, special ? (byte)1 : (byte)0);
            if (count >= 0)
                return bytes[..count];
            bytes = new byte[-count];
        }
    }

    /// <summary><c>llama_detokenize</c>.</summary>
    public byte[] Detokenize(int[] tokens)
    {
        byte[] bytes = new byte[(tokens.Length * 64) + 1024];
        fixed (int* list = tokens)
        fixed (byte* buffer = bytes)
            return bytes[..detokenize(vocabulary, list, tokens.Length, buffer, bytes.Length, 0, 0)];
    }

    /// <summary><c>llama_vocab_is_eog</c>.</summary>
    public bool EndsGeneration(int id) => api.IsEndOfGeneration(vocabulary, id) != 0;

    public void Dispose() => api.ModelFree(model);

    [UnmanagedCallersOnly]
    private static void KeepErrors(int level, byte* text, void* data)
    {
        const int Error = 4;
        if (level == Error)
            lastError = Marshal.PtrToStringUTF8((nint)text);
    }
}
