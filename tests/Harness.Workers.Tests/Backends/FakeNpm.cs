using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;

namespace Harness.Workers.Tests.Backends;

/// <summary>A package archive, and a program in npm's place that gives it; a shell script, so Unix only.</summary>
internal sealed class FakeNpm
{
    public const string Package = "@node-llama-cpp/linux-x64";

    private readonly string _directory;

    public FakeNpm(string directory)
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("the stand-in for npm is a shell script");
        _directory = directory;
        Executable = Path.Combine(directory, "npm");
    }

    public string Executable { get; }

    /// <summary>Answers <c>npm pack</c> with this archive after a delay, counting its calls in the file <c>calls</c>.</summary>
    public FakeNpm Giving(byte[] archive, string? integrity = null, string delay = "0")
    {
        string tgz = Path.Combine(_directory, "archive.tgz");
        File.WriteAllBytes(tgz, archive);
        integrity ??= "sha512-" + Convert.ToBase64String(SHA512.HashData(archive));
        return Running($$"""
            echo call >> '{{_directory}}/calls'
            cp '{{tgz}}' pack.tgz
            sleep {{delay}}
            echo '[{"filename": "pack.tgz", "integrity": "{{integrity}}"}]'
            """);
    }

    public FakeNpm Running(string script)
    {
        File.WriteAllText(Executable, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Executable, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return this;
    }

    public int Calls => File.Exists(Path.Combine(_directory, "calls")) ? File.ReadAllLines(Path.Combine(_directory, "calls")).Length : 0;

    public static byte[] Archive(params TarEntry[] entries)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (TarEntry entry in entries)
                tar.WriteEntry(entry);
        }

        return bytes.ToArray();
    }

    public static TarEntry File_(string name, string content = "library") =>
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };

    public static byte[] Usual(string release = "b1") => Archive(
        File_("package/package.json", "{}"),
        File_("package/bins/linux-x64/libllama.so"),
        File_("package/bins/linux-x64/libggml-cpu-zen4.so"),
        File_("package/bins/linux-x64/llama-addon.node"),
        File_("package/bins/linux-x64/_nlcBuildMetadata.json",
            """{"buildOptions":{"platform":"linux","arch":"x64","gpu":false,"llamaCpp":{"repo":"ggml-org/llama.cpp","release":"RELEASE"}}}"""
                .Replace("RELEASE", release, StringComparison.Ordinal)));
}
