using Harness.Receipts;
using Harness.Receipts.Store;

namespace Harness.Runner;

/// <summary>
/// Reference receipts that come with the catalogue, so that a machine with nothing else still compares. They are
/// ordinary receipts of an ordinary run, in the folder <c>references</c> of the catalogue.
/// </summary>
public sealed class CommittedReferences
{
    private readonly ReceiptSet _set;
    private readonly Dictionary<string, Receipt> _byInputs = [];

    private CommittedReferences(ReceiptSet set)
    {
        _set = set;
        foreach (Receipt receipt in set.Receipts)
            if (receipt.Score is not null) _byInputs[receipt.Subject.InputsDigest] = receipt;
    }

    /// <summary>Reads the references of a catalogue; a catalogue without any has none.</summary>
    /// <param name="catalogueDirectory">The catalogue's directory.</param>
    /// <exception cref="ReceiptException">A reference was damaged.</exception>
    public static CommittedReferences Read(string catalogueDirectory) =>
        new(ReceiptStore.Read(Path.Combine(catalogueDirectory, "references")));

    /// <summary>How many there are.</summary>
    public int Count => _byInputs.Count;

    /// <summary>The reference that saw the same inputs, or null.</summary>
    /// <param name="subject">The subject of a receipt.</param>
    public Receipt? Find(Subject subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return _byInputs.GetValueOrDefault(subject.InputsDigest);
    }

    /// <summary>The logits of a reference.</summary>
    /// <param name="sha256">Their digest (hex).</param>
    public float[]? Logits(string sha256) => _set.Logits.Read(sha256);
}
