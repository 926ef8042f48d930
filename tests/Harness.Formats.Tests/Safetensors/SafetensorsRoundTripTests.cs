using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Harness.Formats.Safetensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Safetensors;

/// <summary>What is written is read again, and values mean what their types say.</summary>
public class SafetensorsRoundTripTests
{
    private string path = "";

    [SetUp]
    public void Create() => path = Path.Combine(Directory.CreateTempSubdirectory("harness-safetensors-").FullName, "model.safetensors");

    [TearDown]
    public void Delete() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Test]
    public void TensorsOfEveryTypeAndShapeComeBack()
    {
        var random = new Random(7);
        var writer = new SafetensorsWriter().Set("format", "pt");
        var expected = new Dictionary<string, (SafetensorsType Type, long[] Shape, byte[] Bytes)>();
        foreach (SafetensorsType type in SafetensorsType.All)
        {
            foreach (long[] shape in new long[][] { [], [8], [3, 8], [2, 3, 4], [0, 5] })
            {
                if (shape is [] && type.Bits < 8) continue;
                string name = $"{type.Name}.{string.Join('x', shape)}";
                var bytes = new byte[shape.Aggregate(1L, (p, l) => p * l) * type.Bits / 8];
                random.NextBytes(bytes);
                expected.Add(name, (type, shape, bytes));
                writer.Add(name, type, shape, bytes);
            }
        }

        writer.Save(path);
        using var model = SafetensorsModel.Open(path);
        Assert.That(model.Headers[0].Metadata["format"], Is.EqualTo("pt"));
        Assert.That(model.Headers[0].DataOffset % 8, Is.Zero, "values lie on their boundaries");
        Assert.That(model.Tensors.Select(t => t.Name), Is.EquivalentTo(expected.Keys));
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            var (type, shape, bytes) = expected[tensor.Name];
            using (Assert.EnterMultipleScope())
            {
                Assert.That(tensor.Type, Is.EqualTo(type), tensor.Name);
                Assert.That(tensor.Shape, Is.EqualTo(shape), tensor.Name);
                Assert.That(model.GetBytes(tensor, 0, (int)tensor.ByteLength).ToArray(), Is.EqualTo(bytes), tensor.Name);
            }
        }
    }

    [Test]
    public void ValuesAreDecodedByTheirType()
    {
        static byte[] Bytes<T>(params T[] values)
            where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        (SafetensorsType Type, byte[] Bytes, float[] Values)[] cases =
        [
            (SafetensorsType.F64, Bytes(1.5, -2e-3, 1e300), [1.5f, -2e-3f, float.PositiveInfinity]),
            (SafetensorsType.F32, Bytes(1.5f, -0f, 3e-42f), [1.5f, -0f, 3e-42f]),
            (SafetensorsType.F16, Bytes((Half)1.5, (Half)65504, (Half)6e-8), [1.5f, 65504, 5.9604645e-8f]),
            (SafetensorsType.BF16, Bytes<ushort>(0x3FC0, 0xC000, 0x0001), [1.5f, -2, 9.1835496e-41f]),

            // From the OCP specification: one, the largest, the smallest, minus nought, not a number.
            (SafetensorsType.F8E4M3, [0x38, 0x7E, 0x01, 0x80, 0xC1], [1, 448, 0.001953125f, -0f, -2.25f]),
            (SafetensorsType.F8E5M2, [0x3C, 0x7B, 0x01, 0x7C, 0xBE], [1, 57344, 1.52587890625e-5f, float.PositiveInfinity, -1.5f]),
            (SafetensorsType.F8E8M0, [127, 128, 0, 254], [1, 2, 5.877471754111438e-39f, 1.7014118346046923e38f]),
            (SafetensorsType.Bool, [0, 1, 255], [0, 1, 1]),
            (SafetensorsType.U8, [0, 255], [0, 255]),
            (SafetensorsType.I8, [0x80, 0x7F], [-128, 127]),
            (SafetensorsType.I16, Bytes<short>(-2, 300), [-2, 300]),
            (SafetensorsType.U16, Bytes<ushort>(65535), [65535]),
            (SafetensorsType.I32, Bytes(-70_000), [-70_000]),
            (SafetensorsType.U32, Bytes(3_000_000_000u), [3e9f]),
            (SafetensorsType.I64, Bytes(-1L << 40), [-1.0995116e12f]),
            (SafetensorsType.U64, Bytes(1UL << 63), [9.223372e18f]),
        ];
        var writer = new SafetensorsWriter();
        foreach ((SafetensorsType type, byte[] bytes, float[] values) in cases)
            writer.Add(type.Name, type, [values.Length], bytes);
        writer.Save(path);
        using var model = SafetensorsModel.Open(path);
        foreach ((SafetensorsType type, _, float[] values) in cases)
        {
            var read = new float[values.Length];
            model.TryGetTensor(type.Name, out SafetensorsTensor? tensor);
            model.Read(tensor!, 0, read);
            Assert.That(read.Select(BitConverter.SingleToInt32Bits), Is.EqualTo(values.Select(BitConverter.SingleToInt32Bits)), type.Name);
        }
    }

    [Test]
    public void AFileOfAnotherLibraryWhoseHeaderIsNotPaddedIsRead()
    {
        // Written by hand: the header ends at an odd byte, so that no value lies on its boundary.
        byte[] json = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"""u8.ToArray();
        var file = new byte[8 + json.Length + 8];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)json.Length);
        json.CopyTo(file, 8);
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(8 + json.Length), 1.25f);
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(12 + json.Length), -3);
        File.WriteAllBytes(path, file);
        using var model = SafetensorsModel.Open(path);
        var values = new float[2];
        model.Read(model.Tensors[0], 0, values);
        Assert.That(values, Is.EqualTo(new[] { 1.25f, -3 }));
    }

    [Test]
    public void TheSameDescriptionIsTheSameBytes()
    {
        static SafetensorsWriter Describe() => new SafetensorsWriter()
            .Add("b", SafetensorsType.F16, [2], new byte[4]).Add("a", SafetensorsType.F32, [1], new byte[4]).Set("z", "1").Set("a", "2");
        using var first = new MemoryStream();
        using var second = new MemoryStream();
        Describe().Write(first);
        Describe().Write(second);
        Assert.That(second.ToArray(), Is.EqualTo(first.ToArray()));
    }

    [Test]
    public void AFileThatCannotBeFinishedLeavesNothing()
    {
        var writer = new SafetensorsWriter().Add("a", SafetensorsType.U8, [10], (_, _) => throw new IOException("the source ended"));
        Assert.That(() => writer.Save(path), Throws.TypeOf<IOException>());
        Assert.That(Directory.EnumerateFiles(Path.GetDirectoryName(path)!), Is.Empty);
    }
}
