using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>HuggingFace's own <c>@huggingface/gguf</c>, run by Node.js; installed by npm once for all runs.</summary>
internal static class NodeGguf
{
    private const string Package = "@huggingface/gguf@0.4.6";

    // Numbers beyond 2^53 and what JSON has no number for become texts, as the harness writes them.
    private const string Script =
        """
        import fs from "node:fs";
        import { gguf, GGMLQuantizationType } from "@huggingface/gguf";
        const plain = (key, value) => typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value))
          : typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
        const read = async (uri) => {
          const { metadata, tensorInfos, tensorDataOffset } = await gguf(uri, { allowLocalFile: true });
          const { version, tensor_count, kv_count, ...keys } = metadata;
          return { version, metadata: keys, tensors: tensorInfos.map((t) => ({
            name: t.name, shape: t.shape, type: GGMLQuantizationType[t.dtype] ?? null, offset: BigInt(t.offset) + BigInt(tensorDataOffset) })) };
        };
        const answers = [];
        for (const uri of JSON.parse(fs.readFileSync(process.argv[2], "utf8"))) answers.push(await read(uri));
        process.stdout.write(JSON.stringify(answers, plain));
        """;

    /// <summary>What it reads of each file or address; the test is skipped where Node.js or the package cannot be had.</summary>
    public static JsonArray Read(IReadOnlyList<string> uris)
    {
        string folder = Install();
        string input = Path.Combine(folder, $"{Guid.NewGuid():n}.json");
        string script = Path.Combine(folder, $"{Guid.NewGuid():n}.mjs");
        try
        {
            File.WriteAllText(input, JsonSerializer.Serialize(uris));
            File.WriteAllText(script, Script);
            string output = Run("node", folder, [script, input]) ?? throw new InvalidOperationException("node did not run");
            return JsonNode.Parse(output)!.AsArray();
        }
        finally
        {
            File.Delete(input);
            File.Delete(script);
        }
    }

    private static string Install()
    {
        string folder = Path.Combine(Path.GetTempPath(), "harness-tests-npm-" + Package.Replace('/', '-').Replace('@', '-'));
        if (Directory.Exists(Path.Combine(folder, "node_modules", "@huggingface", "gguf", "dist")))
            return folder;
        string how = $"needs node 20 or newer and npm; to have it: npm install --prefix \"{folder}\" {Package}";
        Directory.CreateDirectory(folder);
        string[] arguments = ["install", "--prefix", folder, "--no-audit", "--no-fund", Package];
        try
        {
            if (Run("node", folder, ["--version"]) is null)
                Assert.Ignore("node is not installed: " + how);
            if ((OperatingSystem.IsWindows() ? Run("cmd", folder, ["/c", "npm", .. arguments]) : Run("npm", folder, arguments)) is null)
                Assert.Ignore("npm is not installed: " + how);
        }
        catch (InvalidOperationException e)
        {
            Assert.Ignore($"npm could not get {Package}: {how}\n{e.Message}");
        }

        return folder;
    }

    // The output, or null where there is no such program.
    private static string? Run(string program, string folder, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : throw new InvalidOperationException(errors.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
