using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>
/// What --out may name. Only the check is called, never a command: where the check is broken, a command run by root
/// would replace the machine's own device.
/// </summary>
[Platform(Exclude = "Win")]
public sealed class OutputFileSpecs
{
    private string _directory = "";

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("harness-out-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCase("/dev/null")]
    [TestCase("/dev/stdout")]
    [TestCase("/dev/../dev/null")]
    [TestCase("/proc/self/comm")]
    public void A_device_is_never_replaced(string path) => Assert.That(
        () => OutputFile.Check(path, "the logits"), Throws.TypeOf<CommandException>().With.Property(nameof(CommandException.Status)).EqualTo(2));

    [Test]
    public void Nor_through_a_link_to_its_folder()
    {
        string link = Path.Combine(_directory, "link");
        Directory.CreateSymbolicLink(link, "/dev");
        Assert.That(() => OutputFile.Check(Path.Combine(link, "null"), "the logits"), Throws.TypeOf<CommandException>());
        Directory.Delete(link);
    }

    [Test]
    public void A_new_file_and_an_old_one_may_be_written()
    {
        string path = Path.Combine(_directory, "logits.f32");
        Assert.That(() => OutputFile.Check(path, "the logits"), Throws.Nothing);
        File.WriteAllText(path, "old");
        Assert.That(() => OutputFile.Check(path, "the logits"), Throws.Nothing);
    }
}
