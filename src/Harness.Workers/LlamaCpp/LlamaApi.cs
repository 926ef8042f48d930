namespace Harness.Workers.LlamaCpp;

/// <summary>
/// The functions of llama.cpp's C interface that are called, bound by name. All of them but the clearing of the
/// KV cache have kept one name and one signature from b4600 to v0.5.0.
/// </summary>
internal sealed unsafe class LlamaApi
{
    private readonly LlamaLibraries _libraries;
    private readonly delegate* unmanaged<nint, nint> _getMemory;
    private readonly delegate* unmanaged<nint, byte, void> _memoryClear;
    private readonly delegate* unmanaged<nint, void> _kvCacheClear;

    /// <summary>Binds the functions.</summary>
    /// <exception cref="InferenceException">A needed one is not exported: a release older than b4600, or a stripped build.</exception>
    public LlamaApi(LlamaLibraries libraries)
    {
        _libraries = libraries;
        BackendInit = (delegate* unmanaged<void>)Needed("llama_backend_init");
        LogSet = (delegate* unmanaged<delegate* unmanaged<int, byte*, void*, void>, void*, void>)Needed("llama_log_set");
        ModelDefaults = (delegate* unmanaged<ParameterBlob>)Needed("llama_model_default_params");
        ContextDefaults = (delegate* unmanaged<ParameterBlob>)Needed("llama_context_default_params");
        ModelLoad = (delegate* unmanaged<byte*, ParameterBlob, nint>)Needed("llama_model_load_from_file");
        ModelFree = (delegate* unmanaged<nint, void>)Needed("llama_model_free");
        ModelVocabulary = (delegate* unmanaged<nint, nint>)Needed("llama_model_get_vocab");
        ModelDescription = (delegate* unmanaged<nint, byte*, nuint, int>)Needed("llama_model_desc");
        ModelMetadata = (delegate* unmanaged<nint, byte*, byte*, nuint, int>)Needed("llama_model_meta_val_str");
        ContextCreate = (delegate* unmanaged<nint, ParameterBlob, nint>)Needed("llama_init_from_model");
        ContextFree = (delegate* unmanaged<nint, void>)Needed("llama_free");
        ContextLength = (delegate* unmanaged<nint, uint>)Needed("llama_n_ctx");
        BatchLength = (delegate* unmanaged<nint, uint>)Needed("llama_n_batch");
        SetThreads = (delegate* unmanaged<nint, int, int, void>)Needed("llama_set_n_threads");
        Decode = (delegate* unmanaged<nint, LlamaBatch, int>)Needed("llama_decode");
        Logits = (delegate* unmanaged<nint, int, float*>)Needed("llama_get_logits_ith");
        VocabularyKind = (delegate* unmanaged<nint, int>)Needed("llama_vocab_type");
        VocabularySize = (delegate* unmanaged<nint, int>)Needed("llama_vocab_n_tokens");
        IsEndOfGeneration = (delegate* unmanaged<nint, int, byte>)Needed("llama_vocab_is_eog");
        Tokenize = (delegate* unmanaged<nint, byte*, int, int*, int, byte, byte, int>)Needed("llama_tokenize");
        TokenToPiece = (delegate* unmanaged<nint, int, byte*, int, int, byte, int>)Needed("llama_token_to_piece");
        SystemInfo = (delegate* unmanaged<byte*>)Needed("llama_print_system_info");
        ModelTemplate = (delegate* unmanaged<nint, byte*, byte*>)libraries.Export("llama_model_chat_template");
        ApplyTemplate = (delegate* unmanaged<byte*, LlamaChatMessage*, nuint, byte, byte*, int, int>)libraries.Export("llama_chat_apply_template");
        LoadBackends = (delegate* unmanaged<byte*, void>)libraries.Export("ggml_backend_load_all_from_path");

        _getMemory = (delegate* unmanaged<nint, nint>)libraries.Export("llama_get_memory");
        _memoryClear = (delegate* unmanaged<nint, byte, void>)libraries.Export("llama_memory_clear");
        nint clear = libraries.Export("llama_kv_self_clear");
        _kvCacheClear = (delegate* unmanaged<nint, void>)(clear != 0 ? clear : libraries.Export("llama_kv_cache_clear"));
        if ((_getMemory is null || _memoryClear is null) && _kvCacheClear is null)
            throw Missing("llama_memory_clear, llama_kv_self_clear or llama_kv_cache_clear");
    }

