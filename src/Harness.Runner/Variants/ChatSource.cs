namespace Harness.Runner.Variants;

/// <summary>A file's chat template with the tokens that belong to it.</summary>
/// <param name="Template">The template.</param>
/// <param name="BosToken">The text of BOS, or empty.</param>
/// <param name="EosToken">The text of EOS, or empty.</param>
/// <param name="BosId">The id of BOS, or null.</param>
/// <param name="ControlTokens">The texts of control tokens.</param>
/// <param name="EndOfTurnId">The id of the token that ends an answer, or null.</param>
/// <param name="EndOfTurn">Its text, or null.</param>
internal sealed record ChatSource(
    string Template, string BosToken, string EosToken, int? BosId, IReadOnlyList<string> ControlTokens, int? EndOfTurnId, string? EndOfTurn);
