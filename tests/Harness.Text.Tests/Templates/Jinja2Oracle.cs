using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NUnit.Framework;

namespace Harness.Text.Tests.Templates;

/// <summary>Jinja2 itself, where Python has it.</summary>
internal static class Jinja2Oracle
{
    /// <summary>What Jinja2 makes of templates; the test is skipped where there is no Jinja2.</summary>
    public static JsonElement[] Render(IReadOnlyList<string> templates, string variablesJson)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "python" : "python3")
        {
            ArgumentList = { SnippetSpecs.Sample("jinja2_oracle.py") },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("There is no Python to run Jinja2 with.");
        }

        using (process)
        {
            Task<string> error = process!.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            try
            {
                foreach (string template in templates)
                    process.StandardInput.WriteLine($"{{\"template\":{JsonSerializer.Serialize(template)},\"variables\":{variablesJson}}}");
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended at once: its error says why.
            }

            process.WaitForExit();
            if (error.Result.Contains("No module named 'jinja2'", StringComparison.Ordinal)) Assert.Ignore("This Python has no Jinja2.");
            Assert.That(process.ExitCode, Is.Zero, error.Result);
            return [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
        }
    }
}
