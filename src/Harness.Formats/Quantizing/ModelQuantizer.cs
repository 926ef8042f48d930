using System.Collections.Immutable;
using System.Globalization;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>
/// Quantizes a model file: each tensor decoded, and encoded again in the type that llama.cpp's mixture gives it. The
/// encoders work in a fixed order at every register width, so that the same file comes out on every machine.
/// </summary>
public static class ModelQuantizer
{
    /// <summary>The version of the algorithm; other bytes need another version.</summary>
    public const int Version = 1;

    /// <summary>
    /// The quantizations that can be made, named as llama.cpp names them; but <c>Q4_K</c>, <c>Q5_K</c>,
    /// <c>MXFP4</c> and <c>NVFP4</c> are that type alone for every matrix.
    /// </summary>
    public static IReadOnlyList<string> Quantizations { get; } = [.. Mixture.All.Where(m => m.CanBeEncoded).Select(m => m.Name)];

    /// <summary>What quantizing a model would do.</summary>
    /// <param name="source">A GGUF file; any shard of a split model stands for all.</param>
    /// <param name="options">How.</param>
    /// <returns>Each tensor's type and size.</returns>
    /// <exception cref="GgufException">The source is damaged.</exception>
    /// <exception cref="QuantizeException">It cannot be done so; says why.</exception>
    public static QuantizationPlan Plan(string source, QuantizeOptions options)
    {
        using GgufFile file = GgufFile.Open(source);
        return Plan(file, options).Plan;
    }

    /// <summary>Quantizes a file, under <c>TARGET.partial</c> until it is whole.</summary>
    /// <param name="source">A GGUF file of types that can be decoded.</param>
    /// <param name="target">The file to write; an existing one is replaced.</param>
    /// <param name="quantization">One of <see cref="Quantizations"/>.</param>
    /// <param name="threads">Threads, at least 1.</param>
    /// <param name="cancellation">Ends the work; nothing is left at <paramref name="target"/>.</param>
    /// <exception cref="GgufException">The source is damaged.</exception>
    /// <exception cref="QuantizeException">It cannot be done so; says why.</exception>
    public static void Quantize(string source, string target, string quantization, int threads = 1, CancellationToken cancellation = default) =>
        Quantize(source, target, new QuantizeOptions { Quantization = quantization, Threads = threads, AllowRequantize = true }, null, cancellation);

    /// <summary>Quantizes a file, under <c>TARGET.partial</c> until it is whole. Memory does not grow with the model.</summary>
    /// <param name="source">A GGUF file of types that can be decoded; any shard of a split model stands for all.</param>
    /// <param name="target">The file to write; an existing one is replaced.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told the bytes written so far; null for nobody.</param>
    /// <param name="cancellation">Ends the work; nothing is left at <paramref name="target"/>.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="GgufException">The source is damaged.</exception>
    /// <exception cref="QuantizeException">It cannot be done so; says why.</exception>
    public static QuantizationPlan Quantize(
        string source, string target, QuantizeOptions options, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using GgufFile file = GgufFile.Open(source);
        (QuantizationPlan plan, Mixture mixture, TensorType?[] types) = Plan(file, options);
        using var rows = new SourceRows(file);
        GgufWriter writer = Describe(file, mixture, options);
        for (int i = 0; i < file.Tensors.Count; i++)
        {
            GgufTensor tensor = file.Tensors[i];
            var encoder = new TensorRecoder(tensor, types[i], rows, options.Importance?.Find(tensor.Name));
            writer.AddTensor(tensor.Name, (uint?)types[i] ?? tensor.TypeNumber, tensor.Shape.AsSpan(), encoder.Fill);
        }

        writer.Save(target, options.Threads, progress, cancellation);
        return plan;
    }

    private static (QuantizationPlan Plan, Mixture Mixture, TensorType?[] Types) Plan(GgufFile file, QuantizeOptions options)
    {
        Mixture mixture = Find(options.Quantization);
        var choices = new MixtureChoices
        {
            Pure = options.Pure,
            KeepOutput = options.KeepOutput,
            Output = options.OutputType,
            Embedding = options.EmbeddingType,
            HasImportance = options.Importance is not null,
            Tensors = options.Tensors,
        };
        foreach ((string pattern, TensorType wanted) in options.Tensors)
        {
            if (!file.Tensors.Any(t => MixtureChoices.Matches(pattern, t.Name)))
            {
                throw new QuantizeException(
                    $"no tensor has a name like '{pattern}'", $"{pattern}={wanted}", $"Names are as '{file.Tensors[^1].Name}'; 'harness quantize … --dry-run' shows them all.");
            }
        }

        IReadOnlyDictionary<string, TensorType> chosen = mixture.TypesOf(
            MixtureFacts.Of(file.Metadata), file.Tensors.Select(t => (t.Name, (IReadOnlyList<long>)t.Shape)), choices);

        // Null for a tensor that is copied.
        var types = new TensorType?[file.Tensors.Count];
        var tensors = ImmutableArray.CreateBuilder<QuantizedTensor>(file.Tensors.Count);
        for (int i = 0; i < types.Length; i++)
        {
            GgufTensor tensor = file.Tensors[i];
            if (chosen.TryGetValue(tensor.Name, out TensorType type) && (uint)type != tensor.TypeNumber)
            {
                CheckConversion(tensor, type, mixture, options);
                types[i] = type;
            }

            tensors.Add(Describe(tensor, (uint?)types[i] ?? tensor.TypeNumber));
        }

        return (new QuantizationPlan(mixture.Name, tensors.MoveToImmutable()), mixture, types);
    }

