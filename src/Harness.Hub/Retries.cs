using System.Globalization;

namespace Harness.Hub;

/// <summary>Tries again with growing pauses, as long as that has a point.</summary>
internal sealed class Retries(HubOptions options)
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(8);

    /// <summary>Runs <paramref name="attempt"/> until it succeeds or fails for good.</summary>
    /// <param name="attempt">One try; a <see cref="TransientException"/> asks for another.</param>
    /// <param name="progressed">Whether the last try got somewhere; that starts the count of tries anew.</param>
    /// <param name="note">Told before each pause.</param>
    /// <param name="cancellation">Ends it all.</param>
    /// <returns>What the successful try returned.</returns>
    public async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> attempt, Func<bool>? progressed, Action<string>? note, CancellationToken cancellation)
    {
        for (int failures = 0; ;)
        {
            TransientException failure;
            try
            {
                return await attempt(cancellation).ConfigureAwait(false);
            }
            catch (TransientException e)
            {
                failure = e;
            }

            failures = progressed?.Invoke() == true ? 1 : failures + 1;
            if (failures >= Math.Min(options.Attempts, failure.Attempts ?? int.MaxValue))
                throw Final(failure.Final, failures);
            TimeSpan pause = failure.Asked ?? Backoff(failures);
            if (pause > options.LongestWait)
                throw new HubException(
                    failure.Final.Failure,
                    string.Create(CultureInfo.InvariantCulture, $"{failure.Final.What}; the hub asks to wait {pause.TotalSeconds:0} s, this client waits {options.LongestWait.TotalSeconds:0} s at most"),
                    failure.Final.Where, failure.Final.Advice, failure.Final);
            note?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{failure.Final.What}; trying again in {pause.TotalSeconds:0.#} s"));
            await Task.Delay(pause, cancellation).ConfigureAwait(false);
        }
    }

    private TimeSpan Backoff(int failures)
    {
        double milliseconds = Math.Min(
            options.RetryDelay.TotalMilliseconds * Math.Pow(2, failures - 1), LongestBackoff.TotalMilliseconds);
        // Half of it is random, so that many clients do not come back in step.
        return TimeSpan.FromMilliseconds(milliseconds * (0.5 + 0.5 * Random.Shared.NextDouble()));
    }

    private static HubException Final(HubException failure, int tries) => tries <= 1 ? failure : new HubException(
        failure.Failure, string.Create(CultureInfo.InvariantCulture, $"{failure.What} ({tries} tries)"),
        failure.Where, failure.Advice, failure);
}
