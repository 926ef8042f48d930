using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Harness.LoopbackHub;

/// <summary>Sends files: ranges, throttle, and the faults a body can have.</summary>
internal sealed class FileBody(int bytesPerSecond, CancellationToken stopping)
{
    public async Task WriteAsync(HttpContext context, string diskPath, Fault? fault)
    {
        HttpResponse response = context.Response;
        using FileStream file = File.OpenRead(diskPath);
        long size = file.Length + fault?.Kind switch
        {
            FaultKind.Shorter => -fault.Bytes,
            FaultKind.Longer => fault.Bytes,
            _ => 0,
        };
        long from = 0, to = size - 1;
        response.Headers.AcceptRanges = "bytes";
        if (fault?.Kind != FaultKind.IgnoreRange
            && RangeHeaderValue.TryParse(context.Request.Headers.Range.FirstOrDefault(), out RangeHeaderValue? range)
            && range is { Unit: "bytes", Ranges.Count: 1 })
        {
            RangeItemHeaderValue item = range.Ranges.Single();
            from = item.From ?? Math.Max(0, size - item.To!.Value);
            to = item.From is null ? size - 1 : Math.Min(item.To ?? size - 1, size - 1);
            if (from >= size)
            {
                response.StatusCode = 416;
                response.Headers.ContentRange = $"bytes */{size}";
                return;
            }
            if (fault?.Kind == FaultKind.WrongRange)
                from++;
            response.StatusCode = 206;
            response.Headers.ContentRange = $"bytes {from}-{to}/{size}";
        }
        if (fault?.Kind != FaultKind.EndEarly)
            response.ContentLength = to - from + 1;
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
        byte[] buffer = new byte[bytesPerSecond > 0 ? Math.Clamp(bytesPerSecond / 20, 1, 1 << 20) : 256 << 10];
        file.Position = Math.Min(from, file.Length);
        long left = to - from + 1, sent = 0;
        await response.StartAsync(ending.Token);
        while (left > 0)
        {
            int wanted = (int)Math.Min(buffer.Length, left);
            if (fault?.Kind is FaultKind.Drop or FaultKind.Stall or FaultKind.EndEarly)
                wanted = (int)Math.Min(wanted, fault.Bytes - sent);
            if (wanted == 0)
            {
                if (fault!.Kind == FaultKind.EndEarly)
                    return;
                await response.Body.FlushAsync(ending.Token);
                if (fault.Kind == FaultKind.Stall)
                    await Task.Delay(Timeout.Infinite, ending.Token);
                context.Abort();
                return;
            }
            int read = await file.ReadAtLeastAsync(buffer.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, ending.Token);
            buffer.AsSpan(read, wanted - read).Fill((byte)'x');
            long at = from + sent;
            if (fault?.Kind == FaultKind.FlipByte && fault.Bytes >= at && fault.Bytes < at + wanted)
                buffer[fault.Bytes - at] ^= 1;
            if (fault?.Kind == FaultKind.Replaced)
                foreach (ref byte value in buffer.AsSpan(0, wanted))
                    value ^= 0x5a;
            (left, sent) = (left - wanted, sent + wanted);
            ((LoggedRequest)context.Items[typeof(LoggedRequest)]!).Sent = sent;
            await response.Body.WriteAsync(buffer.AsMemory(0, wanted), ending.Token);
            if (bytesPerSecond > 0)
            {
                await response.Body.FlushAsync(ending.Token);
                await Task.Delay(TimeSpan.FromSeconds((double)wanted / bytesPerSecond), ending.Token);
            }
        }
    }

    public async Task WriteGarbageAsync(HttpContext context, long length)
    {
        context.Response.ContentType = "application/json";
        byte[] letters = new byte[64 << 10];
        letters.AsSpan().Fill((byte)'x');
        for (long left = length; left > 0; left -= letters.Length)
            await context.Response.Body.WriteAsync(letters.AsMemory(0, (int)Math.Min(left, letters.Length)), stopping);
    }
}
