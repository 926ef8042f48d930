using Harness.Matrix;
using Harness.Receipts;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>Generations in the words of receipts.</summary>
internal static class Generations
{
    public static GenerationRecord Record(
        PromptEntry prompt, CanonicalIds canonical, int index, Answer<GeneratedTokens> answer, Evidence evidence)
    {
        GeneratedTokens generated = answer.Value;
        byte[] bytes = [.. generated.Tokens.SelectMany(t => t.Bytes)];
        return new GenerationRecord
        {
            Prompt = prompt.Id,
            PromptText = prompt.Text ?? "",
            PromptIds = canonical.Prompts[index],
            IdsFrom = prompt.Ids is null ? canonical.From : "catalogue",
            MaxTokens = prompt.MaxTokens,
            // Random weights have nothing to say: what a catalogue expects of a true-shape file is not expected of them.
            Expectations = evidence == Evidence.Probe ? [] : [.. prompt.Expect.Select(e => new Receipts.Expectation(Wire.Name(e.Kind), e.Value))],
            Ids = [.. generated.Tokens.Select(t => t.Id)],
            Bytes = Convert.ToBase64String(bytes),
            Text = ReceiptJson.Readable(bytes),
            Margins = generated.Tokens.All(HasMargin) ? [.. generated.Tokens.Select(Margin)] : [],
            StopReason = generated.Generation.StopReason,
            PrefillMilliseconds = Milliseconds(generated.Generation.PrefillTime),
            DecodeMilliseconds = Milliseconds(generated.Generation.DecodeTime),
            OutsideMilliseconds = Milliseconds(answer.WallClock),
        };
    }

    private static bool HasMargin(GeneratedToken token) =>
        token.TopLogProbabilities.Length >= 2 && double.IsFinite(token.TopLogProbabilities[0] - (double)token.TopLogProbabilities[1]);

    private static double Margin(GeneratedToken token) =>
        Math.Round(token.TopLogProbabilities[0] - (double)token.TopLogProbabilities[1], 6);

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
