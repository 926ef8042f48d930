using System.Globalization;

namespace Harness.Benchmarks;

/// <summary>What one measured ratio is to reach.</summary>
/// <param name="Ratio">Times the peer's speed.</param>
/// <param name="Why">Where it comes from, in a few words.</param>
internal sealed record SpeedGoal(double Ratio, string Why)
{
    // Of what reading all weights once for each token allows, so much can be reached.
    private const double ShareOfBandwidth = 0.85;
    private const double DecodeRatio = 1.3;

    /// <summary>Of evaluating a prompt at once.</summary>
    /// <param name="quant">The weights' format.</param>
    public static SpeedGoal Prefill(string quant) => quant is "Q4_0" or "IQ4_NL" or "F16" or "BF16"
        ? new SpeedGoal(1, "the peer repacks or has the instruction")
        : new SpeedGoal(2, "prefill");

    /// <summary>Of evaluating token after token: <see cref="DecodeRatio"/> or, if that is less, what memory allows.</summary>
    /// <param name="bytesRead">Bytes of weights a token.</param>
    /// <param name="bandwidth">Bytes a second that all threads read.</param>
    /// <param name="peer">The peer's tokens a second.</param>
    public static SpeedGoal Decode(double bytesRead, double bandwidth, double peer)
    {
        double bound = ShareOfBandwidth * bandwidth / bytesRead / peer;
        return bound < DecodeRatio
            ? new SpeedGoal(bound, string.Create(CultureInfo.InvariantCulture, $"{ShareOfBandwidth:0%} of reading weights once"))
            : new SpeedGoal(DecodeRatio, "decode");
    }
}
