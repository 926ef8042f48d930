using System.Diagnostics;
using System.Globalization;
using Harness.Conversion;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Formats.Safetensors;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Runner.Fit;
using Harness.Workers.Builtin;
using Harness.Workers.Memory;

namespace Harness.Runner.Variants;

/// <summary>Takes a variant through <c>resolve → inspect → fit → fetch → verify</c>, once for all its cells.</summary>
/// <param name="hub">The hub.</param>
/// <param name="files">Gets files.</param>
/// <param name="settings">The run.</param>
/// <param name="progress">Hears how it goes.</param>
internal sealed class VariantPreparer(HubClient hub, VariantFiles files, RunnerSettings settings, IRunProgress progress)
{
    /// <summary>Prepares a variant.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="contextLength">Positions the cells ask for.</param>
    /// <param name="engines">Engines that are to run it: what none of them supports is not fetched.</param>
    /// <param name="cancellation">Ends the work; what was downloaded stays.</param>
    public async Task<PreparedVariant> PrepareAsync(
        Variant variant, int contextLength, IReadOnlyCollection<string> engines, CancellationToken cancellation)
    {
        var work = new Work(variant);
        try
        {
            await RunAsync(work, variant, contextLength, engines, cancellation).ConfigureAwait(false);
        }
        catch (StageFailedException e)
        {
            return work.Result(null) with { Stages = [.. work.Stages, e.Record] };
        }

        return work.Result(work.Path);
    }

    private async Task RunAsync(
        Work work, Variant variant, int contextLength, IReadOnlyCollection<string> engines, CancellationToken cancellation)
    {
        IReadOnlyList<ResolvedFile> remote = [];
        await StageAsync(work, Stage.Resolve, async () =>
        {
            if (variant.Origin == VariantOrigin.Hub)
            {
                remote = await files.ResolveAsync(variant, cancellation).ConfigureAwait(false);
                work.Files = [.. remote.Select(f => new FileDigest(f.Path, f.Sha256, f.Size))];
                work.Source = work.Source with
                {
                    Repository = variant.Model.Repository,
                    Commit = remote[0].Commit,
                    Endpoint = hub.Options.DisplayEndpoint,
                };
                return null;
            }

            work.Path = await files.MakeAsync(variant, cancellation).ConfigureAwait(false);
            work.Source = SourceOf(variant);
            return null;
        }).ConfigureAwait(false);

        GgufHeader[] headers = [];
        await StageAsync(work, Stage.Inspect, () =>
        {
            headers = variant.Origin == VariantOrigin.Hub ? ReadRemote(remote) : ReadLocal(work.Path!);
            BuiltinInspection builtin = BuiltinInspection.Of(headers);
            work.Unsupported = builtin.Unsupported;
            (ChatTemplateFacts? template, work.Chat) = ChatTemplateReader.Read(headers[0].Metadata);
            work.Model = HeaderFacts.Read(headers, builtin, template);
            work.Quantization = new QuantizationFacts(Math.Round(QuantizationLoss.BitsPerWeight(headers.SelectMany(h => h.Tensors)), 4));
            work.Evidence = HeaderFacts.EvidenceOf(headers[0].Metadata);
            return Task.FromResult<string?>(null);
        }).ConfigureAwait(false);

        if (work.Unsupported is { } unsupported && engines.All(e => e == BackendId.Builtin.Engine))
        {
            Skip(work, Stage.Fetch, $"not fetched: no engine of this plan supports it ({unsupported})");
            return;
        }

        await StageAsync(work, Stage.Fit, () =>
        {
            var memory = ModelMemory.Of(headers);
            work.Memory = memory;

            // What one engine cannot hold another may: cells are looked at one by one later.
            if (CellMemory.Least(memory, engines, contextLength) is not { } least)
                return Task.FromResult<string?>($"not estimated: {memory.Unsupported}");
            if (settings.AvailableMemoryBytes is { } available && least.On(CellMemory.Cpu) > available)
                throw new StageFailedException(new FailureRecord(FailureKind.Blocked, CellMemory.Words(least, available)));
            return Task.FromResult<string?>($"estimated {CellMemory.Megabytes(least.On(CellMemory.Cpu))} on {least.Backend}");
        }).ConfigureAwait(false);

        if (variant.Origin == VariantOrigin.Hub) await FetchAsync(work, variant, remote, cancellation).ConfigureAwait(false);
        else await HashAsync(work, cancellation).ConfigureAwait(false);
        if (variant.Origin == VariantOrigin.Quantized) await MeasureLossAsync(work, variant, cancellation).ConfigureAwait(false);
    }

