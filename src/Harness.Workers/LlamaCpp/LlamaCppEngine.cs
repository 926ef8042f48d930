using System.Diagnostics;
using Harness.Formats.Tensors;
using Harness.Workers.Backends;
using Harness.Workers.Memory;

namespace Harness.Workers.LlamaCpp;

/// <summary>
/// llama.cpp, bound from a directory of its shared libraries, any release from b4600 to v0.5.0. Lives in a worker
/// process of its own: two releases cannot share a process, and some bad input makes ggml abort it.
/// </summary>
/// <remarks>
/// Nothing is compiled against llama.cpp: see <see cref="ModelParameters"/> for how its parameter structures are met.
/// The KV cache keeps llama.cpp's default type (F16) unless another is asked for. Batches hold at most 512 tokens.
/// </remarks>
public sealed unsafe partial class LlamaCppEngine : IInferenceEngine
{
    private const uint LargestBatch = 512;

    private readonly LlamaLog _log;
    private readonly LlamaLibraries _libraries;
    private readonly LlamaApi _api;
    private readonly IReadOnlyList<GgmlDevices.Entry> _devices;
    private readonly BackendIdentity _identity;
    private IReadOnlyList<BackendDevice> _used;
    private nint _model;
    private nint _context;
    private nint _vocabulary;
    private bool _hasTokenizer;
    private int _vocabularySize;
    private int _contextLength;
    private int _batchLength;

    /// <summary>Loads the libraries of a directory and lets ggml choose its back ends among them.</summary>
    /// <param name="directory">Holds libllama, libggml and libggml-base, and the CPU back ends beside them.</param>
    /// <param name="log">Gets what llama.cpp logs; by default standard error, which is a worker's log.</param>
    /// <exception cref="InferenceException">The directory has no libllama, or one that cannot be bound.</exception>
    public LlamaCppEngine(string directory, TextWriter? log = null)
    {
        NativeEnvironment.Set("GGML_NO_BACKTRACE", "1");
        _libraries = LlamaLibraries.Load(directory);
        _api = new LlamaApi(_libraries);
        _log = new LlamaLog(log ?? Console.Error);
        _api.LogSet(LlamaLog.Callback, _log.UserData);
        if (_api.LoadBackends is not null)
        {
            fixed (byte* path = NativeText.Terminated(_libraries.Directory))
                _api.LoadBackends(path);
        }

        _api.BackendInit();
        _devices = new GgmlDevices(_libraries).List();
        if (_devices.Count == 0)
            throw LlamaFailure.From($"llama.cpp found no device to compute on in {_libraries.Directory}", _log.Errors());
        _used = [.. _devices.Select(device => device.Device)];
        _identity = Describe();
    }

    /// <summary>
    /// Whether keys and values of models loaded from now on are kept in float32: then nothing but the order of sums is left
    /// between two engines that compute the same.
    /// </summary>
    internal bool Float32Cache { get; set; }

    /// <inheritdoc/>
    public BackendIdentity Identify() => _identity with { Devices = _used };

    /// <inheritdoc/>
    public LoadedModel Load(LoadRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.ContextLength, 1);
        Unload();
        _log.Clear();
        var watch = Stopwatch.StartNew();
        if (!File.Exists(request.Path))
            throw new InferenceException(InferenceFailure.Error, $"no such file: {request.Path}");
        _model = LoadModel(request);
        _vocabulary = _api.ModelVocabulary(_model);
        _vocabularySize = _api.VocabularySize(_vocabulary);
        _hasTokenizer = _api.VocabularyKind(_vocabulary) != 0;
        try
        {
            _context = CreateContext(request);
        }
        catch (InferenceException)
        {
            Unload();
            throw;
        }

