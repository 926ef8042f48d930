using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>Why one try came out as it did.</summary>
/// <param name="Receipt">The receipt.</param>
/// <param name="Verdict">Its verdict.</param>
/// <param name="Symptom">What went wrong, in the receipt's own words.</param>
/// <param name="Cause">The cause; null where none that is known fits.</param>
/// <param name="Title">What happened, in a few words.</param>
/// <param name="Evidence">What it is concluded from: exact quotes.</param>
/// <param name="Meaning">What it means.</param>
/// <param name="Advice">What to do next.</param>
public sealed record Explanation(
    Receipt Receipt,
    Verdict Verdict,
    Symptom Symptom,
    Cause? Cause,
    string Title,
    IReadOnlyList<EvidenceLine> Evidence,
    string Meaning,
    string Advice);

/// <summary>A quotation from a receipt.</summary>
/// <param name="Where">Where it stands: <c>load</c>, <c>log</c>, <c>fit</c>.</param>
/// <param name="Quote">The words, unchanged; several lines where the log has them.</param>
public sealed record EvidenceLine(string Where, string Quote);
