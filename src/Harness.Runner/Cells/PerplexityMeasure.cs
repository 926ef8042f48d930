using System.Security.Cryptography;
using System.Text;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>Measures how surprised a loaded model is by a text, tokenized by its own backend, up to its context's length.</summary>
/// <param name="session">The worker, with the model loaded.</param>
/// <param name="logits">Where logits may lie until they are read; they are not kept.</param>
internal sealed class PerplexityMeasure(WorkerSession session, LogitsStore logits)
{
    /// <summary>Measures, and notes the result in the log; a backend that gives no raw logits is left without one.</summary>
    /// <param name="log">The try.</param>
    /// <param name="textPath">The text's file.</param>
    /// <param name="cancellation">Kills the worker.</param>
    public async Task MeasureAsync(CellLog log, string textPath, CancellationToken cancellation)
    {
        string text = await File.ReadAllTextAsync(textPath, cancellation).ConfigureAwait(false);
        Directory.CreateDirectory(logits.Folder);
        string path = logits.PathForNew();
        try
        {
            int[] ids = (await session.TokenizeAsync(text, addSpecial: true, parseSpecial: false, cancellation).ConfigureAwait(false)).Value;
            ids = ids[..Math.Min(ids.Length, log.Loaded!.Value.ContextLength)];
            Answer<ScoredTokens> scored = await session.ScoreAsync(ids, path, cancellation: cancellation).ConfigureAwait(false);
            if (scored.Value.LogitsPath is null || ids.Length < 2) return;
            double value = Math.Exp(MeanLoss(path, ids, scored.Value.Scoring.VocabularySize));
            if (!double.IsFinite(value)) return;
            log.Perplexity = new PerplexityRecord(
                Math.Round(value, 6), ids.Length - 1, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), Math.Round(scored.WallClock.TotalMilliseconds, 3));
        }
        catch (WorkerException e)
        {
            // What the cell's own checks found stands; only this is missing.
            log.Healthy &= e.Failure.Cause == WorkerFailureCause.Reported;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static double MeanLoss(string path, int[] ids, int vocabulary)
    {
        using FileStream file = File.OpenRead(path);
        var row = new float[vocabulary];
        double loss = 0;
        for (int i = 0; i + 1 < ids.Length; i++)
        {
            file.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(row.AsSpan()));
            double largest = row.Max(), sum = 0;
            foreach (float logit in row)
                sum += Math.Exp(logit - largest);
            loss += largest + Math.Log(sum) - row[ids[i + 1]];
        }

        return loss / (ids.Length - 1);
    }
}