    private static Mixture Find(string quantization)
    {
        Mixture mixture = Mixture.Find(quantization) ?? throw new QuantizeException(
            $"there is no quantization '{quantization}'", "quantization", $"Known are: {string.Join(", ", Quantizations)}.");
        return mixture.CanBeEncoded ? mixture : throw new QuantizeException(
            $"{mixture.Name} can be read and run, but not written",
            "quantization",
            $"Make it with llama.cpp's llama-quantize, or choose one of: {string.Join(", ", Quantizations)}.");
    }

    private static QuantizedTensor Describe(GgufTensor tensor, uint type)
    {
        TensorLayout.TryGet(type, out TensorLayoutInfo layout);
        long bytes = type == tensor.TypeNumber ? tensor.ByteLength : tensor.ElementCount / layout.BlockLength * layout.BlockBytes;
        return new QuantizedTensor(tensor.Name, tensor.Shape, tensor.TypeName, type == tensor.TypeNumber ? tensor.TypeName : layout.Name, tensor.ByteLength, bytes);
    }

    private static void CheckConversion(GgufTensor tensor, TensorType type, Mixture mixture, QuantizeOptions options)
    {
        if (tensor.Type is not { } from || !TensorFormats.TryGet(from, out TensorFormat? decoder))
        {
            throw new QuantizeException(
                $"'{tensor.Name}' has the type {tensor.TypeName}, which cannot be decoded", tensor.Name, "Quantize from an F32, F16 or BF16 file.");
        }

        if (decoder.BlockLength > 1 && !options.AllowRequantize)
        {
            throw new QuantizeException(
                $"'{tensor.Name}' is quantized already, to {tensor.TypeName}",
                tensor.Name,
                "Quantize from an F32, F16 or BF16 file, or give --allow-requantize and accept that more is lost.");
        }

        if (!TensorFormats.TryGet(type, out TensorFormat? encoder) || encoder.Encode is null)
        {
            throw new QuantizeException(
                $"'{tensor.Name}' would have to be {type}, which can be read but not written", tensor.Name, "Give it another type, as --tensor 'NAME=Q4_K'.");
        }

        CheckImportance(tensor, type, mixture, options.Importance);
    }

    private static void CheckImportance(GgufTensor tensor, TensorType type, Mixture mixture, ImportanceMatrix? importance)
    {
        float[]? columns = importance?.Find(tensor.Name);
        bool outer = TensorRoles.Of(tensor.Name) is TensorRole.Embedding or TensorRole.Output;
        if (columns is null && mixture.Name == "Q2_K_S" && type == TensorType.Q2_K && !outer)
        {
            throw new QuantizeException(
                importance is null
                    ? "Q2_K_S needs an importance matrix: without one its result would be worthless"
                    : $"the importance matrix does not speak of '{tensor.Name}', and Q2_K_S needs it",
                tensor.Name,
                "Give --imatrix with a matrix of this model, or choose Q2_K.");
        }

        long wanted = tensor.RowLength * (tensor.Shape.Length > 2 ? tensor.Shape[2] : 1);
        if (columns is null || columns.Length == wanted || TensorRoles.IsEmbedding(tensor.Name)) return;
        throw new QuantizeException(
            string.Create(CultureInfo.InvariantCulture, $"the importance matrix has {columns.Length} columns for '{tensor.Name}', which has {wanted}"),
            tensor.Name,
            "Give a matrix that was made with this model.");
    }

    private static GgufWriter Describe(GgufFile file, Mixture mixture, QuantizeOptions options)
    {
        var writer = new GgufWriter();
        foreach ((string key, GgufValue value) in file.Metadata)
        {
            if (key != "general.alignment" && !key.StartsWith("split.", StringComparison.Ordinal)) writer.Set(key, value);
        }

        writer.Set("general.file_type", GgufValue.Of(mixture.FileType));
        writer.Set("general.quantization_version", GgufValue.Of(2u));
        writer.Set("harness.origin", GgufValue.Of(OriginAfter(file.Metadata)));
        writer.Set("harness.quantizer.version", GgufValue.Of((uint)Version));
        if (options.Importance is { } importance)
        {
            writer.Set("quantize.imatrix.entries_count", GgufValue.Of((uint)importance.Count));
            if (importance.Chunks is > 0 and { } chunks)
                writer.Set("quantize.imatrix.chunks_count", GgufValue.Of((uint)chunks));
            if (importance.Datasets is [{ } dataset, ..])
                writer.Set("quantize.imatrix.dataset", GgufValue.Of(Path.GetFileName(dataset)));
        }

        return writer;
    }

    /// <summary>A quantized probe is still a probe: what the weights are worth does not change.</summary>
    private static string OriginAfter(GgufMetadata metadata) =>
        metadata.TryGetString("harness.origin", out string? origin) && origin == "forged" ? origin : "quantized";
}
