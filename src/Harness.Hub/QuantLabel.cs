using System.Text.RegularExpressions;

namespace Harness.Hub;

/// <summary>
/// The quantization a file name or a person tells: <c>Q4_K_M</c>, <c>q4-k-m</c>, <c>UD-Q4_K_XL</c>, <c>i1-IQ4_XS</c>,
/// <c>fp16</c>.
/// </summary>
/// <param name="Name">In one spelling: upper case, underscores; <c>F16</c> for fp16.</param>
/// <param name="Flavour">
/// How it was made, where the name tells: <c>UD</c> (Unsloth's dynamic mixtures), <c>I1</c> (with an importance matrix;
/// also said imat or imatrix), or the format of some tensors beside (<c>F16</c> in <c>f16.q6_k</c>); else empty.
/// </param>
public sealed partial record QuantLabel(string Name, string Flavour)
{
    /// <summary>Reads what a person writes.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The label, or null when the text is more or less than a quantization.</returns>
    public static QuantLabel? Parse(string text)
    {
        string trimmed = text.Trim();
        return Find(trimmed, out int start, out int end) is { } label && start == 0 && end == trimmed.Length ? label : null;
    }

    /// <summary>Finds the quantization in a file's name or a folder's: the last one, for models are named before.</summary>
    /// <param name="stem">The name, without what marks a file's kind or a shard.</param>
    /// <param name="rest">The name without it: what two quantizations of one model have in common.</param>
    /// <returns>The label, or null when the name tells none.</returns>
    public static QuantLabel? FindIn(string stem, out string rest)
    {
        QuantLabel? label = Find(stem, out int start, out int end);
        rest = label is null ? stem : Join(stem[..start].TrimEnd('-', '_', '.', ' '), stem[end..].TrimStart('-', '_', '.', ' '));
        return label;
    }

    /// <summary>The label as files carry it: <c>UD-Q4_K_XL</c>.</summary>
    public override string ToString() => Flavour.Length == 0 ? Name : $"{(Flavour == "I1" ? "i1" : Flavour)}-{Name}";

    private static QuantLabel? Find(string text, out int start, out int end)
    {
        (start, end) = (0, 0);
        Match? last = null;
        foreach (Match match in Word().Matches(text))
        {
            // "Q4" alone is a quantization only where a name ends in it: elsewhere it is a word of the model's name.
            if (match.Groups["bare"].Success && match.Index + match.Length < text.Length) continue;
            last = match;
        }

        if (last is null) return null;
        (start, end) = (last.Index, last.Index + last.Length);
        string flavour = "";
        if (Before().Match(text, 0, start) is { Success: true } before)
        {
            flavour = Spelled(before.Groups["how"].Value);
            start = before.Index;
        }

        if (After().Match(text, end) is { Success: true } after)
        {
            flavour = "I1";
            end += after.Length;
        }

        return new QuantLabel(Spelled(last), flavour);
    }

    /// <summary>The parts that were found, in llama.cpp's spelling.</summary>
    private static string Spelled(Match match)
    {
        string Part(string group) => match.Groups[group].Success && match.Groups[group].Value.Length > 0 ? "_" + match.Groups[group].Value.ToUpperInvariant() : "";
        string repacked = Part("repacked");
        if (match.Groups["float"].Success) return Spelled(match.Groups["float"].Value);
        if (match.Groups["block"].Success) return match.Groups["block"].Value.ToUpperInvariant() + Part("moe");
        string head = match.Groups["head"].Value.ToUpperInvariant();
        if (match.Groups["bare"].Success) return head;
        if (match.Groups["zero"].Success) return head + Part("zero") + (match.Groups["tiles"].Success ? "_" + match.Groups["tiles"].Value.Replace('-', '_').Replace('.', '_') : "") + repacked;
        if (match.Groups["trellis"].Success) return head + Part("trellis") + repacked;
        if (match.Groups["k"].Success) return head + "_K" + Part("size") + repacked;
        return head + Part("iqsize") + repacked;
    }

    private static string Spelled(string word) => word.ToUpperInvariant() switch
    {
        "FP16" => "F16",
        "FP32" => "F32",
        "IMAT" or "IMATRIX" => "I1",
        var other => other,
    };

    private static string Join(string before, string after) =>
        before.Length == 0 ? after : after.Length == 0 ? before : before + "-" + after;

    // Formats of ggml and of its forks: IQ4_KS and IQ2_KT are written with the letter at the K, Q4_K_S also without a dash.
    [GeneratedRegex(
        """
        (?<![A-Za-z0-9])
        (?: (?<float>BF16|FP16|F16|FP32|F32|FP8)
          | (?<block>MXFP4|NVFP4)(?:[-_.]?(?<moe>MOE))?
          | (?<head>TQ[12])[-_.]?(?<zero>0)
          | (?<head>IQ[1-6])[-_.]?(?: (?<trellis>K(?:SS|[STL]|V[0-9])?) | (?<iqsize>XXS|XS|NL|S|M) )
          | (?<head>Q[1-8])(?: [-_.]?(?<k>K)(?:[-_.]?(?<size>XXL|XL|XXS|XS|[SML]))? | [-_.](?<zero>[01])(?![.][0-9])(?:[-_.](?<tiles>[48][-_.][48]))? | (?<bare>) )
        )
        (?:[-_.](?<repacked>R[48]))?
        (?![A-Za-z0-9])
        """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Word();

    [GeneratedRegex(
        @"(?<![A-Za-z0-9])(?<how>UD|i1|imat|imatrix|BF16|FP16|F16|FP32|F32)[-_. ]\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Before();

    [GeneratedRegex(@"\G[-_. ](?:imat|imatrix)(?![A-Za-z0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex After();
}
