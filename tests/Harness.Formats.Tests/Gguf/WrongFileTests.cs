using System.Buffers.Binary;
using System.Text;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Formats.Tests.Gguf;

/// <summary>Files that are wrong in known ways, and what is said of them.</summary>
public class WrongFileTests
{
    private const uint U32 = 4, Str = 8, Arr = 9, F32 = 0;

    [Test]
    public void Version_1_is_named() => Refused(File(1, 0, 0), "version 1");

    [Test]
    public void Big_endian_is_named() => Refused(File(0x0300_0000, 0, 0), "big-endian");

    [Test]
    public void An_unknown_version_is_named() => Refused(File(4, 0, 0), "version 4");

    [Test]
    public void A_Git_LFS_pointer_is_recognised() =>
        Refused(Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "Git LFS pointer");

    [Test]
    public void A_web_page_is_recognised() => Refused(Encoding.UTF8.GetBytes("<!DOCTYPE html><html></html>"), "web page");

    [Test]
    public void Another_file_is_shown_by_its_beginning() => Refused([1, 2, 3, 4, 5, 6, 7, 8], "01020304");

    [Test]
    public void An_empty_file_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("empty.gguf");
        System.IO.File.WriteAllBytes(path, []);
        Assert.That(() => GgufFile.Open(path), Throws.TypeOf<GgufException>().With.Message.Contains("empty.gguf"));
    }

    [Test]
    public void A_wrong_file_is_named_by_its_path()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("wrong.gguf");
        System.IO.File.WriteAllBytes(path, File(1, 0, 0));
        Assert.That(() => GgufFile.Open(path), Throws.TypeOf<GgufException>().With.Message.Contains("wrong.gguf"));
    }

    [Test]
    public void A_giant_tensor_count_is_refused() => Refused(File(3, long.MaxValue, 0), "number of tensors", "can hold");

    [Test]
    public void A_giant_entry_count_is_refused() => Refused(File(3, 0, ulong.MaxValue), "number of metadata entries", "can hold");

    [Test]
    public void A_giant_string_is_refused() => Refused(File(3, 0, 1, Key("k"), N32(Str), N64(1UL << 62)), "runs past the end", "k");

    [Test]
    public void A_giant_array_is_refused() => Refused(File(3, 0, 1, Key("k"), N32(Arr), N32(U32), N64(1UL << 62)), "array 'k'", "can hold");

    [Test]
    public void A_giant_array_of_strings_is_refused() => Refused(File(3, 0, 1, Key("k"), N32(Arr), N32(Str), N64(1UL << 60)), "array 'k'");

    [Test]
    public void Arrays_nested_too_deep_are_refused()
    {
        var parts = new List<byte[]> { Key("k"), N32(Arr) };
        for (int i = 0; i < 5000; i++)
            parts.AddRange([N32(Arr), N64(1)]);
        Refused(File(3, 0, 1, [.. parts]), "nested");
    }

    [Test]
    public void An_unknown_value_type_is_named() => Refused(File(3, 0, 1, Key("k"), N32(77), N64(0)), "'k'", "type 77");

    [Test]
    public void An_unknown_element_type_is_named() => Refused(File(3, 0, 1, Key("k"), N32(Arr), N32(78), N64(0)), "'k'", "type 78");

    [Test]
    public void A_key_that_is_there_twice_is_named() =>
        Refused(File(3, 0, 2, Key("same"), N32(U32), N32(1), Key("same"), N32(U32), N32(2)), "'same'", "twice");

    [Test]
    public void A_key_that_is_not_UTF8_is_refused() => Refused(File(3, 0, 1, N64(2), [0xC3, 0x28], N32(U32), N32(1)), "UTF-8", "C328");

    [TestCase(0u)]
    [TestCase(24u)]
    [TestCase(uint.MaxValue)]
    public void An_alignment_that_is_no_power_of_two_is_refused(uint alignment) =>
        Refused(File(3, 0, 1, Key("general.alignment"), N32(U32), N32(alignment)), "general.alignment", "power of two");

    [Test]
    public void A_tensor_of_no_dimensions_is_refused() => Refused(WithTensor("t", [], F32, 0, 64), "'t'", "0 dimensions");

    [Test]
    public void A_tensor_of_five_dimensions_is_refused() => Refused(WithTensor("t", [1, 1, 1, 1, 1], F32, 0, 64), "'t'", "5 dimensions");

    [Test]
    public void A_dimension_of_zero_is_refused() => Refused(WithTensor("t", [4, 0], F32, 0, 64), "'t'", "is 0");

    [Test]
    public void Dimensions_that_overflow_are_refused() => Refused(WithTensor("t", [1UL << 40, 1UL << 40], F32, 0, 64), "'t'", "2^63");

    [Test]
    public void Bytes_that_overflow_are_refused() => Refused(WithTensor("t", [(1UL << 62) - 32], F32, 0, 64), "'t'");

    [Test]
    public void An_offset_outside_the_file_is_refused() => Refused(WithTensor("t", [4], F32, 1 << 20, 64), "'t'", "truncated");

    [Test]
    public void An_offset_that_overflows_is_refused() => Refused(WithTensor("t", [4], F32, ulong.MaxValue - 31, 64), "'t'");

    [Test]
    public void A_misaligned_offset_is_refused() => Refused(WithTensor("t", [4], F32, 8, 64), "'t'", "alignment 32");

    [Test]
    public void A_tensor_longer_than_the_file_is_refused() => Refused(WithTensor("t", [1000], F32, 0, 64), "'t'", "truncated", "Download it again");

    [Test]
    public void A_row_that_is_no_multiple_of_the_block_is_refused() => Refused(WithTensor("t", [100], 12, 0, 4096), "'t'", "Q4_K", "256");

    [Test]
    public void Tensors_that_overlap_are_named()
    {
        byte[] file = File(3, 2, 0, Tensor("a", [16], F32, 0), Tensor("b", [16], F32, 32), new byte[256]);
        Refused(file, "'a'", "'b'", "overlap");
    }

    [Test]
    public void A_tensor_that_is_there_twice_is_named() =>
        Refused(File(3, 2, 0, Tensor("a", [8], F32, 0), Tensor("a", [8], F32, 32), new byte[256]), "'a'", "twice");

    [Test]
    public void A_tensor_of_a_type_nobody_knows_can_be_inspected()
    {
        var header = GgufHeader.Parse(WithTensor("t", [100], 99, 0, 64));
        Assert.Multiple(() =>
        {
            Assert.That(header.Tensors[0].TypeName, Is.EqualTo("type 99"));
            Assert.That(header.Tensors[0].Type, Is.Null);
            Assert.That(header.Tensors[0].ByteLength, Is.InRange(64, 96));
        });
    }

    [Test]
    public void A_tensor_of_a_type_that_cannot_be_decoded_has_its_name_and_size()
    {
        GgufTensor tensor = GgufHeader.Parse(WithTensor("t", [256], 23, 0, 160)).Tensors[0];
        Assert.Multiple(() =>
        {
            Assert.That(tensor.TypeName, Is.EqualTo("IQ4_XS"));
            Assert.That(tensor.ByteLength, Is.EqualTo(136));
        });
    }

    private static void Refused(byte[] file, params string[] words)
    {
        GgufException exception = Assert.Throws<GgufException>(() => GgufHeader.Parse(file))!;
        foreach (string word in words)
            Assert.That(exception.Message, Does.Contain(word));
        Assert.That(exception.Remedy, Is.Not.Empty);
    }

    private static byte[] WithTensor(string name, ulong[] shape, uint type, ulong offset, int bytes) =>
        File(3, 1, 0, Tensor(name, shape, type, offset), new byte[bytes + 32]);

    private static byte[] Tensor(string name, ulong[] shape, uint type, ulong offset) =>
        [.. Key(name), .. N32((uint)shape.Length), .. shape.SelectMany(N64), .. N32(type), .. N64(offset)];

    private static byte[] File(uint version, ulong tensors, ulong entries, params byte[][] parts) =>
        [.. "GGUF"u8, .. N32(version), .. N64(tensors), .. N64(entries), .. parts.SelectMany(p => p)];

    private static byte[] Key(string text) => [.. N64((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] N32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] N64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
