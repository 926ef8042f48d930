using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Harness.Text.Templates;
using Harness.Workers.Memory;
using Harness.Workers.Processes;
using Harness.Workers.Protocol;

namespace Harness.Workers;

/// <summary>The worker's side of the protocol: reads request lines, calls an engine, writes replies.</summary>
public sealed class WorkerHost
{
    private static readonly TimeSpan TimeToComeApart = TimeSpan.FromMinutes(1);

    private readonly IInferenceEngine engine;
    private readonly Stream output;
    private readonly TextWriter log;
    private readonly ArrayBufferWriter<byte> line = new(512);
    private volatile bool leaving;

    private WorkerHost(IInferenceEngine engine, Stream output, TextWriter log)
    {
        this.engine = engine;
        this.output = output;
        this.log = log;
    }

    /// <summary>
    /// Serves this process's standard streams. Claims them first (what native libraries print goes to stderr), then
    /// creates the engine; ends the process at once when stdin ends, even in the middle of a native call.
    /// </summary>
    /// <param name="create">Creates the engine; what it throws answers every request.</param>
    /// <returns>The exit status of the process.</returns>
    public static int RunProcess(Func<IInferenceEngine> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        ParentDeath.Follow();
        (Stream input, Stream output) = WorkerSide.ClaimStandardStreams();
        IInferenceEngine engine;
        try
        {
            engine = create();
        }
        catch (Exception e)
        {
            engine = new BrokenEngine(e);
        }

        using (engine)
            Serve(engine, input, output, Console.Error, () => WorkerSide.ExitNow(0));
        return 0;
    }