        _used = GgmlDevices.Used(_devices, _log.Lines());
        return new LoadedModel(
            Metadata("general.architecture") ?? "unknown", Description(), _vocabularySize, _contextLength, watch.Elapsed);
    }

    /// <inheritdoc/>
    public int[] Tokenize(ReadOnlySpan<byte> utf8, bool addSpecial, bool parseSpecial)
    {
        RequireModel();
        if (!_hasTokenizer)
            throw new InferenceException(InferenceFailure.Unsupported, "the model has no tokenizer (vocab type: no vocab)");
        // No vocabulary makes more tokens than bytes, but for the special ones added.
        int[] ids = new int[utf8.Length + 8];
        for (int attempt = 0; ; attempt++)
        {
            int count;
            fixed (byte* text = utf8)
            fixed (int* tokens = ids)
            {
                byte empty = 0;
                count = _api.Tokenize(
                    _vocabulary, text is null ? &empty : text, utf8.Length, tokens, ids.Length,
                    (byte)(addSpecial ? 1 : 0), (byte)(parseSpecial ? 1 : 0));
            }

            if (count >= 0)
                return ids[..count];
            if (attempt > 0 || count == int.MinValue)
                throw LlamaFailure.From("llama_tokenize failed", _log.Errors());
            ids = new int[-count];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Unload();
        // The library stays loaded and may yet log: it must not be left with a handle that is gone.
        _api.LogSet(null, null);
        _log.Dispose();
    }

    private BackendIdentity Describe()
    {
        IReadOnlyList<string> loaded = LlamaCppBuild.Loaded(_libraries, _log.Lines());
        (string version, string? distribution) = LlamaCppBuild.Describe(_libraries.Directory);
        string? commit = _api.Text("ggml_commit");
        string? ggml = _api.Text("ggml_version");
        string?[] facts =
        [
            _api.Text("llama_version") is { Length: > 0 } own ? $"llama.cpp {own}" : null,
            ggml is { Length: > 0 } ? $"ggml {ggml}" : null,
            commit is { Length: > 0 } and not "unknown" ? $"commit {commit}" : null,
            distribution,
        ];
        string build = string.Join(", ", facts.Where(fact => fact is not null));
        string? cpu = loaded.Select(Path.GetFileName)
            .FirstOrDefault(name => name!.Contains("ggml-cpu", StringComparison.Ordinal));
        return new BackendIdentity(
            "llama.cpp",
            version,
            build.Length > 0 ? build : null,
            LibraryDigest.Of(loaded),
            InstructionSets.Describe(NativeText.Read(_api.SystemInfo()), cpu),
            _used);
    }

    private nint LoadModel(LoadRequest request)
    {
        GgmlDevices.Entry[] chosen = request.Device == "cpu"
            ? []
            : [.. _devices.Where(device => device.Device.Api == request.Device)];
        if (request.Device != "cpu" && chosen.Length == 0)
        {
            string seen = string.Join(", ", _devices.Select(device => device.Key));
            throw new InferenceException(
                InferenceFailure.Unsupported, $"no {request.Device} device in this llama.cpp build: it sees {seen}");
        }

        nint* list = stackalloc nint[chosen.Length + 1];
        for (int i = 0; i < chosen.Length; i++)
            list[i] = chosen[i].Handle;
        list[chosen.Length] = 0;
        ParameterBlob parameters = _api.ModelDefaults();
        ModelParameters.Offload(ref parameters, list, chosen.Length > 0);
        nint model;
        fixed (byte* path = NativeText.Terminated(request.Path))
            model = _api.ModelLoad(path, parameters);
        return model != 0 ? model : throw LlamaFailure.From("the model did not load", _log.Errors());
    }

    private nint CreateContext(LoadRequest request)
    {
        ParameterBlob parameters = _api.ContextDefaults();
        uint length = (uint)request.ContextLength;
        uint batch = Math.Min(length, LargestBatch);
        ContextParameters.Size(ref parameters, length, batch);

        // Values in bytes need flash attention: without it, llama.cpp makes no context.
        bool bytes = request.Cache == CacheFormat.Q8_0;
        if (request.Device == "cpu" && !request.OwnDefaults && !bytes)
            ContextParameters.WithoutFlashAttention(ref parameters);
        if ((Float32Cache || bytes) && !ContextParameters.WithCache(ref parameters, bytes ? TensorType.Q8_0 : TensorType.F32))
            throw new InferenceException(InferenceFailure.Unsupported, "this llama.cpp's parameters do not show where the type of the cache is");
        nint context = _api.ContextCreate(_model, parameters);
        if (context == 0)
            throw LlamaFailure.From("the context was not created", _log.Errors());
        _api.SetThreads(context, request.Threads, request.Threads);
        // Some releases round the length up; positions asked for are what both engines of a comparison get.
        _contextLength = (int)Math.Min(_api.ContextLength(context), length);
        _batchLength = (int)Math.Min(_api.BatchLength(context), batch);
        return context;
    }

    private void Unload()
    {
        if (_context != 0)
            _api.ContextFree(_context);
        if (_model != 0)
            _api.ModelFree(_model);
        (_context, _model, _vocabulary) = (0, 0, 0);
    }

    private void RequireModel()
    {
        if (_context == 0)
            throw new InferenceException(InferenceFailure.Error, "no model is loaded");
    }

    private string? Metadata(string key)
    {
        Span<byte> value = stackalloc byte[256];
        fixed (byte* name = NativeText.Terminated(key))
        fixed (byte* text = value)
            return _api.ModelMetadata(_model, name, text, (nuint)value.Length) >= 0 ? NativeText.Read(text) : null;
    }

    private string? Description()
    {
        Span<byte> value = stackalloc byte[256];
        fixed (byte* text = value)
            return _api.ModelDescription(_model, text, (nuint)value.Length) >= 0 ? NativeText.Read(text) : null;
    }
}
