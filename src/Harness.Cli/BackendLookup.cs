using Harness.Workers;
using Harness.Workers.Builtin;

namespace Harness.Cli;

/// <summary>
/// What <c>--backend</c> names, for commands that run one model at once. The one place to add an engine.
/// </summary>
internal static class BackendLookup
{
    /// <summary>The names <see cref="Open"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["builtin"];

    /// <summary>Opens a backend.</summary>
    /// <param name="name"><c>builtin</c>, <c>llama.cpp</c> or <c>llama.cpp@v0.5.0</c>.</param>
    /// <returns>The engine, or null when there is none of this name here.</returns>
    public static IInferenceEngine? Open(string name) => name switch
    {
        "builtin" => new BuiltinEngine(),
        _ => null,
    };
}
