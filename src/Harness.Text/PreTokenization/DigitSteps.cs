namespace Harness.Text.PreTokenization;

/// <summary>
/// Groups ASCII digits in threes from the right: the rule <c>(?=(\d{3})+(?!\d))</c> (superbpe), in one pass where
/// a regular expression would take one for each digit.
/// </summary>
internal sealed class DigitTriples : SplitStep
{
    /// <inheritdoc/>
    public override void Split(in SplitText text, int start, int end, List<int> ends)
    {
        for (int at = start; at < end; at++)
        {
            if (!IsDigit(text.Kinds[at]))
                continue;
            int runEnd = at + 1;
            while (runEnd < end && IsDigit(text.Kinds[runEnd]))
                runEnd++;
            for (int cut = at + ((runEnd - at) % 3); cut < runEnd; cut += 3)
            {
                if (cut > start)
                    ends.Add(cut);
            }

            at = runEnd - 1;
        }

        ends.Add(end);
    }

    private static bool IsDigit(byte kind) => kind is >= (byte)'0' and <= (byte)'9';
}

/// <summary>
/// Groups numbers in threes from the right as llama.cpp does for afmoe and tiny_aya: the first group keeps
/// the text in front of it.
/// </summary>
internal sealed class LeadingDigitTriples : SplitStep
{
    /// <inheritdoc/>
    public override void Split(in SplitText text, int start, int end, List<int> ends)
    {
        int last = start;
        for (int at = start; at < end; at++)
        {
            if (!IsNumber(text.Kinds[at]))
                continue;
            int runEnd = at + 1;
            while (runEnd < end && IsNumber(text.Kinds[runEnd]))
                runEnd++;
            int remainder = (runEnd - at) % 3;
            for (int cut = remainder == 0 ? at + 3 : at + remainder; cut <= runEnd; cut += 3)
            {
                ends.Add(cut);
                last = cut;
            }

            at = runEnd - 1;
        }

        if (end > last)
            ends.Add(end);
    }

    private static bool IsNumber(byte kind) => kind is (>= (byte)'0' and <= (byte)'9') or CodePointKind.Number;
}

/// <summary>
/// Cuts off white space at the end of a piece: the rule <c>\s+$</c>, from the end, where a search from the front
/// would take quadratic time.
/// </summary>
internal sealed class TrailingWhitespace : SplitStep
{
    /// <inheritdoc/>
    public override void Split(in SplitText text, int start, int end, List<int> ends)
    {
        int cut = end;
        while (cut > start && text.Kinds[cut - 1] is (>= 9 and <= 13) or (byte)' ' or CodePointKind.Whitespace)
            cut--;
        if (cut > start && cut < end)
            ends.Add(cut);
        ends.Add(end);
    }
}
