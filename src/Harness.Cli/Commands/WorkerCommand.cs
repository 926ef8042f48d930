using Harness.Workers;
using Harness.Workers.Builtin;
using Harness.Workers.LlamaCpp;

namespace Harness.Cli.Commands;

/// <summary>
/// <c>harness worker ENGINE…</c>: this process becomes a worker. Not for people, so not in the help; it answers lines
/// on stdin as src/Harness.Workers/PROTOCOL.md says.
/// </summary>
internal static class WorkerCommand
{
    /// <summary>Serves until <c>exit</c> or the end of stdin.</summary>
    /// <param name="engine">What followed <c>worker</c>.</param>
    /// <returns>The exit status.</returns>
    public static int Run(string[] engine) => WorkerHost.RunProcess(() => Create(engine));

    private static IInferenceEngine Create(string[] engine) => engine switch
    {
        ["builtin"] => new BuiltinEngine(),
        ["llama.cpp", var directory] => new LlamaCppEngine(directory),
        _ => throw new InferenceException(
            InferenceFailure.Unsupported, $"this harness has no engine called {string.Join(' ', engine)}"),
    };
}
