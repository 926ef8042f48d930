using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harness.Formats.Gguf;

namespace Harness.Formats.Quantizing;

/// <summary>
/// How much an error in each column of a model's matrices matters: mean squares of what the columns were multiplied by
/// when llama.cpp's <c>llama-imatrix</c> ran the model over a text. Reads both forms it writes: GGUF, and the older
/// <c>.dat</c>.
/// </summary>
public sealed class ImportanceMatrix
{
    private const int LongestName = 1024;
    private readonly Dictionary<string, float[]> values;

    /// <summary>Creates a matrix.</summary>
    /// <param name="values">For each tensor's name one value a column; of stacked experts, one after the other.</param>
    public ImportanceMatrix(IReadOnlyDictionary<string, float[]> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = new Dictionary<string, float[]>(values, StringComparer.Ordinal);
    }

    /// <summary>How many tensors it speaks of.</summary>
    public int Count => values.Count;

    /// <summary>The texts it was made from, as far as the file says.</summary>
    public IReadOnlyList<string> Datasets { get; private init; } = [];

    /// <summary>How many pieces of text it was made from; null when the file does not say.</summary>
    public int? Chunks { get; private init; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">A GGUF imatrix, or one of the older form.</param>
    /// <returns>The matrix.</returns>
    /// <exception cref="QuantizeException">The file is neither, or damaged, or holds what is not finite.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ImportanceMatrix Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        if (stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) < 4)
            throw Damaged(path, "it is shorter than any imatrix");
        ImportanceMatrix matrix = magic.SequenceEqual("GGUF"u8) ? FromGguf(path) : FromLegacy(path, stream);
        foreach ((string name, float[] column) in matrix.values)
        {
            int wrong = Array.FindIndex(column, value => !float.IsFinite(value));
            if (wrong >= 0)
                throw Damaged(path, string.Create(CultureInfo.InvariantCulture, $"the importance of '{name}', column {wrong}, is {column[wrong]}"));
        }

        return matrix;
    }

    /// <summary>The values of a tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>One a column, or null where it does not speak of the tensor.</returns>
    public float[]? Find(string name) => values.GetValueOrDefault(name);

    private static ImportanceMatrix FromGguf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        const string sums = ".in_sum2", counts = ".counts";
        var found = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (GgufTensor tensor in file.Tensors.Where(t => t.Name.EndsWith(sums, StringComparison.Ordinal)))
        {
            string name = tensor.Name[..^sums.Length];
            if (!file.TryGetTensor(name + counts, out GgufTensor? counted))
                throw Damaged(path, $"'{name}' has sums but no counts");
            float[] column = Floats(file, tensor, path), number = Floats(file, counted, path);
            if (number.Length == 0 || column.Length % number.Length != 0)
                throw Damaged(path, $"'{name}' has {column.Length} sums for {number.Length} counts");

            // A matrix that nothing was multiplied by, an expert never chosen, counts evenly.
            int length = column.Length / number.Length;
            for (int i = 0; i < column.Length; i++)
                column[i] = number[i / length] > 0 ? column[i] / number[i / length] : 1;
            found[name] = column;
        }

        if (found.Count == 0)
            throw Damaged(path, "it is a GGUF file without a tensor '….in_sum2': a model, not an imatrix");
        return new ImportanceMatrix(found)
        {
            Datasets = file.Metadata.TryGetStrings("imatrix.datasets", out GgufStringArray? datasets) ? [.. datasets.AsStrings()] : [],
            Chunks = file.Metadata.TryGetNumber("imatrix.chunk_count", out int chunks) ? chunks : null,
        };
    }

    private static float[] Floats(GgufFile file, GgufTensor tensor, string path)
    {
        if (tensor.TypeName != "F32")
            throw Damaged(path, $"'{tensor.Name}' is {tensor.TypeName}, where F32 is expected");
        return MemoryMarshal.Cast<byte, float>(file.GetBytes(tensor)).ToArray();
    }

    // Entries: name, how often it was called, values summed over the calls' means; then the chunks and the text's name.
    private static ImportanceMatrix FromLegacy(string path, FileStream stream)
    {
        stream.Position = 0;
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        try
        {
            int entries = reader.ReadInt32();
            if (entries < 1 || entries > stream.Length / 16)
                throw Damaged(path, string.Create(CultureInfo.InvariantCulture, $"it is no GGUF file, and {entries} is no number of entries for the older form"));
            var found = new Dictionary<string, float[]>(StringComparer.Ordinal);
            for (int i = 0; i < entries; i++)
            {
                string name = ReadText(reader, path, LongestName);
                int calls = reader.ReadInt32(), count = reader.ReadInt32();
                if (count < 1 || count > (stream.Length - stream.Position) / sizeof(float))
                    throw Damaged(path, string.Create(CultureInfo.InvariantCulture, $"'{name}' claims {count} values, more than the file holds"));
                byte[] bytes = reader.ReadBytes(count * sizeof(float));
                var column = new float[count];
                for (int c = 0; c < count; c++)
                    column[c] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(c * sizeof(float))) / (calls > 0 ? calls : 1);
                found[name] = column;
            }

            // The oldest files end here.
            bool more = stream.Position < stream.Length;
            int? chunks = more ? reader.ReadInt32() : null;
            string[] datasets = more && stream.Position < stream.Length ? [ReadText(reader, path, 1 << 16)] : [];
            return new ImportanceMatrix(found) { Chunks = chunks, Datasets = datasets };
        }
        catch (EndOfStreamException)
        {
            throw Damaged(path, "it ends in the middle of an entry");
        }
    }

    private static string ReadText(BinaryReader reader, string path, int longest)
    {
        int length = reader.ReadInt32();
        if (length < 1 || length > longest)
            throw Damaged(path, string.Create(CultureInfo.InvariantCulture, $"{length} is no length of a name"));
        byte[] bytes = reader.ReadBytes(length);
        return bytes.Length == length ? Encoding.UTF8.GetString(bytes) : throw new EndOfStreamException();
    }

    private static QuantizeException Damaged(string path, string why) => new(
        $"the importance matrix cannot be read: {why}", path, "Give a file that llama-imatrix wrote, whole.");
}
