namespace Harness.Matrix;

/// <summary>
/// What one build of an engine knows, gathered from the receipts of probe runs: what is not in it was not tried.
/// </summary>
/// <param name="Backend">The build.</param>
/// <param name="Digest">sha256 (hex) of the libraries that were probed, or null.</param>
/// <param name="Seen">The day of the newest receipt, as <c>2026-11-28</c>.</param>
/// <param name="Command">The command that repeats the run.</param>
/// <param name="Architectures">Architectures, by name.</param>
/// <param name="TensorTypes">Tensor types, by name.</param>
/// <param name="PreTokenizers">Pre-tokenizers, by name.</param>
public sealed record BackendKnowledge(
    BackendId Backend,
    string? Digest,
    string Seen,
    string Command,
    IReadOnlyList<KnownFact> Architectures,
    IReadOnlyList<KnownFact> TensorTypes,
    IReadOnlyList<KnownFact> PreTokenizers)
{
    /// <summary>What is known of an architecture, or null: not tried.</summary>
    /// <param name="name">Its GGUF name.</param>
    public KnownFact? Architecture(string name) => Find(Architectures, name);

    /// <summary>What is known of a tensor type, or null: not tried.</summary>
    /// <param name="name">Its name.</param>
    public KnownFact? TensorType(string name) => Find(TensorTypes, name);

    /// <summary>What is known of a pre-tokenizer, or null: not tried.</summary>
    /// <param name="name">Its name in <c>tokenizer.ggml.pre</c>.</param>
    public KnownFact? PreTokenizer(string name) => Find(PreTokenizers, name);

    /// <summary>This knowledge with a newer run's facts in the place of those of the same names.</summary>
    /// <param name="newer">Of the same build.</param>
    public BackendKnowledge With(BackendKnowledge newer)
    {
        ArgumentNullException.ThrowIfNull(newer);
        // Other libraries under the same name: nothing that was seen of the old ones is known of them.
        if (Digest != newer.Digest) return newer;
        return newer with
        {
            Architectures = Merge(Architectures, newer.Architectures),
            TensorTypes = Merge(TensorTypes, newer.TensorTypes),
            PreTokenizers = Merge(PreTokenizers, newer.PreTokenizers),
        };
    }

    private static KnownFact? Find(IReadOnlyList<KnownFact> facts, string name)
    {
        foreach (KnownFact fact in facts)
        {
            if (string.Equals(fact.Name, name, StringComparison.Ordinal)) return fact;
        }

        return null;
    }

    private static KnownFact[] Merge(IReadOnlyList<KnownFact> old, IReadOnlyList<KnownFact> newer)
    {
        HashSet<string> names = [.. newer.Select(fact => fact.Name)];
        return [.. old.Where(fact => !names.Contains(fact.Name)).Concat(newer).OrderBy(fact => fact.Name, StringComparer.Ordinal)];
    }
}