    private async Task MeasureLossAsync(Work work, Variant variant, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        string parent = await files.GetAsync(variant.Parent!, cancellation).ConfigureAwait(false), against = $"{variant.Parent!.Model.Id} {variant.Parent.Quant}";
        double error = QuantizationLoss.Relative(parent, work.Path!, cancellation);
        work.Quantization = work.Quantization! with { RelativeError = double.Parse(error.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), Against = against };
        work.QuantizeCheck = new CheckRecord(
            Check.Quantize, Outcome.Ok, Elapsed(start),
            string.Create(CultureInfo.InvariantCulture, $"{work.Quantization.BitsPerWeight:0.00} bits a weight, {100 * error:0.###} % off {against}"));
    }

    private async Task FetchAsync(Work work, Variant variant, IReadOnlyList<ResolvedFile> remote, CancellationToken cancellation)
    {
        IReadOnlyList<DownloadedFile> local = [];
        await StageAsync(work, Stage.Fetch, async () =>
        {
            var options = new DownloadOptions { Progress = new Reporter(variant, progress) };
            local = await hub.DownloadAsync(remote, options, cancellation).ConfigureAwait(false);
            work.Path = local[0].LocalPath;
            long fetched = local.Sum(f => f.BytesFetched);
            return local.All(f => f.FromCache) ? "already in the cache" : $"{Megabytes(fetched)} over the network";
        }).ConfigureAwait(false);
        await StageAsync(work, Stage.Verify, async () =>
        {
            var digests = new List<FileDigest>();
            foreach (DownloadedFile file in local)
            {
                // What was hashed while it arrived need not be read again.
                if (!file.Verified) await HubClient.VerifyAsync(file.File, file.LocalPath, cancellation).ConfigureAwait(false);
                string sha256 = file.File.Sha256 ?? await VariantFiles.Sha256Async(file.LocalPath, cancellation).ConfigureAwait(false);
                digests.Add(new FileDigest(file.File.Path, sha256, file.File.Size));
            }

            work.Files = digests;
            return local.All(f => f.Verified) ? "hashed on arrival" : "hashed from the disk";
        }).ConfigureAwait(false);
    }

    private async Task HashAsync(Work work, CancellationToken cancellation)
    {
        Skip(work, Stage.Fetch, "already here");
        await StageAsync(work, Stage.Verify, async () =>
        {
            var digests = new List<FileDigest>();
            foreach (string path in GgufPaths(work.Path!))
                digests.Add(new FileDigest(Path.GetFileName(path), await VariantFiles.Sha256Async(path, cancellation).ConfigureAwait(false), new FileInfo(path).Length));
            work.Files = digests;
            return "hashed; nobody published a digest to hold it against";
        }).ConfigureAwait(false);
    }

    private static SourceFacts SourceOf(Variant variant) => variant.Origin switch
    {
        VariantOrigin.Forged => new SourceFacts(Origin.Forged, Tool: $"harness forge v{ProbeForge.Version}, seed {variant.Model.Seed}"),
        VariantOrigin.Converted => new SourceFacts(Origin.Converted, Parent: Path.GetFileName(variant.LocalFile), Tool: MadeFiles.Converter),
        VariantOrigin.Quantized => new SourceFacts(Origin.Quantized, Parent: $"{variant.Parent!.Model.Id} {variant.Parent.Quant}", Tool: MadeFiles.Tool),
        _ => new SourceFacts(OriginOf(variant)),
    };

    /// <summary>What the headers of a model here say.</summary>
    /// <param name="path">Its file; of a sharded model, any shard.</param>
    public static ModelFacts FactsOf(string path)
    {
        GgufHeader[] headers = ReadLocal(path);
        return HeaderFacts.Read(headers, BuiltinInspection.Of(headers));
    }

    private GgufHeader[] ReadRemote(IReadOnlyList<ResolvedFile> files)
    {
        var headers = new List<GgufHeader>();
        foreach (ResolvedFile file in files)
        {
            using Stream stream = hub.FindCached(file) is { } path ? File.OpenRead(path) : hub.OpenRead(file);
            headers.Add(ReadHeader(stream, file.Path));
        }

        return [.. headers];
    }

    private static GgufHeader[] ReadLocal(string path)
    {
        var headers = new List<GgufHeader>();
        foreach (string shard in GgufPaths(path))
        {
            using FileStream stream = File.OpenRead(shard);
            headers.Add(ReadHeader(stream, Path.GetFileName(shard)));
        }

        return [.. headers];
    }

