using System.Collections.Concurrent;
using Harness.Conversion.Architectures;
using Harness.Conversion.Mapping;
using Harness.Conversion.Source;
using Harness.Conversion.Target;
using Harness.Conversion.Tokenizers;
using Harness.Formats.Gguf;
using Harness.Formats.Safetensors;
using Harness.Formats.Tensors;

namespace Harness.Conversion;

/// <summary>
/// Converts a model directory of the transformers library (config.json, a tokenizer, safetensors files) into a GGUF file, as
/// llama.cpp's own script would: the same names, types, reorderings and metadata. The same directory is the same bytes.
/// </summary>
public static class ModelConverter
{
    /// <summary>The version of the conversion; other bytes need another version.</summary>
    public const int Version = 1;

    // Values decoded at a time: large enough for speed, small enough for the caches.
    private const int PieceLength = 1 << 15;

    /// <summary>Each architecture with the classes that are converted to it, sorted by name.</summary>
    public static IReadOnlyList<(string Architecture, IReadOnlyList<string> Classes)> Known { get; } = [.. ModelMappings.All.Select(m => (m.Architecture, m.Classes))];

    /// <summary>The types that matrices can be given; <c>AUTO</c> is that of the model's own.</summary>
    public static IReadOnlyList<string> Types { get; } = ["AUTO", .. FileType.All.Select(t => t.Name)];

    /// <summary>Whether a path is a directory that looks like a model's: it holds a config.json.</summary>
    /// <param name="path">A path.</param>
    /// <returns>True when it does.</returns>
    public static bool IsModelDirectory(string path) => File.Exists(Path.Combine(path, ModelConfig.FileName));

    /// <summary>What a directory without a config.json seems to be instead.</summary>
    /// <param name="directory">A directory.</param>
    /// <returns>What it is, to follow a word about the missing file, or empty; and what to do.</returns>
    public static (string What, string Remedy) WhyNoModel(string directory) => OtherDirectories.Kind(directory);

    /// <summary>
    /// Looks at a directory without converting it: what it would become, as far as can be told. A directory that cannot be
    /// converted is told of no further than its parts can be read; <see cref="Convert"/> says why.
    /// </summary>
    /// <param name="directory">A model directory.</param>
    /// <returns>The architecture as GGUF names it, or null; and the type its matrices would have, or null.</returns>
    public static (string? Architecture, string? Type) Describe(string directory)
    {
        string? architecture = null;
        try
        {
            architecture = ModelMappings.Get(ModelConfig.Read(directory)).Architecture;
        }
        catch (ConversionException)
        {
            // Nothing is known of it.
        }

        try
        {
            using var files = SafetensorsModel.OpenDirectory(directory);
            return (architecture, FileType.Of("AUTO", files).Name);
        }
        catch (Exception exception) when (exception is SafetensorsException or IOException or UnauthorizedAccessException)
        {
            return (architecture, null);
        }
    }

    /// <summary>The files that decide what a conversion writes, in order of name: by their digests a conversion can be known again.</summary>
    /// <param name="directory">A model directory.</param>
    /// <returns>Their paths.</returns>
    public static IReadOnlyList<string> FilesOf(string directory) =>
    [
        .. Directory.EnumerateFiles(directory)
            .Where(p => Path.GetExtension(p).ToLowerInvariant() is ".json" or ".safetensors" or ".model" or ".jinja" || Path.GetFileName(p) is "merges.txt" or "vocab.txt")
            .Concat(ChatTemplates.Others(directory))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Converts a directory, under <c>TARGET.partial</c> until it is whole.</summary>
    /// <param name="directory">The model directory.</param>
    /// <param name="target">The file to write; an existing one is replaced.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends the work; nothing is left at <paramref name="target"/>.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ConversionException">The model cannot be converted; says what, where, at which step and why.</exception>
    /// <exception cref="SafetensorsException">The weights are damaged or incomplete.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static ConversionResult Convert(string directory, string target, ConversionOptions options, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentException.ThrowIfNullOrEmpty(target);
        ArgumentNullException.ThrowIfNull(options);

        // What is no model directory, or no model that can be converted, is said before its weights are looked for.
        ModelConfig config = ModelConfig.Read(directory);
        foreach (Demand demand in ModelMappings.Get(config).Demands)
            demand.Check(config.WithDefaults(ModelMappings.Get(config).Defaults), ModelMappings.Get(config).Architecture);
        using var files = SafetensorsModel.OpenDirectory(directory);
        (GgufWriter writer, ConversionResult result) = Plan(directory, files, options);
        long total = writer.FileLength;
        IProgress<long>? written = options.Progress is { } progress ? new Written(progress, total) : null;
        writer.Save(target, options.Threads, written, cancellation);
        return result with { Bytes = new FileInfo(target).Length };
    }

