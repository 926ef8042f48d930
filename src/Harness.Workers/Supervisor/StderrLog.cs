using System.Globalization;

namespace Harness.Workers;

/// <summary>Keeps the first and the last part of a log of any length.</summary>
internal sealed class StderrLog
{
    private const int HeadBytes = 16 << 10;
    private const int TailBytes = 64 << 10;

    private readonly byte[] head = new byte[HeadBytes];
    private readonly byte[] tail = new byte[TailBytes];
    private int headLength;

    /// <summary>All bytes ever written.</summary>
    public long Length { get; private set; }

    /// <summary>Takes bytes; costs one copy, however much was written before.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int first = Math.Min(bytes.Length, HeadBytes - headLength);
        bytes[..first].CopyTo(head.AsSpan(headLength));
        headLength += first;
        Length += first;
        bytes = bytes[first..];
        if (bytes.Length > TailBytes)
        {
            Length += bytes.Length - TailBytes;
            bytes = bytes[^TailBytes..];
        }

        while (!bytes.IsEmpty)
        {
            int at = (int)((Length - HeadBytes) % TailBytes);
            int part = Math.Min(bytes.Length, TailBytes - at);
            bytes[..part].CopyTo(tail.AsSpan(at));
            Length += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>What was kept, readable, with a line where something was left out.</summary>
    public string Text()
    {
        byte[] end = Tail();
        long leftOut = Length - headLength - end.Length;
        string start = Evidence.Readable(head.AsSpan(0, headLength));
        string middle = leftOut > 0
            ? string.Create(CultureInfo.InvariantCulture, $"\n… {leftOut} bytes left out …\n")
            : "";
        return leftOut > 0 ? start + middle + Evidence.Readable(end)
            : Evidence.Readable([.. head.AsSpan(0, headLength), .. end]);
    }

    /// <summary>The last bytes, readable, cut at the start of a line where there is one.</summary>
    public string Last(int bytes)
    {
        byte[] end = Length <= HeadBytes ? head[..headLength] : [.. head.AsSpan(0, headLength), .. Tail()];
        if (Length > HeadBytes + TailBytes)
            end = Tail();
        if (end.Length <= bytes)
            return Evidence.Readable(end);
        ReadOnlySpan<byte> last = end.AsSpan(end.Length - bytes);
        int newline = last.IndexOf((byte)'\n');
        return Evidence.Readable(newline >= 0 && newline < last.Length - 1 ? last[(newline + 1)..] : last);
    }

    private byte[] Tail()
    {
        long written = Length - headLength;
        if (written <= TailBytes)
            return tail[..(int)Math.Max(0, written)];
        int at = (int)(written % TailBytes);
        return [.. tail.AsSpan(at), .. tail.AsSpan(0, at)];
    }
}
