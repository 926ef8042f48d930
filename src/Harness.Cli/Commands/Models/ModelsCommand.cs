using System.CommandLine;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models</c>: what concerns model files as such; each command is a file beside this one.</summary>
internal static class ModelsCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create() => new(
        "models",
        """
        Finds, fetches, lists, verifies and removes model files.

        Models lie in the HuggingFace cache and are shared with the official clients: they find what this downloads, and
        this finds what they downloaded. HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and HTTPS_PROXY hold.

        Examples:
          harness models search 'qwen2.5 instruct'
          harness models files bartowski/Llama-3.2-3B-Instruct-GGUF
          harness models download bartowski/Llama-3.2-3B-Instruct-GGUF --quant Q4_K_M
          harness models list
          harness models verify
        """)
    {
        ModelsCheckCommand.Create(),
        ModelsDownloadCommand.Create(),
        ModelsFilesCommand.Create(),
        ModelsListCommand.Create(),
        ModelsPruneCommand.Create(),
        ModelsRemoveCommand.Create(),
        ModelsSearchCommand.Create(),
        ModelsVerifyCommand.Create(),
    };
}
