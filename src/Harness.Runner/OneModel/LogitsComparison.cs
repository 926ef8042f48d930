using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Formats.Gguf;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Verdicts;
using Harness.Runner.Cells;
using Harness.Runner.Variants;

namespace Harness.Runner.OneModel;

/// <summary>Compares the logits of one model on two backends, or two files of logits.</summary>
public static class LogitsComparison
{
    /// <summary>Scores the same ids on both backends, one after the other, and compares.</summary>
    /// <param name="scorer">Runs the backends.</param>
    /// <param name="judged">The backend that is judged.</param>
    /// <param name="reference">The backend it is held against.</param>
    /// <param name="model">Full path of the model's file.</param>
    /// <param name="ids">Token ids, or null for a choice.</param>
    /// <param name="cancellation">Kills the workers.</param>
    /// <returns>The comparison.</returns>
    /// <exception cref="Harness.Workers.WorkerException">A backend failed; <see cref="Exception.Data"/> names it under <c>backend</c>.</exception>
    /// <exception cref="UnknownTokenException">An id is outside the vocabulary.</exception>
    /// <exception cref="GgufException">The file's header cannot be read.</exception>
    /// <exception cref="InvalidDataException">The backends see vocabularies of different sizes.</exception>
    public static async Task<ComparedLogits> OfBackendsAsync(
        ModelScorer scorer, BackendAtHand judged, BackendAtHand reference, string model, IReadOnlyList<int>? ids, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        string folder = Directory.CreateTempSubdirectory("harness-compare-").FullName;
        try
        {
            string first = Path.Combine(folder, "judged.f32"), second = Path.Combine(folder, "reference.f32");
            ScoredModel a = await ScoreAsync(judged, ids, first).ConfigureAwait(false);
            ScoredModel b = await ScoreAsync(reference, a.Ids, second).ConfigureAwait(false);
            int vocabulary = a.Loaded.VocabularySize;
            if (b.Loaded.VocabularySize != vocabulary)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture, $"{a.Backend} sees {vocabulary} tokens in the vocabulary, {b.Backend} {b.Loaded.VocabularySize}"));
            }

            LogitsDifference difference = LogitsComparer.Compare(Read(second), Read(first), vocabulary);
            return new ComparedLogits(difference, WeightTypeOf(model), a, b);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        async Task<ScoredModel> ScoreAsync(BackendAtHand backend, IReadOnlyList<int>? asked, string path)
        {
            try
            {
                return await scorer.ScoreAsync(backend, model, asked, path, cancellation).ConfigureAwait(false);
            }
            catch (Workers.WorkerException e)
            {
                e.Data["backend"] = backend.Id;
                throw;
            }
        }
    }

    /// <summary>Compares two files of raw logits.</summary>
    /// <param name="judged">The file that is judged: little-endian float32, tokens × vocabulary.</param>
    /// <param name="reference">The file it is held against.</param>
    /// <param name="vocabularySize">Logits a token, at least 1.</param>
    /// <param name="weightType">The model's coarsest weight type, which sets the limit.</param>
    /// <returns>The comparison.</returns>
    /// <exception cref="InvalidDataException">The files are no logits of this vocabulary, or not of the same tokens.</exception>
    public static ComparedLogits OfFiles(string judged, string reference, int vocabularySize, string weightType)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        long bytes = Length(judged), others = Length(reference);
        if (bytes != others)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the files are of different lengths: {bytes} and {others} bytes"));
        long row = 4L * vocabularySize;
        if (bytes == 0 || bytes % row != 0)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes are no whole number of tokens with {vocabularySize} float32 logits each"));
        return new ComparedLogits(LogitsComparer.Compare(Read(reference), Read(judged), vocabularySize), weightType, null, null);
    }

    /// <summary>The coarsest weight type of a model.</summary>
    private static string WeightTypeOf(string model)
    {
        using var file = GgufFile.Open(model);
        return HeaderFacts.WeightType(file.Tensors);
    }

    private static long Length(string path)
    {
        long length = new FileInfo(path).Length;
        return length / 4 <= Array.MaxLength
            ? length
            : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path} is too long to be compared: {length} bytes"));
    }

    private static float[] Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        var values = new float[stream.Length / 4];
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        if (!BitConverter.IsLittleEndian)
        {
            foreach (ref float value in values.AsSpan())
                value = BitConverter.Int32BitsToSingle(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(BitConverter.SingleToInt32Bits(value)));
        }

        return values;
    }
}

/// <summary>Two sets of logits, compared.</summary>
/// <param name="Difference">How they differ.</param>
/// <param name="WeightType">The coarsest weight type, which sets the limit.</param>
/// <param name="Judged">The run that is judged, or null for files.</param>
/// <param name="Reference">The run it is held against, or null for files.</param>
public sealed record ComparedLogits(LogitsDifference Difference, string WeightType, ScoredModel? Judged, ScoredModel? Reference)
{
    /// <summary>The largest NMSE that counts as agreement.</summary>
    public double Limit => Tolerance.ForWeightType(WeightType);

    /// <summary>Whether they agree, by the rule of verdicts.</summary>
    public bool Agrees => Difference.AgreesWithin(Limit);
}
