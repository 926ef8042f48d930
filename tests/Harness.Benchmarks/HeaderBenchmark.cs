using System.Globalization;
using Harness.Formats.Gguf;

namespace Harness.Benchmarks;

/// <summary>Reading a header with a vocabulary of 150,000 tokens, against reading its bytes once.</summary>
public static class HeaderBenchmark
{
    /// <summary>How it is called.</summary>
    public const string Name = "header";

    private const int Tokens = 150_000;

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        byte[] bytes = Header();
        table.Line("header", string.Create(CultureInfo.InvariantCulture, $"{bytes.Length / 1e6:0.0} MB, {Tokens} tokens and merges"));
        TimeSpan parse = table.Time("parse", () => GgufHeader.Parse(bytes), runs: 15);
        long sum = 0;
        TimeSpan touch = table.Time("read its bytes one by one", () => sum += Sum(bytes), runs: 15);
        table.Line("ratio", string.Create(CultureInfo.InvariantCulture, $"{parse / touch:0.0} times"));
    }

    private static long Sum(byte[] bytes)
    {
        long sum = 0;
        foreach (byte value in bytes) sum += value;
        return sum;
    }

    private static byte[] Header()
    {
        IEnumerable<string> tokens = Enumerable.Range(0, Tokens).Select(i => string.Create(CultureInfo.InvariantCulture, $"token{i}"));
        GgufWriter writer = new GgufWriter()
            .Set("general.architecture", GgufValue.Of("llama"))
            .Set("tokenizer.ggml.tokens", GgufValue.OfStrings(tokens))
            .Set("tokenizer.ggml.token_type", GgufValue.OfArray(Enumerable.Repeat(1, Tokens).ToArray()))
            .Set("tokenizer.ggml.merges", GgufValue.OfStrings(tokens.Select(t => $"{t} {t}")));
        using var stream = new MemoryStream();
        writer.Write(stream);
        return stream.ToArray();
    }
}