    /// <summary>The header that a conversion would write; no value is read.</summary>
    /// <param name="directory">Holds config.json and the tokenizer's files.</param>
    /// <param name="files">The weights; their headers are enough.</param>
    /// <param name="options">How.</param>
    /// <returns>The header.</returns>
    /// <exception cref="ConversionException">The model cannot be converted; says what, where, at which step and why.</exception>
    public static GgufHeader Preview(string directory, SafetensorsModel files, ConversionOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(options);
        (GgufWriter writer, _) = Plan(directory, files, options);
        return GgufHeader.TryParse(writer.HeaderBytes(), writer.FileLength, out GgufHeader? header, out _)
            ? header
            : throw new InvalidOperationException("A written header is whole.");
    }

    private static (GgufWriter Writer, ConversionResult Result) Plan(string directory, SafetensorsModel files, ConversionOptions options)
    {
        ModelConfig config = ModelConfig.Read(directory);
        ModelMapping mapping = ModelMappings.Get(config);
        config = config.WithDefaults(mapping.Defaults);
        QuantizedSource.Check(config);
        foreach (Demand demand in mapping.Demands)
            demand.Check(config, mapping.Architecture);
        var type = FileType.Of(options.Type, files);

        // Everything is taken, and every shape compared, before anything is written.
        var source = new SourceModel(config, files);
        MappedTensor[] tensors = [.. mapping.Tensors(source)];
        source.Complete(mapping.Architecture);

        var writer = new GgufWriter();
        long parameters = tensors.Sum(t => t.Values.Count);
        foreach ((string key, GgufValue value) in GeneralKeys.Of(directory, mapping, source, type, parameters, options.Name))
            writer.Set(key, value);
        foreach ((string key, GgufValue value) in TokenizerKeys.Of(directory, mapping, source, options.WithoutTokenizer))
            writer.Set(key, value);
        foreach (MappedTensor tensor in tensors)
            Add(writer, tensor, type.For(tensor));
        return (writer, new ConversionResult(mapping.Architecture, config.Classes[0], type.Name, tensors.Length, parameters, 0));
    }

    private sealed class Written(IProgress<ConversionProgress> progress, long total) : IProgress<long>
    {
        public void Report(long value) => progress.Report(new ConversionProgress(value, total));
    }

    private static void Add(GgufWriter writer, MappedTensor tensor, TensorType type)
    {
        if (!TensorFormats.TryGet(type, out TensorFormat? format) || format.Encode is not { } encode)
            throw new NotSupportedException($"{type} cannot be written.");

        // GGUF names the length that lies together first.
        long[] shape = [.. tensor.Values.Shape.Reverse()];
        if (shape.Length is 0 or > 4 || shape.Contains(0))
            throw new ConversionException($"map {tensor.Name}", $"the tensor has the shape [{string.Join(", ", tensor.Values.Shape)}], which GGUF cannot hold", tensor.Name, "Take the model from its repository.");
        long rowBytes = shape[0] / format.BlockLength * format.BlockBytes;
        var buffers = new ConcurrentBag<float[]>();
        writer.AddTensor(tensor.Name, type, shape, (firstRow, rows) =>
        {
            if (!buffers.TryTake(out float[]? piece))
                piece = new float[PieceLength];
            long first = firstRow * shape[0], count = rows.Length / rowBytes * shape[0];
            for (long done = 0; done < count; done += piece.Length)
            {
                Span<float> values = piece.AsSpan(0, (int)Math.Min(piece.Length, count - done));
                tensor.Values.Read(first + done, values);
                int at = (int)(done / format.BlockLength * format.BlockBytes);
                encode(values, rows.Slice(at, values.Length / format.BlockLength * format.BlockBytes));
            }

            buffers.Add(piece);
        });
    }
}

/// <summary>How a model is converted.</summary>
public sealed record ConversionOptions
{
    /// <summary>The type of matrices, one of <see cref="ModelConverter.Types"/>; vectors stay F32.</summary>
    public string Type { get; init; } = "AUTO";

    /// <summary>Threads, at least 1; the bytes do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The model's name; null for that of its directory.</summary>
    public string? Name { get; init; }

    /// <summary>Whether a model without a tokenizer is converted all the same: it then works on ids alone.</summary>
    public bool WithoutTokenizer { get; init; }

    /// <summary>Told how far the file is, by any thread.</summary>
    public IProgress<ConversionProgress>? Progress { get; init; }
}

/// <summary>How far a conversion is.</summary>
/// <param name="Written">Bytes written.</param>
/// <param name="Total">Bytes to write.</param>
public readonly record struct ConversionProgress(long Written, long Total);

/// <summary>What a conversion wrote.</summary>
/// <param name="Architecture">The architecture as GGUF names it.</param>
/// <param name="ModelClass">The model's class in the transformers library.</param>
/// <param name="Type">The type of its matrices.</param>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record ConversionResult(string Architecture, string ModelClass, string Type, int Tensors, long Parameters, long Bytes);
