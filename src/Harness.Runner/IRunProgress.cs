using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;

namespace Harness.Runner;

/// <summary>Hears how a run goes; calls may come from any thread and must return at once.</summary>
public interface IRunProgress
{
    /// <summary>A stage of a variant began.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="stage">The stage.</param>
    void VariantStage(Variant variant, Stage stage);

    /// <summary>Bytes arrived.</summary>
    /// <param name="variant">The variant they belong to.</param>
    /// <param name="progress">How far the file is.</param>
    void Downloading(Variant variant, HubProgress progress);

    /// <summary>A cell is being tried.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="doing">The stage or check, as a word.</param>
    void CellDoing(PlannedCell cell, string doing);

    /// <summary>A cell has a receipt, on the disk.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="resumed">Whether the receipt was there already.</param>
    void CellDone(PlannedCell cell, Receipt receipt, bool resumed);

    /// <summary>Progress nobody listens to.</summary>
    static IRunProgress None { get; } = new Silent();

    private sealed class Silent : IRunProgress
    {
        public void VariantStage(Variant variant, Stage stage)
        {
        }

        public void Downloading(Variant variant, HubProgress progress)
        {
        }

        public void CellDoing(PlannedCell cell, string doing)
        {
        }

        public void CellDone(PlannedCell cell, Receipt receipt, bool resumed)
        {
        }
    }
}
