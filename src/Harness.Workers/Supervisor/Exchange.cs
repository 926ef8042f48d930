using System.Diagnostics;
using Harness.Workers.Protocol;

namespace Harness.Workers;

/// <summary>Output of a worker that breaks the protocol; the message quotes it.</summary>
internal sealed class ProtocolException(string message) : Exception(message);

/// <summary>One request on its way and what its answer is to become.</summary>
internal abstract class Exchange(WireRequest request, TimeSpan? limit)
{
    private readonly long startedAt = Stopwatch.GetTimestamp();

    public long Id { get; } = request.Id;

    public string Operation { get; } = request.Type;

    public TimeSpan? Limit { get; } = limit;

    public byte[] Line { get; } = WireJson.Line(request);

    /// <summary>Set from any thread: nobody waits for the answer any more.</summary>
    public CancellationToken Cancellation { get; set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(startedAt);

    /// <summary>Takes an event line. Throws <see cref="ProtocolException"/> for one that does not belong here.</summary>
    public abstract void OnEvent(WireReply reply);

    /// <summary>Takes the result, or throws <see cref="ProtocolException"/>.</summary>
    public abstract void Complete(WireResult result);

    public abstract void Fail(Exception failure);

    public abstract void Cancel();
}

/// <summary>A request whose result becomes a <typeparamref name="T"/>.</summary>
internal sealed class Exchange<T>(WireRequest request, TimeSpan? limit, Func<WireResult, T> read)
    : Exchange(request, limit)
{
    private readonly TaskCompletionSource<Answer<T>> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes a token line and the time since the request.</summary>
    public Action<WireReply, TimeSpan>? OnToken { get; init; }

    public Task<Answer<T>> Answer => completion.Task;

    public override void OnEvent(WireReply reply)
    {
        if (OnToken is null || reply.Event != "token")
            throw new ProtocolException($"sent an event \"{Evidence.Sentence(reply.Event ?? "", 40)}\" for {Operation}");
        OnToken(reply, Elapsed);
    }

    public override void Complete(WireResult result)
    {
        TimeSpan elapsed = Elapsed;
        completion.TrySetResult(new Answer<T>(read(result), elapsed));
    }

    public override void Fail(Exception failure) => completion.TrySetException(failure);

    public override void Cancel() => completion.TrySetCanceled(Cancellation);
}