    /// <summary>Serves any pair of streams until <c>exit</c> or the end of input.</summary>
    /// <param name="engine">The engine; the caller disposes it.</param>
    /// <param name="stdin">Request lines.</param>
    /// <param name="stdout">Reply lines.</param>
    public static void Run(IInferenceEngine engine, Stream stdin, Stream stdout)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(stdin);
        ArgumentNullException.ThrowIfNull(stdout);
        Serve(engine, stdin, stdout, TextWriter.Null, () => { });
    }

    private static void Serve(
        IInferenceEngine engine, Stream stdin, Stream stdout, TextWriter log, Action onEndOfInput)
    {
        using BlockingCollection<byte[]> requests = [];
        WorkerHost host = new(engine, stdout, log);
        Thread reader = new(() => host.Read(stdin, requests, onEndOfInput), 256 << 10) { IsBackground = true };
        reader.Start();
        foreach (byte[] request in requests.GetConsumingEnumerable())
        {
            if (!host.Answer(request))
                return;
        }
    }

    private void Read(Stream stdin, BlockingCollection<byte[]> requests, Action onEndOfInput)
    {
        LineBuffer lines = new(64 << 20);
        byte[] buffer = new byte[64 << 10];
        try
        {
            for (int count; (count = stdin.Read(buffer)) > 0 && !lines.Overflowed;)
            {
                lines.Append(buffer.AsSpan(0, count), line =>
                {
                    requests.Add(line.ToArray());
                    return true;
                });
            }

            // Asked to exit, the engine may take its time to come apart, and how it does so is worth seeing.
            if (leaving)
                Thread.Sleep(TimeToComeApart);
            onEndOfInput();
            requests.CompleteAdding();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The streams or the queue were closed after exit.
        }
    }

    private bool Answer(byte[] bytes)
    {
        WireRequest request;
        try
        {
            request = JsonSerializer.Deserialize(bytes, WireJson.Default.WireRequest)
                ?? throw new JsonException("a request is null");
        }
        catch (JsonException e)
        {
            Fail(0, "error", $"not a request of the protocol: {e.Message}");
            return true;
        }

        leaving = request.Type == "exit";
        try
        {
            WireResult? result = Do(request);
            if (result is null)
                Fail(request.Id, "unsupported", $"this worker does not know the request {request.Type}");
            else
                Write(new WireReply { Id = request.Id, Result = result });
        }
        catch (InferenceException e)
        {
            Fail(request.Id, KindOf(e.Failure), e.Message);
        }
        catch (OutOfMemoryException e)
        {
            Fail(request.Id, "out-of-memory", e.Message);
        }
        catch (Exception e)
        {
            log.WriteLine(e);
            Fail(request.Id, "error", $"{e.GetType().Name}: {e.Message}");
        }

        return !leaving;
    }

    private WireResult? Do(WireRequest request) => request.Type switch
    {
        "hello" => Hello(),
        "load" => Load(request),
        "tokenize" => new WireResult { Ids = Tokenize(request) },
        "generate" => Generate(request),
        "score" => Score(request),
        "chat" => Chat(request),
        "exit" => new WireResult(),
        _ => null,
    };

    private WireResult Hello()
    {
        BackendIdentity identity = engine.Identify();
        return new WireResult
        {
            Protocol = WireProtocol.Version,
            Backend = identity.Backend,
            Version = identity.Version,
            Build = identity.Build,
            Digest = identity.Digest,
            InstructionSet = identity.InstructionSet,
            Devices = [.. identity.Devices.Select(d => new WireDevice { Api = d.Api, Name = d.Name, MemoryBytes = d.MemoryBytes })],
            Reload = true,
        };
    }

    private WireResult Load(WireRequest request)
    {
        ReservedMemory? before = request.Touch == true ? ReservedMemory.Now() : null;
        LoadedModel model = engine.Load(new LoadRequest(
            Need(request.Path, "path"), request.ContextLength ?? 512, request.Device ?? "cpu",
            request.Threads ?? 1, request.OwnDefaults ?? false, before is not null, CacheOf(request.Cache)));
        before?.TouchWhatCameSince();
        return new WireResult
        {
            Architecture = model.Architecture,
            Description = model.Description,
            VocabularySize = model.VocabularySize,
            ContextLength = model.ContextLength,
            LoadMs = model.LoadTime.TotalMilliseconds,
        };
    }

    private static CacheFormat CacheOf(string? name) => name is null
        ? CacheFormat.F16
        : CacheFormats.Find(name) ?? throw new InferenceException(InferenceFailure.Unsupported, $"this backend keeps keys and values in no such form as '{name}'");

    private int[] Tokenize(WireRequest request) => engine.Tokenize(
        Encoding.UTF8.GetBytes(Need(request.Text, "text")), request.AddSpecial ?? false, request.ParseSpecial ?? false);

    private WireResult Generate(WireRequest request)
    {
        int[] prompt = request.Ids ?? Tokenize(request);
        Generation generation = engine.Generate(
            new GenerateRequest(
                prompt, request.MaxTokens ?? 16, request.Top ?? 0, request.IgnoreEndOfGeneration ?? false),
            token => Write(new WireReply
            {
                Id = request.Id,
                Event = "token",
                Token = token.Id,
                Bytes = token.Bytes,
                TopIds = token.TopIds.Length > 0 ? token.TopIds : null,
                TopLogProbabilities = token.TopLogProbabilities.Length > 0 ? Finite(token.TopLogProbabilities) : null,
            }));
        return new WireResult
        {
            PromptIds = request.Ids is null ? prompt : null,
            PromptTokens = generation.PromptTokens,
            GeneratedTokens = generation.GeneratedTokens,
            StopReason = generation.StopReason,
            PrefillMs = generation.PrefillTime.TotalMilliseconds,
            DecodeMs = generation.DecodeTime.TotalMilliseconds,
        };
    }

    private WireResult Score(WireRequest request)
    {
        string path = Need(request.Logits, "logits");
        int[] ids = Need(request.Ids, "ids");
        Scoring scoring;
        try
        {
            using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 20);
            scoring = engine.Score(ids, file);
        }
        catch
        {
            // Half a file of logits looks like a whole one of fewer tokens.
            File.Delete(path);
            throw;
        }

        return new WireResult
        {
            Tokens = scoring.Tokens,
            VocabularySize = scoring.VocabularySize,
            EvaluationMs = scoring.EvaluationTime.TotalMilliseconds,
            Logits = path,
        };
    }

    private WireResult Chat(WireRequest request)
    {
        DateTimeOffset? now = request.Now is null ? null : DateTimeOffset.TryParse(request.Now, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new InferenceException(InferenceFailure.Error, $"'{request.Now}' is no time");
        ChatApplied applied = engine.Chat([.. Need(request.Messages, "messages").Select(message => new ChatMessage(message.Role, message.Content))], now);
        return new WireResult { Prompt = applied.Prompt, Ids = applied.Ids, How = applied.How };
    }

    private static T Need<T>(T? value, string field)
        where T : class =>
        value ?? throw new InferenceException(InferenceFailure.Error, $"the request lacks {field}");

    private static float?[] Finite(float[] values) =>
        Array.ConvertAll(values, value => float.IsFinite(value) ? value : (float?)null);

    private static string KindOf(InferenceFailure failure) => failure switch
    {
        InferenceFailure.Unsupported => "unsupported",
        InferenceFailure.OutOfMemory => "out-of-memory",
        _ => "error",
    };

    private void Fail(long id, string kind, string message) =>
        Write(new WireReply { Id = id, Error = new WireError { Kind = kind, Message = message } });

    private void Write(WireReply reply)
    {
        line.ResetWrittenCount();
        using (Utf8JsonWriter writer = new(line))
            JsonSerializer.Serialize(writer, reply, WireJson.Default.WireReply);
        line.GetSpan(1)[0] = (byte)'\n';
        line.Advance(1);
        output.Write(line.WrittenSpan);
        output.Flush();
    }

    /// <summary>Stands in for an engine that could not be created.</summary>
    private sealed class BrokenEngine(Exception reason) : IInferenceEngine
    {
        public BackendIdentity Identify() => throw Failure();

        public LoadedModel Load(LoadRequest request) => throw Failure();

        public int[] Tokenize(ReadOnlySpan<byte> utf8, bool addSpecial, bool parseSpecial) => throw Failure();

        public Generation Generate(GenerateRequest request, Action<GeneratedToken> onToken) => throw Failure();

        public Scoring Score(ReadOnlySpan<int> ids, Stream logits) => throw Failure();

        public void Dispose()
        {
        }

        private InferenceException Failure() => reason is InferenceException known
            ? new InferenceException(known.Failure, known.Message, known)
            : new InferenceException(InferenceFailure.Error, string.Create(
                CultureInfo.InvariantCulture, $"the backend could not be started: {reason.Message}"), reason);
    }
}
