namespace Harness.Matrix;

/// <summary>A model of the catalogue.</summary>
/// <param name="Id">Its id: small letters, digits, dots and dashes.</param>
/// <param name="Name">Its name as its makers write it.</param>
/// <param name="Family">The family its file describes.</param>
/// <param name="Architecture">GGUF architecture name: <c>llama</c>, <c>qwen2</c>.</param>
/// <param name="Origin">Where its first files come from: hub, forged or trained.</param>
/// <param name="Repository">Hub repository <c>owner/name</c>, or null.</param>
/// <param name="Revision">Branch, tag or commit of the repository; <c>main</c> unless the catalogue says otherwise.</param>
/// <param name="Seed">Seed of a forged model; else 0.</param>
/// <param name="Shape">Its shape, or null where the file itself is the only source (forged and trained models).</param>
/// <param name="Quants">The quantizations that can be had, in the order of the catalogue.</param>
/// <param name="DefaultQuants">Those tried when nobody says which.</param>
/// <param name="Unverified">Whether nobody checked the repository.</param>
/// <param name="Notes">What people should know, or null.</param>
public sealed record ModelEntry(
    string Id,
    string Name,
    string Family,
    string Architecture,
    VariantOrigin Origin,
    string? Repository,
    string Revision,
    ulong Seed,
    ModelShape? Shape,
    IReadOnlyList<QuantSource> Quants,
    IReadOnlyList<string> DefaultQuants,
    bool Unverified,
    string? Notes)
{
    /// <summary>The word by which prompts mean models that are in no catalogue.</summary>
    public const string Unlisted = "unlisted";

    /// <summary>How the command line named a model that is in no catalogue, as a path or <c>hf:owner/repo</c>; else null.</summary>
    public string? Reference { get; init; }

    /// <summary>Weights as its makers count them, with a vision part where it has one; null where nobody says.</summary>
    public long? Parameters { get; init; }

    /// <summary>Weights that one token needs, as its makers count them; null for a dense model or where nobody says.</summary>
    public long? ActiveParameters { get; init; }

    /// <summary>Licence of the weights, as the hub writes it: <c>apache-2.0</c>, <c>llama3.1</c>; null where nobody says.</summary>
    public string? License { get; init; }

    /// <summary>Whether the repository's files need an accepted licence and a token.</summary>
    public bool Gated { get; init; }

    /// <summary>Repository of the makers' own weights, from which the files were converted; null where nobody says.</summary>
    public string? Base { get; init; }

    /// <summary>Whether the files of <see cref="Base"/> need an accepted licence and a token.</summary>
    public bool BaseGated { get; init; }

    /// <summary>The pre-tokenizer a forged model's header names in the place of its vocabulary's own; else null.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>Finds how a quantization is had.</summary>
    /// <param name="quant">Its name; case does not matter.</param>
    /// <returns>The source, or null when it cannot be had.</returns>
    public QuantSource? FindQuant(string quant)
    {
        foreach (QuantSource source in Quants)
        {
            if (string.Equals(source.Quantization.Name, quant, StringComparison.OrdinalIgnoreCase)) return source;
        }

        return null;
    }
}
