using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework;

namespace Harness.Text.Tests.HuggingFace;

/// <summary>HuggingFace's own <c>@huggingface/tokenizers</c>, run by Node.js; installed by npm once for all runs.</summary>
internal static class NodeTokenizers
{
    private const string Package = "@huggingface/tokenizers@0.2.0";

    private const string Script =
        """
        import fs from "node:fs";
        import { Tokenizer } from "@huggingface/tokenizers";
        const answers = JSON.parse(fs.readFileSync(process.argv[2], "utf8")).map(({ tokenizer, texts }) => {
          const t = new Tokenizer(JSON.parse(tokenizer), { clean_up_tokenization_spaces: false, unk_token: "[UNK]" });
          return texts.map((text) => {
            const bare = t.encode(text, { add_special_tokens: false }).ids;
            const whole = t.encode(text).ids;
            return { bare, whole, text: bare.length ? t.decode(bare, { skip_special_tokens: true }) : "" };
          });
        });
        process.stdout.write(JSON.stringify(answers));
        """;

    /// <summary>What it makes of a text.</summary>
    /// <param name="Bare">Ids without special tokens added.</param>
    /// <param name="Whole">Ids with them.</param>
    /// <param name="Text">The bare ids decoded.</param>
    public sealed record Answer(int[] Bare, int[] Whole, string Text);

    /// <summary>A file and texts for it.</summary>
    public sealed record Question(string Tokenizer, IReadOnlyList<string> Texts);

    /// <summary>Encodes each file's texts; the test is skipped where Node.js or the package cannot be had.</summary>
    public static Answer[][] Encode(IReadOnlyList<Question> questions)
    {
        string folder = Install();
        string input = Path.Combine(folder, $"{Guid.NewGuid():n}.json");
        string script = Path.Combine(folder, $"{Guid.NewGuid():n}.mjs");
        try
        {
            File.WriteAllText(input, JsonSerializer.Serialize(questions, JsonSerializerOptions.Web));
            File.WriteAllText(script, Script);
            string output = Run("node", folder, [script, input]) ?? throw new InvalidOperationException("node did not run");
            return JsonSerializer.Deserialize<Answer[][]>(output, JsonSerializerOptions.Web)!;
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
        if (Directory.Exists(Path.Combine(folder, "node_modules", "@huggingface", "tokenizers", "dist")))
            return folder;
        string how = $"needs node 18 or newer and npm; to have it: npm install --prefix \"{folder}\" {Package}";
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
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
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
