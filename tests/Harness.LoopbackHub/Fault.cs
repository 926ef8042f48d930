namespace Harness.LoopbackHub;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>Answers <see cref="Fault.Status"/> with <see cref="Fault.Headers"/>.</summary>
    Status,

    /// <summary>Resets the connection after <see cref="Fault.Bytes"/> bytes of the body.</summary>
    Drop,

    /// <summary>Sends nothing more after <see cref="Fault.Bytes"/> bytes of the body.</summary>
    Stall,

    /// <summary>Answers 200 with the whole, whatever range was asked for.</summary>
    IgnoreRange,

    /// <summary>Flips the lowest bit of the byte at file offset <see cref="Fault.Bytes"/>.</summary>
    FlipByte,

    /// <summary>Sends other bytes of the same length, as if the file had been replaced.</summary>
    Replaced,

    /// <summary>Has <see cref="Fault.Bytes"/> bytes less than the listing says, and announces that length.</summary>
    Shorter,

    /// <summary>Has <see cref="Fault.Bytes"/> bytes more than the listing says, and announces that length.</summary>
    Longer,

    /// <summary>Announces no length and ends cleanly after <see cref="Fault.Bytes"/> bytes.</summary>
    EndEarly,

    /// <summary>Redirects to <see cref="Fault.Location"/>.</summary>
    Redirect,

    /// <summary>Says <see cref="Fault.Bytes"/> in <c>X-Linked-Size</c>.</summary>
    WrongLinkedSize,

    /// <summary>Sends the wanted range shifted by one byte.</summary>
    WrongRange,

    /// <summary>Answers 200 with a body of <see cref="Fault.Bytes"/> letters that is not JSON.</summary>
    Garbage,
}

/// <summary>A fault, and the requests it hits.</summary>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>A part of the path of the requests; null for all.</summary>
    public string? Path { get; init; }

    /// <summary><c>GET</c>, <c>HEAD</c>; null for all.</summary>
    public string? Method { get; init; }

    /// <summary>Storage only (true), hub only (false), or both (null).</summary>
    public bool? Storage { get; init; }

    /// <summary>How many requests it hits; then it is spent.</summary>
    public int Times { get; init; } = int.MaxValue;

    /// <summary>How many fitting requests go well before.</summary>
    public int After { get; init; }

    /// <summary>See <see cref="FaultKind"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>See <see cref="FaultKind.Status"/>.</summary>
    public int Status { get; init; } = 500;

    /// <summary>See <see cref="FaultKind.Status"/>.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>See <see cref="FaultKind.Redirect"/>.</summary>
    public string Location { get; init; } = "/";

    /// <summary>Reads <c>kind[,path=P][,times=N][,after=N][,bytes=N][,status=N]</c>, as the program's <c>--fault</c> takes it.</summary>
    public static Fault Parse(string text)
    {
        string[] parts = text.Split(',');
        if (!Enum.TryParse(parts[0].Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out FaultKind kind))
            throw new ArgumentException($"'{parts[0]}' is not a fault; there are: {string.Join(", ", Enum.GetNames<FaultKind>())}");
        var fault = new Fault(kind);
        foreach (string part in parts.Skip(1))
        {
            string value = part[(part.IndexOf('=') + 1)..];
            fault = part[..Math.Max(0, part.IndexOf('='))] switch
            {
                "path" => fault with { Path = value },
                "times" => fault with { Times = int.Parse(value) },
                "after" => fault with { After = int.Parse(value) },
                "bytes" => fault with { Bytes = long.Parse(value) },
                "status" => fault with { Status = int.Parse(value) },
                _ => throw new ArgumentException($"'{part}' is not path=, times=, after=, bytes= or status="),
            };
        }
        return fault;
    }
}

/// <summary>The faults still to come.</summary>
public sealed class FaultPlan
{
    private readonly Lock _lock = new();
    private readonly List<(Fault Fault, int Hit)> _faults = [];

    /// <summary>Adds a fault.</summary>
    public void Add(Fault fault)
    {
        lock (_lock)
            _faults.Add((fault, 0));
    }

    /// <summary>Forgets all faults.</summary>
    public void Clear()
    {
        lock (_lock)
            _faults.Clear();
    }

    /// <summary>The fault that hits a request, counted as used.</summary>
    internal Fault? Take(string method, string path, bool storage)
    {
        lock (_lock)
        {
            for (int i = 0; i < _faults.Count; i++)
            {
                (Fault fault, int hit) = _faults[i];
                if (fault.Storage is { } wanted && wanted != storage
                    || fault.Method is { } verb && verb != method
                    || fault.Path is { } part && !path.Contains(part, StringComparison.Ordinal))
                    continue;
                if (hit - fault.After >= fault.Times)
                    continue;
                _faults[i] = (fault, hit + 1);
                if (hit >= fault.After)
                    return fault;
            }
            return null;
        }
    }
}
