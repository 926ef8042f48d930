using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>
/// Makes true-shape files: random weights in the shape of a real model, for measuring memory and speed without a
/// download. Written with several threads at the disk's speed; memory stays flat.
/// </summary>
public static class ShapeForge
{
    /// <summary>Writes a model of a shape, with a synthetic vocabulary of its size.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="quantization">One of <see cref="ProbeForge.Quantizations"/>.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="threads">How many threads make and write weights; the bytes do not depend on it.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Ends the writing and removes the partial file.</param>
    /// <exception cref="ForgeException">The architecture or quantization is not known, or the shape cannot be.</exception>
    public static void Write(
        ForgeShape shape,
        string quantization,
        ulong seed,
        string path,
        int threads = 2,
        IProgress<ForgeProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        GgufWriter writer = ForgeWriter.Describe(ForgeArchitectures.Get(shape.Architecture), shape, ForgedRows.MixtureOf(quantization), seed, probe: null);
        Save(writer, path, threads, progress, cancellation);
    }

    /// <summary>The header of a model of a shape, without a tokenizer; nothing is written.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="quantization">One of <see cref="ProbeForge.Quantizations"/>.</param>
    /// <returns>The header: every tensor with its type and size.</returns>
    /// <exception cref="ForgeException">The architecture or quantization is not known, or the shape cannot be.</exception>
    public static GgufHeader HeaderOf(ForgeShape shape, string quantization)
    {
        ArgumentNullException.ThrowIfNull(shape);
        GgufPlan plan = ForgeWriter.Describe(ForgeArchitectures.Get(shape.Architecture), shape, ForgedRows.MixtureOf(quantization)).Plan();
        return GgufHeader.TryParse(plan.Header, plan.FileLength, out GgufHeader? header, out _)
            ? header
            : throw new ForgeException($"the header of '{shape.Name}' ends too early", "shape", "This is an error of the harness.");
    }

    /// <summary>
    /// Writes a model with the metadata, tokenizer and tensor shapes of a file. Vectors other than norms and biases are
    /// copied, since what they may hold only the architecture knows.
    /// </summary>
    /// <param name="like">The file; its weights are not read.</param>
    /// <param name="quantization">One of <see cref="ProbeForge.Quantizations"/>.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="threads">How many threads make and write weights; the bytes do not depend on it.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Ends the writing and removes the partial file.</param>
    /// <exception cref="ForgeException">The quantization is not known.</exception>
    /// <exception cref="GgufException">The file lacks what every model has.</exception>
    public static void Write(
        GgufFile like,
        string quantization,
        ulong seed,
        string path,
        int threads = 2,
        IProgress<ForgeProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(like);
        GgufWriter writer = Describe(like, ForgedRows.MixtureOf(quantization), seed);
        Save(writer, path, threads, progress, cancellation);
    }

    private static GgufWriter Describe(GgufFile like, Mixture mix, ulong seed)
    {
        string architecture = like.Metadata.GetString("general.architecture");
        IReadOnlyDictionary<string, TensorType> types = mix.TypesOf(
            MixtureFacts.Of(like.Metadata), like.Tensors.Select(t => (t.Name, (IReadOnlyList<long>)t.Shape)));
        var writer = new GgufWriter();
        foreach ((string key, GgufValue value) in like.Metadata)
        {
            if (key != "general.alignment" && !key.StartsWith("split.", StringComparison.Ordinal) && !key.StartsWith("harness.", StringComparison.Ordinal))
                writer.Set(key, value);
        }

        ForgeWriter.SetOrigin(writer, architecture, mix, seed);
        foreach (GgufTensor tensor in like.Tensors)
            Add(writer, like, tensor, types.TryGetValue(tensor.Name, out TensorType type) ? (uint)type : (uint)TensorType.F32, seed);
        return writer;
    }

    private static void Add(GgufWriter writer, GgufFile like, GgufTensor tensor, uint type, ulong seed)
    {
        bool norm = tensor.Name.Contains("norm", StringComparison.Ordinal) && tensor.Name.EndsWith(".weight", StringComparison.Ordinal);
        bool bias = tensor.Name.EndsWith(".bias", StringComparison.Ordinal);
        bool vector = tensor.Shape.Length == 1 || norm || bias;
        if (vector && !norm && !bias)
        {
            writer.AddTensor(tensor.Name, tensor.TypeNumber, tensor.Shape.AsSpan(), (firstRow, rows) =>
                like.Read(tensor, firstRow * tensor.RowBytes, rows));
            return;
        }

        ForgeValues values = norm ? ForgeValues.Norm : bias ? ForgeValues.Absolute : ForgeValues.Weights;
        ForgeWriter.Add(writer, new ForgeTensor(tensor.Name, tensor.Shape, values, bias ? 1 : 8), vector ? (uint)TensorType.F32 : type, seed);
    }

    private static void Save(GgufWriter writer, string path, int threads, IProgress<ForgeProgress>? progress, CancellationToken cancellation)
    {
        long total = writer.FileLength;
        IProgress<long>? bytes = progress is null ? null : new Relay(total, progress);
        writer.Save(path, threads, bytes, cancellation);
    }

    private sealed class Relay(long total, IProgress<ForgeProgress> progress) : IProgress<long>
    {
        public void Report(long value) => progress.Report(new ForgeProgress(value, total));
    }
}

/// <summary>How far a file is written.</summary>
/// <param name="Written">Bytes written.</param>
/// <param name="Total">Bytes of the whole file.</param>
public readonly record struct ForgeProgress(long Written, long Total);
