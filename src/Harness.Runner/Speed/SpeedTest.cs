using System.Globalization;

namespace Harness.Runner.Speed;

/// <summary>One thing whose speed is measured, in llama-bench's terms.</summary>
/// <param name="PromptTokens">Tokens evaluated at once; 0 in a test of generating.</param>
/// <param name="GeneratedTokens">Tokens evaluated one by one; 0 in a test of prompts.</param>
/// <param name="Depth">Tokens already in the context before the generated ones.</param>
public sealed record SpeedTest(int PromptTokens, int GeneratedTokens, int Depth = 0)
{
    /// <summary>Its short name: <c>pp512</c>, <c>tg64</c>, <c>tg64 @ d4096</c>.</summary>
    public string Name => PromptTokens > 0
        ? string.Create(CultureInfo.InvariantCulture, $"pp{PromptTokens}")
        : string.Create(CultureInfo.InvariantCulture, $"tg{GeneratedTokens}") + (Depth > 0 ? string.Create(CultureInfo.InvariantCulture, $" @ d{Depth}") : string.Empty);

    /// <summary>Tokens whose time is taken.</summary>
    public int TimedTokens => PromptTokens + GeneratedTokens;

    /// <summary>Positions it fills.</summary>
    internal int Positions => PromptTokens > 0 ? PromptTokens : Math.Max(1, Depth) + GeneratedTokens;
}
