using System.Buffers.Binary;
using System.Text;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using NUnit.Framework;

namespace Harness.Formats.Tests.Quantizing;

/// <summary>Importance matrices: both forms that llama-imatrix writes, and a clear word about anything else.</summary>
public class ImportanceMatrixTests
{
    [Test]
    public void The_older_form_divides_by_its_calls()
    {
        using var folder = new TemporaryFolder();
        string path = Legacy(folder, ("blk.0.attn_q.weight", 4, [4, 8, 0]), ("output.weight", 0, [1, 2, 3]));
        ImportanceMatrix matrix = ImportanceMatrix.Load(path);
        Assert.Multiple(() =>
        {
            Assert.That(matrix.Count, Is.EqualTo(2));
            Assert.That(matrix.Find("blk.0.attn_q.weight"), Is.EqualTo(new float[] { 1, 2, 0 }));
            Assert.That(matrix.Find("output.weight"), Is.EqualTo(new float[] { 1, 2, 3 }));
            Assert.That(matrix.Find("blk.1.attn_q.weight"), Is.Null);
            Assert.That(matrix.Chunks, Is.EqualTo(17));
            Assert.That(matrix.Datasets, Is.EqualTo(new[] { "text.txt" }));
        });
    }

    [Test]
    public void The_GGUF_form_divides_by_each_matrix_counts()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("imatrix.gguf");
        new GgufWriter()
            .Set("general.type", GgufValue.Of("imatrix"))
            .Set("imatrix.chunk_count", GgufValue.Of(5u))
            .AddTensor("blk.0.ffn_up_exps.weight.in_sum2", Formats.Tensors.TensorType.F32, [2, 3], Floats(6, 8, 5, 5, 1, 2))
            .AddTensor("blk.0.ffn_up_exps.weight.counts", Formats.Tensors.TensorType.F32, [1, 3], Floats(2, 0, 1))
            .Save(path);
        ImportanceMatrix matrix = ImportanceMatrix.Load(path);
        Assert.That(matrix.Find("blk.0.ffn_up_exps.weight"), Is.EqualTo(new float[] { 3, 4, 1, 1, 1, 2 }), "an expert never chosen counts evenly");
        Assert.That(matrix.Chunks, Is.EqualTo(5));
    }

    [Test]
    public void A_damaged_file_is_refused_with_the_reason()
    {
        using var folder = new TemporaryFolder();
        string whole = Legacy(folder, ("blk.0.attn_q.weight", 4, [4, 8, 0]), ("output.weight", 1, [1, float.NaN, 3]));
        byte[] bytes = File.ReadAllBytes(whole);
        Assert.Multiple(() =>
        {
            AssertRefused(bytes, "output.weight', column 1, is NaN");
            AssertRefused(bytes[..40], "more than the file holds");
            AssertRefused(bytes[..3], "shorter");
            AssertRefused([.. Encoding.ASCII.GetBytes("once upon a time")], "no number of entries");
            AssertRefused([1, 0, 0, 0, 255, 255, 255, 127, .. new byte[30]], "no length of a name");
        });
        for (int length = 4; length < bytes.Length; length++)
        {
            string path = folder.Of("cut");
            File.WriteAllBytes(path, bytes[..length]);
            Assert.That(() => ImportanceMatrix.Load(path), Throws.TypeOf<QuantizeException>().With.Message.Contains(path), $"{length} bytes");
        }

        void AssertRefused(byte[] content, string why)
        {
            string path = folder.Of("damaged");
            File.WriteAllBytes(path, content);
            Assert.That(() => ImportanceMatrix.Load(path), Throws.TypeOf<QuantizeException>().With.Message.Contains(why));
        }
    }

    [Test]
    public void A_model_is_no_importance_matrix()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("model.gguf");
        Harness.Formats.Forging.ProbeForge.Write("llama", "Q8_0", 1, path);
        Assert.That(() => ImportanceMatrix.Load(path), Throws.TypeOf<QuantizeException>().With.Message.Contains("a model, not an imatrix"));
    }

    private static byte[] Floats(params float[] values)
    {
        var bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }

    private static string Legacy(TemporaryFolder folder, params (string Name, int Calls, float[] Values)[] entries)
    {
        string path = folder.Of("imatrix.dat");
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write(entries.Length);
        foreach ((string name, int calls, float[] values) in entries)
        {
            Text(name);
            writer.Write(calls);
            writer.Write(values.Length);
            writer.Write(Floats(values));
        }

        writer.Write(17);
        Text("text.txt");
        return path;

        void Text(string text)
        {
            writer.Write(text.Length);
            writer.Write(Encoding.UTF8.GetBytes(text));
        }
    }
}
