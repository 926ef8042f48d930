using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Runner.Cells;
using Harness.Runner.Variants;
using Harness.Workers;
using Harness.Workers.Builtin;
using Harness.Workers.Memory;

namespace Harness.Runner.Fit;

/// <summary>
/// Measures peak memory beside what is predicted: a file in a model's shape at a time, written, loaded by each backend with
/// each context, and removed.
/// </summary>
/// <param name="launcher">Starts workers.</param>
/// <param name="store">Takes the receipts; what it holds already of this build is not measured again.</param>
/// <param name="settings">The run.</param>
/// <param name="progress">Hears what is measured, or null.</param>
public sealed class FitMeter(WorkerLauncher launcher, ReceiptStore store, RunnerSettings settings, Action<string>? progress = null)
{
    /// <summary>Tokens of the prompt: enough to run every kernel once, few enough to cost nothing.</summary>
    public const int PromptTokens = 16;

    private const int GeneratedTokens = 3;

    private static readonly WorkerLimits Limits = new() { Load = TimeSpan.FromMinutes(10), Request = TimeSpan.FromMinutes(10) };

    /// <summary>Measures a shape in all quantizations and contexts on all backends.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="quants">The quantizations.</param>
    /// <param name="contexts">The contexts.</param>
    /// <param name="backends">The backends.</param>
    /// <param name="folder">Where the files lie while they are measured.</param>
    /// <param name="cancellation">Kills workers; the file is removed.</param>
    public async Task MeasureAsync(
        ForgeShape shape, IEnumerable<string> quants, IReadOnlyList<int> contexts, IReadOnlyList<BackendAtHand> backends, string folder, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(quants);
        ArgumentNullException.ThrowIfNull(contexts);
        ArgumentNullException.ThrowIfNull(backends);
        foreach (string quant in quants)
        {
            (BackendAtHand Backend, int Context)[] missing = [.. contexts.SelectMany(c => backends.Select(b => (b, c))).Where(t => !IsThere(shape, quant, t.b, t.c))];
            if (missing.Length == 0) continue;
            string path = Path.Combine(folder, $"{shape.Name}-{quant}.gguf");
            try
            {
                progress?.Invoke($"{shape.Name} {quant}: writes the file");
                ShapeForge.Write(shape, quant, 1, path, Math.Max(1, Environment.ProcessorCount), null, cancellation);
                GgufHeader header = ReadHeader(path);
                var file = new FileDigest(Path.GetFileName(path), await VariantFiles.Sha256Async(path, cancellation).ConfigureAwait(false), header.FileLength);
                foreach ((BackendAtHand backend, int context) in missing)
                {
                    progress?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{shape.Name} {quant}: {backend.Id}, context {context}"));
                    store.Append(await MeasureAsync(shape, quant, path, file, header, backend, context, cancellation).ConfigureAwait(false));
                }
            }
            finally
            {
                File.Delete(path);
            }
        }
    }

    private bool IsThere(ForgeShape shape, string quant, BackendAtHand backend, int context) => store.Receipts.Any(r =>
        r.Kind == ReceiptKind.Fit && r.Cell == CellOf(shape, quant, backend) && r.Subject.Options.ContextLength == context && r.Memory is not null);

    private async Task<Receipt> MeasureAsync(
        ForgeShape shape, string quant, string path, FileDigest file, GgufHeader header, BackendAtHand backend, int context, CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        int threads = settings.ThreadsFor(header.FileLength);
        var model = ModelMemory.Of([header]);
        var request = new MemoryRequest(context) { Threads = threads, Evaluated = PromptTokens + GeneratedTokens };
        MemoryPrediction? prediction = backend.Id == "builtin" ? model.Builtin(request) : model.LlamaCpp(request);
        var stages = new List<StageRecord> { new(Stage.Fit, Outcome.Ok, 0, "predicted from the header") };
        BackendIdentity? identity = null;
        PeakMemory? peak = null;
        long start = Stopwatch.GetTimestamp();
        WorkerSession session = launcher.Start(backend.Command, Limits);
        await using (session.ConfigureAwait(false))
        {
            try
            {
                identity = (await session.HelloAsync(cancellation).ConfigureAwait(false)).Value.Identity;
                Answer<LoadedModel> loaded = await session.LoadAsync(new LoadRequest(path, context, "cpu", threads, Touch: true), cancellation).ConfigureAwait(false);
                stages.Add(new StageRecord(Stage.Load, Outcome.Ok, Math.Round(loaded.WallClock.TotalMilliseconds, 3)));
                await session.GenerateAsync(
                    new GenerateRequest(Ids(loaded.Value.VocabularySize), GeneratedTokens, IgnoreEndOfGeneration: true), cancellation: cancellation).ConfigureAwait(false);
                peak = (await session.ExitAsync(cancellation).ConfigureAwait(false)).Peak;
            }
            catch (WorkerException e)
            {
                stages.Add(new StageRecord(Stage.Load, Outcome.Failed, Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3), Failure: Failures.Of(e.Failure)));
            }
        }

        return ReceiptJson.WithId(settings.Redactor.Redact(new Receipt
        {
            Kind = ReceiptKind.Fit,
            Run = settings.RunId,
            Attempt = 1,
            Started = new DateTimeOffset(started.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero),
            Cell = CellOf(shape, quant, backend),
            Subject = new Subject
            {
                Files = [file],
                Backend = backend.Id,
                BackendDigest = identity?.Digest ?? backend.Digest,
                Hardware = "cpu",
                PromptsDigest = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(' ', Ids(shape.Vocabulary))))),
                Options = new Receipts.RunOptions(context, "F16", threads),
            },
            Evidence = Evidence.Probe,
            Source = new SourceFacts(Origin.Forged, Tool: $"harness forge v{ProbeForge.Version}, seed 1"),
            Model = HeaderFacts.Read([header], BuiltinInspection.Of([header])),
            Backend = identity is null ? null : new BackendFacts(
                identity.Backend, identity.Version, identity.Build, backend.Distribution, backend.DistributionVersion, identity.Digest ?? backend.Digest,
                identity.InstructionSet, [.. identity.Devices.Select(d => new DeviceFacts(d.Api, d.Name, d.MemoryBytes))]),
            Machine = settings.Machine,
            Stages = stages,
            Checks = [],
            Memory = peak is null ? null : new MemoryFacts(peak.Bytes, $"{peak.Source}, all reserved memory touched"),
            PredictedMemory = prediction is null ? null : Predictions.Record(prediction),
            Command = $"harness fit --measure DIR {shape.Name}",
        }));
    }

    private static GgufHeader ReadHeader(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return GgufHeader.Read(stream);
    }

    private static Cell CellOf(ForgeShape shape, string quant, BackendAtHand backend) => new(shape.Name, quant, backend.Id, "cpu");

    // Spread over the vocabulary, and the same for every backend.
    private static int[] Ids(int vocabulary) => [.. Enumerable.Range(0, PromptTokens).Select(i => (int)(((i * 7919L) + 11) % vocabulary))];
}
