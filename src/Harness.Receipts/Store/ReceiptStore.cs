using System.Text;
using Harness.Receipts.Comparisons;

namespace Harness.Receipts.Store;

/// <summary>
/// The receipts of one output folder: <c>receipts.jsonl</c>, <c>comparisons.jsonl</c>, <c>runs.jsonl</c> and
/// <c>logits/</c>. A record is on the disk before <see cref="Append(Receipt)"/> returns; a line that a killed process left half
/// written is set aside when the folder is opened again, and never read as a receipt.
/// </summary>
public sealed class ReceiptStore : IDisposable
{
    private readonly FileStream _lock;
    private readonly JsonLinesFile _receiptsFile;
    private readonly JsonLinesFile _comparisonsFile;
    private readonly JsonLinesFile _runsFile;
    private readonly List<Receipt> _receipts = [];
    private readonly List<Comparison> _comparisons = [];
    private readonly List<RunRecord> _runs = [];
    private readonly Lock _gate = new();

    private ReceiptStore(string folder, FileStream @lock)
    {
        Folder = folder;
        _lock = @lock;
        Logits = new LogitsStore(Path.Combine(folder, "logits"));
        Logits.RemoveHalfWritten();
        _receiptsFile = JsonLinesFile.Open(Path.Combine(folder, "receipts.jsonl"), line => _receipts.Add(ReceiptJson.ParseReceipt(line)));
        _comparisonsFile = JsonLinesFile.Open(Path.Combine(folder, "comparisons.jsonl"), line => _comparisons.Add(ReceiptJson.ParseComparison(line)));
        _runsFile = JsonLinesFile.Open(Path.Combine(folder, "runs.jsonl"), line => _runs.Add(ReceiptJson.ParseRun(line)));
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The logits, by digest.</summary>
    public LogitsStore Logits { get; }

    /// <summary>All receipts, in the order they were written.</summary>
    public IReadOnlyList<Receipt> Receipts
    {
        get
        {
            lock (_gate) return [.. _receipts];
        }
    }

    /// <summary>All comparisons, in the order they were written.</summary>
    public IReadOnlyList<Comparison> Comparisons
    {
        get
        {
            lock (_gate) return [.. _comparisons];
        }
    }

    /// <summary>All runs that wrote here.</summary>
    public IReadOnlyList<RunRecord> Runs
    {
        get
        {
            lock (_gate) return [.. _runs];
        }
    }

    /// <summary>Opens a folder for writing, making it when it is not there.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The store.</returns>
    /// <exception cref="ReceiptException">Another process writes there, or a record in it is damaged.</exception>
    public static ReceiptStore Open(string folder)
    {
        Directory.CreateDirectory(folder);
        string lockPath = Path.Combine(folder, ".lock");
        FileStream @lock;
        try
        {
            @lock = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new ReceiptException($"{folder} is being written by another run; give this one its own --out, or wait.", e);
        }

        try
        {
            return new ReceiptStore(folder, @lock);
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    /// <summary>Reads a folder without locking or changing it.</summary>
    /// <param name="folder">A folder with <c>receipts.jsonl</c>.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="ReceiptException">A record in it is damaged.</exception>
    public static ReceiptSet Read(string folder)
    {
        var receipts = new List<Receipt>();
        var comparisons = new List<Comparison>();
        var runs = new List<RunRecord>();
        JsonLinesFile.Read(Path.Combine(folder, "receipts.jsonl"), line => receipts.Add(ReceiptJson.ParseReceipt(line)));
        JsonLinesFile.Read(Path.Combine(folder, "comparisons.jsonl"), line => comparisons.Add(ReceiptJson.ParseComparison(line)));
        JsonLinesFile.Read(Path.Combine(folder, "runs.jsonl"), line => runs.Add(ReceiptJson.ParseRun(line)));
        return new ReceiptSet(receipts, comparisons, runs, new LogitsStore(Path.Combine(folder, "logits")));
    }

    /// <summary>Writes a receipt and flushes it to the disk.</summary>
    /// <param name="receipt">A receipt with its id.</param>
    public void Append(Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        lock (_gate)
        {
            _receiptsFile.Append(ReceiptJson.Line(receipt));
            _receipts.Add(receipt);
        }
    }

    /// <summary>Writes a comparison and flushes it to the disk, unless the same one is there.</summary>
    /// <param name="comparison">A comparison with its id.</param>
    public void Append(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        lock (_gate)
        {
            if (_comparisons.Any(c => c.Id == comparison.Id)) return;
            _comparisonsFile.Append(ReceiptJson.Line(comparison));
            _comparisons.Add(comparison);
        }
    }

    /// <summary>Writes a run and flushes it to the disk.</summary>
    /// <param name="run">The run.</param>
    public void Append(RunRecord run)
    {
        ArgumentNullException.ThrowIfNull(run);
        lock (_gate)
        {
            _runsFile.Append(ReceiptJson.Line(run));
            _runs.Add(run);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _receiptsFile.Dispose();
        _comparisonsFile.Dispose();
        _runsFile.Dispose();
        _lock.Dispose();
    }
}

/// <summary>What a folder of receipts holds.</summary>
/// <param name="Receipts">Receipts, in the order written.</param>
/// <param name="Comparisons">Comparisons, in the order written.</param>
/// <param name="Runs">Runs, in the order written.</param>
/// <param name="Logits">Logits, by digest.</param>
public sealed record ReceiptSet(
    IReadOnlyList<Receipt> Receipts,
    IReadOnlyList<Comparison> Comparisons,
    IReadOnlyList<RunRecord> Runs,
    LogitsStore Logits);

/// <summary>An append-only file of one JSON record a line, safe against being killed at any moment.</summary>
internal sealed class JsonLinesFile : IDisposable
{
    private readonly FileStream _stream;

    private JsonLinesFile(FileStream stream) => _stream = stream;

    /// <summary>Reads all whole lines and opens the file for appending; a torn last line is moved to <c>.torn</c>.</summary>
    public static JsonLinesFile Open(string path, Action<string> onLine)
    {
        long whole = Read(path, onLine);
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        try
        {
            if (stream.Length > whole)
            {
                stream.Position = whole;
                byte[] torn = new byte[stream.Length - whole];
                stream.ReadExactly(torn);
                File.AppendAllText(path + ".torn", Encoding.UTF8.GetString(torn) + "\n");
                stream.SetLength(whole);
            }

            stream.Position = whole;
            return new JsonLinesFile(stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads all whole lines.</summary>
    /// <returns>The length of the whole lines, in bytes.</returns>
    public static long Read(string path, Action<string> onLine)
    {
        if (!File.Exists(path)) return 0;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        int start = 0, number = 0;
        while (start < length)
        {
            int end = Array.IndexOf(bytes, (byte)'\n', start, length - start);
            if (end < 0) break;
            number++;
            if (end > start)
            {
                try
                {
                    onLine(Encoding.UTF8.GetString(bytes, start, end - start));
                }
                catch (ReceiptException e)
                {
                    throw new ReceiptException($"{path}, line {number}: {e.Message}", e);
                }
            }

            start = end + 1;
        }

        return start;
    }

    /// <summary>Appends one line in one write and flushes it to the disk.</summary>
    public void Append(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush(flushToDisk: true);
    }

    public void Dispose() => _stream.Dispose();
}
