using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Harness.Engine;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;
using Harness.Text;
using Harness.Text.Templates;
using Harness.Workers.Memory;

namespace Harness.Workers.Builtin;

/// <summary>
/// The engine of this program, on the CPU. A file without a tokenizer, or with an unknown one, is scored and generated
/// from all the same; only <see cref="Tokenize"/> needs it.
/// </summary>
public sealed class BuiltinEngine : IInferenceEngine
{
    private GgufFile? file;
    private Model? model;
    private Session? session;
    private Tokenizer? tokenizer;
    private string? tokenizerFault;
    private IReadOnlySet<int> endOfGeneration = new HashSet<int>();

    /// <inheritdoc/>
    public BackendIdentity Identify()
    {
        (string version, string? commit) = Version();
        return new BackendIdentity(
            "builtin",
            version,
            commit is null ? $".NET {Environment.Version}" : $"commit {commit}, .NET {Environment.Version}",
            Digest: null,
            Model.InstructionSet,
            [new BackendDevice("cpu", ProcessorName.Read())]);
    }

    /// <inheritdoc/>
    public LoadedModel Load(LoadRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.ContextLength, 1);
        Unload();
        if (request.Device != "cpu")
            throw new InferenceException(InferenceFailure.Unsupported, $"the built-in engine computes on cpu, not on {request.Device}");
        if (!File.Exists(request.Path))
            throw new InferenceException(InferenceFailure.Error, $"no such file: {request.Path}");

        long start = Stopwatch.GetTimestamp();
        try
        {
            file = GgufFile.Open(request.Path);
            model = Model.Load(file, request.Threads);
            session = new Session(model, request.ContextLength, request.Cache == CacheFormat.Q8_0 ? KvCacheType.Q8_0 : KvCacheType.F16);
            LoadTokenizer(file.Metadata);
        }
        catch (Exception exception) when (Translate(exception) is { } failure)
        {
            Unload();
            throw failure;
        }

