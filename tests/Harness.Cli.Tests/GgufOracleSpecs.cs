using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harness.Cli.OneModel;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Hub;
using Harness.LoopbackHub;
using Harness.Matrix;
using Harness.Runner;
using Harness.Runner.Inspection;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>
/// What <c>inspect --metadata --tensors</c> lists is what HuggingFace's own reader finds: for a forged file of every architecture
/// and every quantization, from the disk and over ranged requests.
/// </summary>
public sealed class GgufOracleSpecs
{
    private const string Repo = "owner/all";

    private string _root = "";

    [OneTimeSetUp]
    public void Forge()
    {
        _root = Directory.CreateTempSubdirectory("harness-gguf-").FullName;
        Directory.CreateDirectory(Path.Combine(_root, Repo));
        foreach (string architecture in ProbeForge.Architectures) Write($"{architecture}.gguf", ProbeForge.Describe(architecture, "F16", seed: 1));
        foreach (string quant in ProbeForge.Quantizations) Write($"llama-{quant}.gguf", ProbeForge.Describe("llama", quant, seed: 1));
        Write("values.gguf", EveryValue());
    }

    [OneTimeTearDown]
    public void Remove() => Directory.Delete(_root, recursive: true);

    [Test]
    public async Task The_official_reader_finds_the_same_metadata_and_tensors_on_the_disk_and_over_ranges()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(_root, Repo)).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];
        await using LoopbackHub.LoopbackHub server = await LoopbackHub.LoopbackHub.StartAsync(new LoopbackOptions { Root = _root, LargestHashed = 0 });
        string[] uris = [.. files.Select(f => Path.Combine(_root, Repo, f)), .. files.Select(f => $"{server.Endpoint}{Repo}/resolve/main/{f}")];
        JsonArray theirs = NodeGguf.Read(uris);

        using var hub = new HubClient(new HubOptions { Endpoint = server.Endpoint, CacheDirectory = Path.Combine(_root, "cache") });
        var reader = new HeaderReader(hub, () => throw new MatrixException(new Diagnostic("no catalogue")), new ModelLocator(hub, () => throw new InvalidOperationException(), _root, 1));
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < files.Length; i++)
            {
                JsonObject local = Listing(await reader.ReadAsync(Path.Combine(_root, Repo, files[i]), null, CancellationToken.None));
                JsonObject remote = Listing(await reader.ReadAsync($"hf:{Repo}/{files[i]}", null, CancellationToken.None));
                Same(local, theirs[i]!.AsObject(), files[i]);
                Same(remote, theirs[files.Length + i]!.AsObject(), files[i] + " over ranges");
            }
        }
    }

    // The same number may be written with an exponent or without.
    private static string? Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture)
        : node is JsonArray list ? string.Join(' ', list.Select(Text)) : node?.ToJsonString();

    private static void Same(JsonObject ours, JsonObject theirs, string file)
    {
        JsonObject metadata = theirs["metadata"]!.AsObject();
        Assert.That(ours["metadata"]!.AsObject().Select(e => e.Key), Is.EqualTo(metadata.Select(e => e.Key)), file);
        foreach ((string key, JsonNode? value) in metadata)
            Assert.That(Text(ours["metadata"]![key]), Is.EqualTo(Text(value)), $"{file} {key}");
        JsonArray tensors = theirs["tensors"]!.AsArray(), own = ours["tensors"]!.AsArray();
        Assert.That(own, Has.Count.EqualTo(tensors.Count), file);
        for (int i = 0; i < own.Count; i++)
        {
            foreach (string field in (string[])["name", "shape", "type", "offset"])
            {
                // Types newer than their table have no name there.
                if (tensors[i]![field] is { } value)
                    Assert.That(own[i]![field]!.ToJsonString(), Is.EqualTo(value.ToJsonString()), $"{file} tensor {i} {field}");
            }
        }
    }

    private static JsonObject Listing(ModelHeaders read)
    {
        HeaderListing listing = new(read, WithTensors: true, WithMetadata: true);
        return new JsonObject { ["metadata"] = listing.MetadataJson(), ["tensors"] = listing.TensorsJson() };
    }

    private void Write(string name, GgufWriter writer)
    {
        // Only the header is real: nothing reads a weight.
        using FileStream file = File.Create(Path.Combine(_root, Repo, name));
        file.Write(writer.HeaderBytes());
        file.SetLength(writer.FileLength);
    }

    /// <summary>A value of every type GGUF has, at its ends.</summary>
    private static GgufWriter EveryValue() => new GgufWriter()
        .Set("general.architecture", GgufValue.Of("llama"))
        .Set("a.u8", GgufValue.Of(byte.MaxValue)).Set("a.i8", GgufValue.Of(sbyte.MinValue))
        .Set("a.u16", GgufValue.Of(ushort.MaxValue)).Set("a.i16", GgufValue.Of(short.MinValue))
        .Set("a.u32", GgufValue.Of(uint.MaxValue)).Set("a.i32", GgufValue.Of(int.MinValue))
        .Set("a.u64", GgufValue.Of(1UL << 50)).Set("a.i64", GgufValue.Of(-(1L << 50)))
        .Set("a.f32", GgufValue.Of(0.5f)).Set("a.f64", GgufValue.Of(-1.25e300))
        .Set("a.yes", GgufValue.Of(true)).Set("a.no", GgufValue.Of(false))
        .Set("a.text", GgufValue.Of("naïve – 中文 \"quoted\" \\ \u0001")).Set("a.empty", GgufValue.Of(""))
        .Set("b.bools", GgufValue.OfArray([true, false])).Set("b.bytes", GgufValue.OfArray<byte>([0, 255])).Set("b.ints", GgufValue.OfArray([-1, 0, 1]))
        .Set("b.floats", GgufValue.OfArray([0.25f, -3f])).Set("b.doubles", GgufValue.OfArray([0.125, 1e-300]))
        .Set("b.longs", GgufValue.OfArray([1L << 40, -5L])).Set("b.words", GgufValue.OfStrings(["a", "", "ü"])).Set("b.none", GgufValue.OfArray<int>([]))
        .AddTensor("t", 0u, [3], (_, bytes) => bytes.Clear());
}
