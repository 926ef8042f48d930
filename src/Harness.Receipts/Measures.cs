namespace Harness.Receipts;

/// <summary>What a variant's weights were stored in, and what that lost.</summary>
/// <param name="BitsPerWeight">Stored bits a weight, all tensors together.</param>
/// <param name="RelativeError">
/// Root of the mean squared error of the weights over that of their parent's, all matrices that were quantized together;
/// null where there is no parent.
/// </param>
/// <param name="Against">The parent variant, or null.</param>
public sealed record QuantizationFacts(double BitsPerWeight, double? RelativeError = null, string? Against = null);

/// <summary>How surprised a model is by a text: e to the mean negative log-likelihood of each token after the first.</summary>
/// <param name="Value">The perplexity.</param>
/// <param name="Tokens">Tokens predicted.</param>
/// <param name="TextSha256">sha256 (hex) of the text.</param>
/// <param name="Milliseconds">The request, seen from outside.</param>
public sealed record PerplexityRecord(double Value, int Tokens, string TextSha256, double Milliseconds);
