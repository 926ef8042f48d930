using System.Buffers.Binary;
using System.Text;
using Harness.Formats.Safetensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Safetensors;

/// <summary>Whatever is wrong with a safetensors file or its shards is said: what, where, and what to do.</summary>
public class BrokenSafetensorsTests
{
    private string directory = "";

    [SetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-safetensors-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(directory, recursive: true);

    // Name, header, bytes behind it, what is said, where it is said to be.
    private static readonly object[] Broken =
    [
        new object[] { "no JSON", "{\"a\":", 0, "not the JSON", "byte" },
        new object[] { "no object", "[1]", 0, "lacks an object of tensors", "byte 8" },
        new object[] { "something behind the object", "{} {}", 0, "not the JSON", "byte" },
        new object[] { "deep nesting", new string('[', 4000), 0, "lacks an object", "byte" },
        new object[] { "no type", Entry("a", null, "[1]", "[0,4]"), 4, "'a' lacks dtype", "byte" },
        new object[] { "no shape", """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "lacks dtype, shape or its two data_offsets", "byte" },
        new object[] { "one offset", Entry("a", "F32", "[1]", "[4]"), 4, "two data_offsets", "byte" },
        new object[] { "three offsets", Entry("a", "F32", "[1]", "[0,4,4]"), 4, "at most 2 whole numbers", "byte" },
        new object[] { "unknown type", Entry("a", "F33", "[1]", "[0,4]"), 4, "the type 'F33' is not known", "tensor 'a'" },
        new object[] { "negative length", Entry("a", "F32", "[-1]", "[0,4]"), 4, "none below 0", "byte" },
        new object[] { "a length that is no whole number", Entry("a", "F32", "[1.5]", "[0,4]"), 4, "whole numbers", "byte" },
        new object[] { "a text for a number", Entry("a", "F32", "[\"1\"]", "[0,4]"), 4, "whole numbers", "byte" },
        new object[] { "a product beyond all files", Entry("a", "F32", "[4611686018427387904,4611686018427387904]", "[0,4]"), 4, "more values than any file", "tensor 'a'" },
        new object[] { "a product that wraps round to the right size", Entry("a", "F32", "[4294967296,4294967296,4294967296,4294967296]", "[0,0]"), 0, "more values than any file", "tensor 'a'" },
        new object[] { "wrong size", Entry("a", "F32", "[2]", "[0,4]"), 4, "[2] of F32 takes 8 bytes, but it has 4", "tensor 'a'" },
        new object[] { "half a byte", Entry("a", "F4", "[3]", "[0,2]"), 2, "do not end with a byte", "tensor 'a'" },
        new object[] { "ends before it begins", Entry("a", "F32", "[1]", "[8,4]"), 8, "before they begin", "tensor 'a'" },
        new object[] { "truncated", Entry("a", "F32", "[4]", "[0,16]"), 8, "its bytes end at 16, but the file has 8", "tensor 'a'" },
        new object[] { "overlap", Two("[0,8]", "[4,12]"), 12, "it overlaps 'a'", "tensor 'b'" },
        new object[] { "hole between", Two("[0,8]", "[12,20]"), 20, "4 bytes belong to no tensor", "before tensor 'b'" },
        new object[] { "hole at the end", Two("[0,8]", "[8,16]"), 20, "4 bytes belong to no tensor", "the end of the file" },
        new object[] { "the same name twice", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "'a' stands in the header twice", "byte" },
        new object[] { "a field twice", """{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "'dtype'", "byte" },
        new object[] { "a field that is none", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}}""", 1, "'more'", "byte" },
        new object[] { "metadata that is no text", """{"__metadata__":{"format":1}}""", 0, "a text in __metadata__", "byte" },
        new object[] { "a name without end", "{\"" + new string('x', 5000) + "\":{}}", 0, "a name of at most 4096 bytes", "byte" },
    ];

    [TestCaseSource(nameof(Broken))]
    public void ABrokenHeaderIsRefusedWithWhatAndWhere(string name, string json, int bytes, string what, string where)
    {
        SafetensorsException exception = Assert.Throws<SafetensorsException>(() => SafetensorsHeader.Parse(FileOf(json, bytes)), name)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exception.What, Does.Contain(what));
            Assert.That(exception.Where, Does.Contain(where));
            Assert.That(exception.Remedy, Is.Not.Empty);
        }
    }

    [TestCase(0)]
    [TestCase(7)]
    public void AFileTooShortForALengthIsRefused(int length) =>
        Assert.That(() => SafetensorsHeader.Parse(new byte[length]), Throws.TypeOf<SafetensorsException>().With.Message.Contains("too short"));

    [TestCase(200_000_000UL, "more than the format's 100000000")]
    [TestCase(ulong.MaxValue, "more than the format's 100000000")]
    [TestCase(5_000UL, "ends before that")]
    public void AGiantHeaderIsRefusedBeforeItIsRead(ulong length, string what)
    {
        var file = new byte[100];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Assert.That(() => SafetensorsHeader.Parse(file), Throws.TypeOf<SafetensorsException>().With.Message.Contains(what));
    }

    [TestCase("GGUF\u0003\0\0\0", "GGUF")]
    [TestCase("PK\u0003\u0004\0\0\0\0", "PyTorch")]
    [TestCase("version https://git-lfs", "git lfs")]
    [TestCase("<html><body>", "web page")]
    public void AnotherKindOfFileIsCalledByItsName(string begin, string named) =>
        Assert.That(() => SafetensorsHeader.Parse(Encoding.Latin1.GetBytes(begin.PadRight(64))), Throws.TypeOf<SafetensorsException>().With.Message.Contains(named));

    [Test]
    public void ADirectoryWithoutWeightsIsRefused() =>
        Assert.That(() => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>().With.Message.Contains("no safetensors files"));

    [Test]
    public void AMissingShardIsNamed()
    {
        Shard("model-00001-of-00002.safetensors", "a");
        Index(("a", "model-00001-of-00002.safetensors"), ("b", "model-00002-of-00002.safetensors"));
        Assert.That(
            () => SafetensorsModel.OpenDirectory(directory),
            Throws.TypeOf<SafetensorsException>().With.Message.Contains("1 of 2 shards is missing: model-00002-of-00002.safetensors"));
    }

    [Test]
    public void AMissingShardIsNamedWithoutAnIndexToo()
    {
        Shard("model-00001-of-00003.safetensors", "a");
        Shard("model-00003-of-00003.safetensors", "b");
        Assert.That(
            () => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>().With.Message.Contains("model-00002-of-00003.safetensors"));
    }

    [Test]
    public void AnIndexThatDisagreesWithItsShardsIsRefused()
    {
        Shard("model-00001-of-00002.safetensors", "a");
        Shard("model-00002-of-00002.safetensors", "b");
        using (Assert.EnterMultipleScope())
        {
            Index(("a", "model-00001-of-00002.safetensors"), ("b", "model-00002-of-00002.safetensors"), ("c", "model-00002-of-00002.safetensors"));
            Assert.That(() => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>().With.Message.Contains("places 'c' in model-00002-of-00002.safetensors, which does not have it"));
            Index(("a", "model-00002-of-00002.safetensors"), ("b", "model-00001-of-00002.safetensors"));
            Assert.That(() => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>().With.Message.Contains("has it"));
            Index(("a", "model-00001-of-00002.safetensors"), ("d", "model-00002-of-00002.safetensors"));
            Assert.That(() => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>());
        }
    }

    [Test]
    public void TheSameTensorInTwoShardsIsRefused()
    {
        Shard("model-00001-of-00002.safetensors", "a");
        Shard("model-00002-of-00002.safetensors", "a");
        Assert.That(() => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>().With.Message.Contains("is also in model-00001-of-00002"));
    }

    [TestCase("""{"weight_map":{"a":"../outside.safetensors"}}""")]
    [TestCase("""{"weight_map":{"a":"sub/inside.safetensors"}}""")]
    [TestCase("""{"weight_map":{"a":7}}""")]
    [TestCase("""{"weight_map":[]}""")]
    [TestCase("""{"weight_map":{}}""")]
    [TestCase("""{"weight_map":""")]
    public void AnIndexThatIsNoneOrLeadsElsewhereIsRefused(string json)
    {
        File.WriteAllText(Path.Combine(directory, "model.safetensors.index.json"), json);
        Assert.That(() => SafetensorsModel.OpenDirectory(directory), Throws.TypeOf<SafetensorsException>());
    }

    private static string Entry(string name, string? type, string shape, string offsets) =>
        $$$"""{"{{{name}}}":{ {{{(type is null ? "" : $"\"dtype\":\"{type}\",")}}}"shape":{{{shape}}},"data_offsets":{{{offsets}}} } }""";

    private static string Two(string a, string b) =>
        $$"""{"a":{"dtype":"F32","shape":[2],"data_offsets":{{a}} },"b":{"dtype":"F32","shape":[2],"data_offsets":{{b}} } }""";

    private static byte[] FileOf(string json, int bytes)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        var file = new byte[8 + header.Length + bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        return file;
    }

    private void Shard(string file, string tensor) =>
        new SafetensorsWriter().Add(tensor, SafetensorsType.U8, [1], new byte[1]).Save(Path.Combine(directory, file));

    private void Index(params (string Tensor, string File)[] entries) => File.WriteAllText(
        Path.Combine(directory, "model.safetensors.index.json"),
        "{\"metadata\":{},\"weight_map\":{" + string.Join(",", entries.Select(e => $"\"{e.Tensor}\":\"{e.File}\"")) + "}}");
}
