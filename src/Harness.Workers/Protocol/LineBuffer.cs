namespace Harness.Workers.Protocol;

/// <summary>Cuts a byte stream into lines and never holds more than one line's limit.</summary>
internal sealed class LineBuffer(int limit)
{
    private byte[] buffer = new byte[4096];
    private int length;

    /// <summary>Bytes of a line whose end has not come yet.</summary>
    public ReadOnlySpan<byte> Partial => buffer.AsSpan(0, length);

    /// <summary>True once a line outgrew the limit; nothing is read from then on.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>Takes bytes and hands over each line they complete, without its newline.</summary>
    /// <param name="bytes">What was read.</param>
    /// <param name="onLine">Gets each line; the span holds only during the call. False stops reading.</param>
    public void Append(ReadOnlySpan<byte> bytes, Func<ReadOnlySpan<byte>, bool> onLine)
    {
        while (!Overflowed && !bytes.IsEmpty)
        {
            int newline = bytes.IndexOf((byte)'\n');
            if (newline < 0)
            {
                Store(bytes);
                return;
            }

            ReadOnlySpan<byte> line = bytes[..newline];
            if (length > 0)
            {
                Store(line);
                line = Partial;
            }

            if (line.Length > limit)
                Overflowed = true;
            if (Overflowed)
                return;
            length = 0;
            bytes = bytes[(newline + 1)..];
            if (!onLine(line.TrimEnd((byte)'\r')))
                return;
        }
    }

    private void Store(ReadOnlySpan<byte> bytes)
    {
        if (length + bytes.Length > limit)
        {
            Overflowed = true;
            bytes = bytes[..(limit - length)];
        }

        if (length + bytes.Length > buffer.Length)
            Array.Resize(ref buffer, (int)Math.Min(limit, Math.Max(buffer.Length * 2L, length + bytes.Length)));
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }
}
