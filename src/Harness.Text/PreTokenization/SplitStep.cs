namespace Harness.Text.PreTokenization;

/// <summary>
/// One step of pre-tokenization: cuts every piece the step before left. Steps see one piece at a time; nothing looks
/// over a piece's edge.
/// </summary>
internal abstract class SplitStep
{
    /// <summary>Cuts one piece.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="start">The piece's first code point.</param>
    /// <param name="end">One past its last; greater than <paramref name="start"/>.</param>
    /// <param name="ends">Receives the end of each part, ascending; the last is <paramref name="end"/>.</param>
    public abstract void Split(in SplitText text, int start, int end, List<int> ends);
}