        Blueprint blueprint = model.Blueprint;
        return new LoadedModel(
            blueprint.Architecture, Describe(file), blueprint.VocabularySize, session.ContextLength, Stopwatch.GetElapsedTime(start));
    }

    /// <inheritdoc/>
    public int[] Tokenize(ReadOnlySpan<byte> utf8, bool addSpecial, bool parseSpecial)
    {
        _ = Loaded();
        return tokenizer is null
            ? throw new InferenceException(InferenceFailure.Unsupported, tokenizerFault ?? "the model has no tokenizer")
            : tokenizer.EncodePrompt(utf8, addSpecial, parseSpecial);
    }

    /// <inheritdoc/>
    public ChatApplied Chat(IReadOnlyList<ChatMessage> messages, DateTimeOffset? now = null)
    {
        _ = Loaded();
        GgufMetadata metadata = file!.Metadata;
        if (!metadata.TryGetString(ModelTemplate.Key, out string? template))
            throw new InferenceException(InferenceFailure.Unsupported, $"the model has no chat template ({ModelTemplate.Key})");
        string prompt;
        try
        {
            prompt = ChatTemplate.Parse(template).Render(ChatMessage.Variables(
                messages, ModelTemplate.TokenText(metadata, "bos") ?? "", ModelTemplate.TokenText(metadata, "eos") ?? "", addGenerationPrompt: true), now);
        }
        catch (TemplateException exception)
        {
            throw new InferenceException(
                InferenceFailure.Error,
                string.Create(CultureInfo.InvariantCulture, $"the chat template, line {exception.Line}: {exception.Message}"), exception);
        }

        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(prompt);
        return new ChatApplied(prompt, Tokenize(utf8, addSpecial: tokenizer?.DoublesBos(utf8) != true, parseSpecial: true), "the file's template");
    }

    /// <inheritdoc/>
    public Generation Generate(GenerateRequest request, Action<GeneratedToken> onToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(onToken);
        Session context = Loaded();
        CheckIds(request.PromptIds);

        long start = Stopwatch.GetTimestamp();
        int next = context.EvaluateGreedily(request.PromptIds, 0, out ReadOnlySpan<float> logits);
        TimeSpan prefill = Stopwatch.GetElapsedTime(start);

        start = Stopwatch.GetTimestamp();
        int generated = 0;
        string reason = "length";
        while (generated < request.MaxTokens)
        {
            onToken(TokenOf(next, logits, request.TopLogProbabilities));
            generated++;
            if (!request.IgnoreEndOfGeneration && endOfGeneration.Contains(next))
            {
                reason = "end-of-generation";
                break;
            }

            if (generated == request.MaxTokens)
                break;
            if (context.Length == context.ContextLength)
            {
                reason = "context-full";
                break;
            }

            next = context.EvaluateGreedily([next], context.Length, out logits);
        }

        return new Generation(request.PromptIds.Length, generated, reason, prefill, Stopwatch.GetElapsedTime(start));
    }

    /// <inheritdoc/>
    public Scoring Score(ReadOnlySpan<int> ids, Stream logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        Session context = Loaded();
        CheckIds(ids);

        // Writing the stream is not part of the evaluation's time.
        long start = Stopwatch.GetTimestamp();
        var writing = new Stopwatch();
        context.Score(ids, 0, (_, row) =>
        {
            writing.Start();
            Write(row, logits);
            writing.Stop();
        });
        return new Scoring(ids.Length, context.VocabularySize, Stopwatch.GetElapsedTime(start) - writing.Elapsed);
    }

    /// <inheritdoc/>
    public void Dispose() => Unload();

    private static void Write(ReadOnlySpan<float> row, Stream stream)
    {
        if (BitConverter.IsLittleEndian)
        {
            stream.Write(MemoryMarshal.AsBytes(row));
            return;
        }

        Span<byte> value = stackalloc byte[sizeof(float)];
        foreach (float logit in row)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(value, logit);
            stream.Write(value);
        }
    }

    private static InferenceException? Translate(Exception exception) => exception switch
    {
        UnsupportedModelException => new InferenceException(InferenceFailure.Unsupported, exception.Message, exception),
        ModelException or GgufException or IOException or UnauthorizedAccessException =>
            new InferenceException(InferenceFailure.Error, exception.Message, exception),
        OutOfMemoryException => new InferenceException(InferenceFailure.OutOfMemory, exception.Message, exception),
        _ => null,
    };

    private static (string Version, string? Commit) Version()
    {
        string version = typeof(Model).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        string[] parts = version.Split('+', 2);
        return (parts[0], parts.Length > 1 ? parts[1] : null);
    }

    private static string Describe(GgufFile file)
    {
        long parameters = file.Tensors.Sum(tensor => tensor.ElementCount);
        string type = file.Tensors
            .GroupBy(tensor => tensor.TypeName)
            .OrderByDescending(group => group.Sum(tensor => tensor.ElementCount))
            .First().Key;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{file.Metadata.GetString("general.architecture")}, {parameters / 1e6:0.##} M parameters, mostly {type}");
    }

    private void LoadTokenizer(GgufMetadata metadata)
    {
        try
        {
            tokenizer = Tokenizer.Create(TokenizerData.FromGguf(metadata));
            endOfGeneration = tokenizer.EndOfGenerationIds;
        }
        catch (Exception exception) when (exception is TokenizerException or GgufException)
        {
            tokenizer = null;
            tokenizerFault = exception.Message;
            endOfGeneration = EndOfGenerationIn(metadata);
        }
    }

    private static HashSet<int> EndOfGenerationIn(GgufMetadata metadata)
    {
        var ids = new HashSet<int>();
        foreach (string name in (ReadOnlySpan<string>)["eos", "eot", "eom"])
        {
            if (metadata.TryGet($"tokenizer.ggml.{name}_token_id", out GgufValue? value) && value.TryAsNumber(out int id))
                _ = ids.Add(id);
        }

        return ids;
    }

    private GeneratedToken TokenOf(int id, ReadOnlySpan<float> logits, int top)
    {
        byte[] bytes = tokenizer is not null && id < tokenizer.VocabularySize ? tokenizer.TokenBytes(id) : [];
        int wanted = Math.Clamp(top, 0, logits.Length);
        var ids = new int[wanted];
        var logProbabilities = new float[wanted];
        _ = Greedy.Rank(logits, ids, logProbabilities);
        return new GeneratedToken(id, bytes, ids, logProbabilities);
    }

    private Session Loaded() =>
        session ?? throw new InferenceException(InferenceFailure.Error, "no model is loaded");

    private void CheckIds(ReadOnlySpan<int> ids)
    {
        Session context = Loaded();
        if (ids.IsEmpty)
            throw new InferenceException(InferenceFailure.Error, "no token ids to evaluate: at least one is needed");
        if (ids.Length > context.ContextLength)
        {
            throw new InferenceException(
                InferenceFailure.Error, $"{ids.Length} token ids do not fit the context of {context.ContextLength} positions");
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)context.VocabularySize)
            {
                throw new InferenceException(
                    InferenceFailure.Error, $"token id {id} is outside the vocabulary of {context.VocabularySize}");
            }
        }
    }

    private void Unload()
    {
        session?.Dispose();
        model?.Dispose();
        file?.Dispose();
        (session, model, file, tokenizer, tokenizerFault) = (null, null, null, null, null);
        endOfGeneration = new HashSet<int>();
    }
}
