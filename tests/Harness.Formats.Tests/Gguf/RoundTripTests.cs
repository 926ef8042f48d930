using Harness.Formats.Gguf;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Gguf;

/// <summary>What the writer writes, the reader reads.</summary>
public class RoundTripTests
{
    [Test]
    public void Every_description_comes_back_as_it_was([Values(2u, 3u)] uint version)
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var synthetic = new SyntheticGguf(seed, version);
            byte[] file = synthetic.ToBytes();
            var header = GgufHeader.Parse(file);
            Assert.That(header.Version, Is.EqualTo(version));
            foreach ((string key, GgufValue expected) in synthetic.Metadata)
            {
                Assert.That(header.Metadata.TryGet(key, out GgufValue? found), $"{seed}: {key}");
                AssertSame(found!, expected, $"{seed}: {key}");
            }

            Assert.That(header.Tensors, Has.Count.EqualTo(synthetic.Tensors.Count));
            for (int i = 0; i < header.Tensors.Count; i++)
            {
                GgufTensor tensor = header.Tensors[i];
                (string name, TensorType type, long[] shape, byte[] bytes) = synthetic.Tensors[i];
                Assert.That(tensor.Name, Is.EqualTo(name));
                Assert.That(tensor.Type, Is.EqualTo(type));
                Assert.That(tensor.Shape, Is.EqualTo(shape));
                Assert.That(tensor.Offset % header.Alignment, Is.Zero);
                Assert.That(file.AsSpan((int)tensor.Offset, (int)tensor.ByteLength).SequenceEqual(bytes), $"{seed}: {name}");
            }
        }
    }

    [Test]
    public void The_same_description_is_the_same_bytes()
    {
        byte[] once = new SyntheticGguf(7).ToBytes();
        byte[] again = new SyntheticGguf(7).ToBytes();
        Assert.That(again, Is.EqualTo(once));
    }

    [Test]
    public void A_stream_is_read_as_far_as_its_header()
    {
        GgufWriter writer = new GgufWriter()
            .Set("long", GgufValue.OfStrings(Enumerable.Range(0, 200_000).Select(i => $"token {i}")))
            .AddTensor("t", TensorType.F32, [8 << 20], (_, rows) => rows.Clear());
        using var stream = new MemoryStream();
        writer.Write(stream);
        var header = GgufHeader.Read(stream);
        Assert.Multiple(() =>
        {
            Assert.That(header.Metadata.GetStrings("long").GetString(199_999), Is.EqualTo("token 199999"));
            Assert.That(header.Tensors[0].ByteLength, Is.EqualTo(32 << 20));
            Assert.That(stream.Position, Is.LessThan(3 * header.HeaderLength));
            Assert.That(stream.Length, Is.EqualTo(writer.FileLength));
        });
    }

    [Test]
    public void A_cancelled_save_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        using var cancelled = new CancellationTokenSource();
        GgufWriter writer = new GgufWriter().AddTensor("t", TensorType.F32, [1 << 20, 64], (_, _) => cancelled.Cancel());
        Assert.Catch<OperationCanceledException>(() => writer.Save(folder.Of("model.gguf"), threads: 2, progress: null, cancelled.Token));
        Assert.That(Directory.GetFiles(folder.Path), Is.Empty);
    }

    [Test]
    public void Every_format_has_the_block_sizes_of_the_layout_table()
    {
        foreach (TensorFormat format in TensorFormats.All.Where(f => f.Type is not (TensorType.F8_E4M3 or TensorType.F8_E5M2)))
        {
            Assert.That(TensorLayout.TryGet((uint)format.Type, out TensorLayoutInfo layout), format.Type.ToString());
            Assert.That(layout, Is.EqualTo(new TensorLayoutInfo(format.Type.ToString(), format.BlockLength, format.BlockBytes)));
        }
    }

    [Test]
    public void A_saved_file_does_not_depend_on_the_number_of_threads_and_leaves_no_partial_file()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("model.gguf");
        new SyntheticGguf(11).Writer.Save(path, threads: 3);
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(new SyntheticGguf(11).ToBytes()));
            Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void A_failed_save_leaves_the_old_file_and_no_partial_one()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("model.gguf");
        File.WriteAllText(path, "old");
        GgufWriter writer = new GgufWriter().AddTensor("t", TensorType.F32, [4], (_, _) => throw new IOException("no more"));
        Assert.Throws<IOException>(() => writer.Save(path));
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllText(path), Is.EqualTo("old"));
            Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void A_number_is_read_in_any_width_that_holds_it()
    {
        var metadata = new GgufMetadata([new("n", GgufValue.Of(7L)), new("big", GgufValue.Of(1L << 40)), new("minus", GgufValue.Of(-1))]);
        Assert.Multiple(() =>
        {
            Assert.That(metadata.GetUInt32("n"), Is.EqualTo(7));
            Assert.That(metadata.GetSingle("n"), Is.EqualTo(7f));
            Assert.That(metadata.GetNumber<int>("minus"), Is.EqualTo(-1));
            Assert.That(() => metadata.GetUInt32("big"), Throws.TypeOf<GgufException>().With.Message.Contains("'big'"));
            Assert.That(() => metadata.GetUInt32("minus"), Throws.TypeOf<GgufException>().With.Message.Contains("int32 '-1'"));
            Assert.That(() => metadata.GetString("n"), Throws.TypeOf<GgufException>().With.Message.Contains("must be a string").And.Message.Contains("int64"));
            Assert.That(() => metadata.GetString("none"), Throws.TypeOf<GgufException>().With.Message.Contains("lacks 'none'"));
        });
    }

    [Test]
    public void One_number_or_one_a_layer_are_read_alike()
    {
        var metadata = new GgufMetadata([new("one", GgufValue.Of(4u)), new("each", GgufValue.OfArray([1, 2, 3])), new("short", GgufValue.OfArray([1]))]);
        Assert.Multiple(() =>
        {
            Assert.That(metadata.TryGetPerLayer("one", 3, out ReadOnlyMemory<int> one) ? one.ToArray() : [], Is.EqualTo(new[] { 4, 4, 4 }));
            Assert.That(metadata.TryGetPerLayer("each", 3, out ReadOnlyMemory<int> each) ? each.ToArray() : [], Is.EqualTo(new[] { 1, 2, 3 }));
            Assert.That(metadata.TryGetPerLayer("none", 3, out ReadOnlyMemory<int> _), Is.False);
            Assert.That(() => metadata.TryGetPerLayer("short", 3, out ReadOnlyMemory<int> _), Throws.TypeOf<GgufException>());
        });
    }

    private static void AssertSame(GgufValue found, GgufValue expected, string where)
    {
        Assert.That(found.TypeName, Is.EqualTo(expected.TypeName), where);
        Assert.That(found.Length, Is.EqualTo(expected.Length), where);
        Assert.That(found.Bits, Is.EqualTo(expected.Bits), where);
        if (expected.TryAsArrays(out IReadOnlyList<GgufValue> arrays))
        {
            Assert.That(found.TryAsArrays(out IReadOnlyList<GgufValue> others), where);
            for (int i = 0; i < arrays.Count; i++)
                AssertSame(others[i], arrays[i], where);
        }
        else if (expected.TryAsStrings(out GgufStringArray strings))
        {
            Assert.That(found.TryAsStrings(out GgufStringArray others), where);
            Assert.That(others.AsStrings(), Is.EqualTo(strings.AsStrings()), where);
        }
        else
        {
            Assert.That(found.Content, Is.EqualTo(expected.Content), where);
        }
    }
}
