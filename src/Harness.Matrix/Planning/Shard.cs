using System.Globalization;

namespace Harness.Matrix;

/// <summary>One of several equal parts of a plan. A variant is never split: nothing is downloaded twice.</summary>
/// <param name="Index">Which part, from 1.</param>
/// <param name="Count">How many parts there are, at most 10,000.</param>
public sealed record Shard(int Index, int Count)
{
    /// <summary>Reads <c>I/N</c>.</summary>
    /// <param name="text">As <c>2/3</c>.</param>
    /// <exception cref="MatrixException">It is no shard.</exception>
    public static Shard Parse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= 10_000 && index >= 1 && index <= count)
        {
            return new(index, count);
        }

        throw new MatrixException(new Diagnostic(
            $"{Wording.Quote(text)} is no shard", "write I/N with I from 1 to N and N at most 10000, as in --shard 2/3 for the second of three parts", Field: "--shard"));
    }

    /// <summary>As <c>2/3</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");
}