    public delegate* unmanaged<void> BackendInit { get; }

    public delegate* unmanaged<delegate* unmanaged<int, byte*, void*, void>, void*, void> LogSet { get; }

    public delegate* unmanaged<ParameterBlob> ModelDefaults { get; }

    public delegate* unmanaged<ParameterBlob> ContextDefaults { get; }

    public delegate* unmanaged<byte*, ParameterBlob, nint> ModelLoad { get; }

    public delegate* unmanaged<nint, void> ModelFree { get; }

    public delegate* unmanaged<nint, nint> ModelVocabulary { get; }

    public delegate* unmanaged<nint, byte*, nuint, int> ModelDescription { get; }

    public delegate* unmanaged<nint, byte*, byte*, nuint, int> ModelMetadata { get; }

    public delegate* unmanaged<nint, ParameterBlob, nint> ContextCreate { get; }

    public delegate* unmanaged<nint, void> ContextFree { get; }

    public delegate* unmanaged<nint, uint> ContextLength { get; }

    public delegate* unmanaged<nint, uint> BatchLength { get; }

    public delegate* unmanaged<nint, int, int, void> SetThreads { get; }

    public delegate* unmanaged<nint, LlamaBatch, int> Decode { get; }

    public delegate* unmanaged<nint, int, float*> Logits { get; }

    /// <summary><c>enum llama_vocab_type</c>; 0 is a model without a tokenizer.</summary>
    public delegate* unmanaged<nint, int> VocabularyKind { get; }

    public delegate* unmanaged<nint, int> VocabularySize { get; }

    public delegate* unmanaged<nint, int, byte> IsEndOfGeneration { get; }

    public delegate* unmanaged<nint, byte*, int, int*, int, byte, byte, int> Tokenize { get; }

    public delegate* unmanaged<nint, int, byte*, int, int, byte, int> TokenToPiece { get; }

    public delegate* unmanaged<byte*> SystemInfo { get; }

    /// <summary>The text of the file's chat template; null when the release does not export it.</summary>
    public delegate* unmanaged<nint, byte*, byte*> ModelTemplate { get; }

    /// <summary>
    /// Makes a prompt by one of the templates written into the library, chosen by what the given template's text holds;
    /// negative when none is. Null when the release does not export it.
    /// </summary>
    public delegate* unmanaged<byte*, LlamaChatMessage*, nuint, byte, byte*, int, int> ApplyTemplate { get; }

    /// <summary>Null in a build with its back ends linked in.</summary>
    public delegate* unmanaged<byte*, void> LoadBackends { get; }

    /// <summary>Empties the KV cache and every recurrent state, data too, so that nothing of an earlier call is left.</summary>
    public void Clear(nint context)
    {
        if (_getMemory is not null && _memoryClear is not null)
        {
            nint memory = _getMemory(context);
            if (memory != 0)
                _memoryClear(memory, 1);
        }
        else
        {
            _kvCacheClear(context);
        }
    }

    /// <summary>The text a no-argument function returns, or null when it is not exported.</summary>
    public string? Text(string function)
    {
        var call = (delegate* unmanaged<byte*>)_libraries.Export(function);
        return call is null ? null : NativeText.Read(call());
    }

    private nint Needed(string name)
    {
        nint address = _libraries.Export(name);
        return address != 0 ? address : throw Missing(name);
    }

    private InferenceException Missing(string name) => new(
        InferenceFailure.Error,
        $"the libraries in {_libraries.Directory} do not export {name}; llama.cpp builds from b4600 on are known to bind");
}
