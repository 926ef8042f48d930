using System.Globalization;
using Harness.Receipts;
using Harness.Runner.Variants;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>What is wrong with a backend's prompt, or with an answer.</summary>
internal static class ChatJudge
{
    /// <summary>Characters shown of where two prompts part.</summary>
    private const int Shown = 24;

    /// <summary>Ids that begin with BOS at most once: where template and tokenizer both write it, one goes.</summary>
    public static int[] WithoutSecondBos(int[] ids, int? bos) => IsDoubled(ids, bos) ? ids[1..] : ids;

    /// <summary>Holds the prompt a backend makes by itself against the file's.</summary>
    /// <param name="expected">The prompt the file's template makes.</param>
    /// <param name="own">The backend's.</param>
    /// <param name="source">The template and its tokens.</param>
    public static IEnumerable<ChatFinding> OfPrompt(string expected, ChatApplied own, ChatSource source)
    {
        // BOS is the template's to write or the tokenizer's to add: where it comes from makes no other template.
        string wanted = WithoutBos(expected, source.BosToken), made = WithoutBos(own.Prompt, source.BosToken);
        if (wanted != made) yield return new ChatFinding(ChatFindingKind.AnotherTemplate, $"{own.How}: {Difference(wanted, made)}");
        if (IsDoubled(own.Ids, source.BosId)) yield return new ChatFinding(ChatFindingKind.DoubleBos, $"{own.How}: the ids begin with BOS ({source.BosId}) twice");
    }

    /// <summary>Looks at an answer.</summary>
    /// <param name="ids">Its ids.</param>
    /// <param name="text">Its text.</param>
    /// <param name="source">The template and its tokens.</param>
    public static IEnumerable<ChatFinding> OfAnswer(IReadOnlyList<int> ids, string text, ChatSource source)
    {
        if (source.EndOfTurnId is { } end)
        {
            for (int i = 0; i < ids.Count - 1; i++)
            {
                if (ids[i] != end) continue;
                yield return new ChatFinding(ChatFindingKind.RanPastEndOfTurn, string.Create(
                    CultureInfo.InvariantCulture, $"{source.EndOfTurn} ({end}) is token {i + 1} of {ids.Count}, and the generation went on"));
                break;
            }
        }

        string[] leaked = [.. source.ControlTokens.Append(source.EndOfTurnId is null ? source.EndOfTurn ?? "" : "")
            .Where(token => token.Length > 0 && text.Contains(token, StringComparison.Ordinal)).Distinct()];
        if (leaked.Length > 0) yield return new ChatFinding(ChatFindingKind.LeakedSpecialTokens, $"the answer's text holds {string.Join(", ", leaked)}");
    }

    private static bool IsDoubled(IReadOnlyList<int> ids, int? bos) => bos is { } id && ids.Count > 1 && ids[0] == id && ids[1] == id;

    private static string WithoutBos(string prompt, string bos) =>
        bos.Length > 0 && prompt.StartsWith(bos, StringComparison.Ordinal) ? prompt[bos.Length..] : prompt;

    private static string Difference(string wanted, string made)
    {
        int at = wanted.AsSpan().CommonPrefixLength(made);
        return string.Create(CultureInfo.InvariantCulture, $"at character {at} the file's prompt has {Excerpt(wanted, at)}, the backend's {Excerpt(made, at)}");
    }

    private static string Excerpt(string text, int at) => at >= text.Length
        ? "its end"
        : $"\"{text.Substring(at, Math.Min(Shown, text.Length - at)).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
}
