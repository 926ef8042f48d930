using Harness.Formats.Gguf;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Gguf;

/// <summary>Models split over several files.</summary>
public class ShardTests
{
    [Test]
    public void Any_shard_opens_the_whole_model([Range(0, 2)] int opened)
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Model().SaveShards(folder.Of("model"), tensorsPerShard: 2);
        using GgufFile file = GgufFile.Open(paths[opened]);
        Assert.Multiple(() =>
        {
            Assert.That(paths.Select(Path.GetFileName), Is.EqualTo(new[] { "model-00001-of-00003.gguf", "model-00002-of-00003.gguf", "model-00003-of-00003.gguf" }));
            Assert.That(file.Metadata.GetString("general.architecture"), Is.EqualTo("llama"));
            Assert.That(file.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "t0", "t1", "t2", "t3", "t4" }));
            Assert.That(file.Tensors.Select(t => t.Shard), Is.EqualTo(new[] { 0, 0, 1, 1, 2 }));
            Assert.That(file.Tensors.Select(t => (int)file.GetBytes(t)[0]), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
        });
    }

    [Test]
    public void A_missing_shard_is_named()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Model().SaveShards(folder.Of("model"), tensorsPerShard: 2);
        File.Delete(paths[1]);
        Assert.That(() => GgufFile.Open(paths[2]), Throws.TypeOf<GgufException>().With.Message.Contains("shard 2 of 3").And.Message.Contains("model-00002-of-00003.gguf"));
    }

    [Test]
    public void Shards_that_were_renamed_are_refused()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Model().SaveShards(folder.Of("model"), tensorsPerShard: 2);
        File.Copy(paths[2], paths[1], overwrite: true);
        Assert.That(() => GgufFile.Open(paths[0]), Throws.TypeOf<GgufException>().With.Message.Contains("shard 3 of 3"));
        File.Move(paths[0], folder.Of("other.gguf"));
        Assert.That(() => GgufFile.Open(folder.Of("other.gguf")), Throws.TypeOf<GgufException>().With.Message.Contains("name"));
    }

    [Test]
    public void Names_of_shards_are_read_and_written()
    {
        Assert.Multiple(() =>
        {
            Assert.That(GgufShardName.TryParse("a-b-00002-of-00010.gguf"), Is.EqualTo(new GgufShardName("a-b", 2, 10)));
            Assert.That(new GgufShardName("a-b", 2, 10).ToString(), Is.EqualTo("a-b-00002-of-00010.gguf"));
            Assert.That(GgufShardName.TryParse("a-00011-of-00010.gguf"), Is.Null);
            Assert.That(GgufShardName.TryParse("a.gguf"), Is.Null);
        });
    }

    private static GgufWriter Model()
    {
        GgufWriter writer = new GgufWriter().Set("general.architecture", GgufValue.Of("llama"));
        for (int i = 0; i < 5; i++)
            writer.AddTensor($"t{i}", TensorType.F32, [4, 2], Enumerable.Repeat((byte)i, 32).ToArray());
        return writer;
    }
}