    private static GgufHeader ReadHeader(Stream stream, string name)
    {
        try
        {
            return GgufHeader.Read(stream);
        }
        catch (GgufException e)
        {
            throw e.In(name);
        }
    }

    private static IReadOnlyList<string> GgufPaths(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return file.Paths;
    }

    private async Task StageAsync(Work work, Stage stage, Func<Task<string?>> act)
    {
        progress.VariantStage(work.Variant, stage);
        long start = Stopwatch.GetTimestamp();
        FailureRecord failure;
        try
        {
            string? remark = await act().ConfigureAwait(false);
            work.Stages.Add(new StageRecord(stage, Outcome.Ok, Elapsed(start), remark));
            return;
        }
        catch (StageFailedException e)
        {
            failure = e.Record.Failure!;
        }
        catch (HubException e)
        {
            failure = new FailureRecord(KindOf(e.Failure), $"{e.What}: {e.Where}; {e.Advice}");
        }
        catch (QuantizeException e)
        {
            failure = new FailureRecord(FailureKind.Error, $"{e.What}. {e.Remedy}");
            work.QuantizeCheck = new CheckRecord(Check.Quantize, Outcome.Failed, Elapsed(start), Failure: failure);
        }
        catch (GgufException e)
        {
            failure = new FailureRecord(FailureKind.Error, $"{e.What}, {e.Where}. {e.Remedy}");
        }
        catch (FileNotFoundException e)
        {
            failure = new FailureRecord(FailureKind.Blocked, e.Message);
        }
        catch (Exception e) when (e is ConversionException or SafetensorsException)
        {
            failure = ConversionRecorder.FailureOf(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            failure = new FailureRecord(FailureKind.HarnessError, $"{e.GetType().Name}: {e.Message}");
        }

        throw new StageFailedException(new StageRecord(stage, Outcome.Failed, Elapsed(start), Failure: failure));
    }

    private static void Skip(Work work, Stage stage, string reason) =>
        work.Stages.Add(new StageRecord(stage, Outcome.Skipped, 0, reason));

    /// <summary>A hub that cannot or will not give a file says nothing about the backend: the cell was not tried.</summary>
    private static FailureKind KindOf(HubFailure failure) => failure switch
    {
        HubFailure.Mismatch => FailureKind.Mismatch,
        HubFailure.Refused => FailureKind.Refused,
        _ => FailureKind.Blocked,
    };

    private static double Elapsed(long start) => Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3);

    private static string Megabytes(long bytes) => CellMemory.Megabytes(bytes);

    /// <summary>What is known of a variant so far.</summary>
    private sealed class Work(Variant variant)
    {
        public Variant Variant { get; } = variant;

        public List<StageRecord> Stages { get; } = [];

        public string? Path { get; set; }

        public IReadOnlyList<FileDigest> Files { get; set; } = [];

        public ModelFacts? Model { get; set; }

        public Evidence Evidence { get; set; } = Evidence.None;

        public SourceFacts Source { get; set; } = new(OriginOf(variant), variant.Model.Repository);

        public string? Unsupported { get; set; }

        public QuantizationFacts? Quantization { get; set; }

        public CheckRecord? QuantizeCheck { get; set; }

        public ChatSource? Chat { get; set; }

        public ModelMemory? Memory { get; set; }

        public PreparedVariant Result(string? path) => new(Stages, path, Files, Model, Evidence, Source, Unsupported)
        {
            Quantization = Quantization,
            QuantizeCheck = QuantizeCheck,
            Chat = Chat,
            Memory = Memory,
        };
    }

    /// <summary>The words receipts use for a variant's origin.</summary>
    public static Origin OriginOf(Variant variant) => variant.Origin switch
    {
        VariantOrigin.Hub => Origin.Hub,
        VariantOrigin.Converted => Origin.Converted,
        VariantOrigin.Quantized => Origin.Quantized,
        VariantOrigin.Forged => Origin.Forged,
        VariantOrigin.Local => Origin.Local,
        _ => Origin.Trained,
    };

    private sealed class Reporter(Variant variant, IRunProgress progress) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => progress.Downloading(variant, value);
    }

    private sealed class StageFailedException : Exception
    {
        public StageFailedException(FailureRecord failure)
            : base(failure.Message) => Record = new StageRecord(Stage.Resolve, Outcome.Failed, 0, Failure: failure);

        public StageFailedException(StageRecord record)
            : base(record.Failure!.Message) => Record = record;

        public StageRecord Record { get; }
    }
}
