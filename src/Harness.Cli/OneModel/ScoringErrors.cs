using System.Globalization;
using Harness.Runner.OneModel;
using Harness.Workers;

namespace Harness.Cli.OneModel;

/// <summary>Says what became of a scoring that failed, in words that name the model.</summary>
internal static class ScoringErrors
{
    /// <summary>Runs a scoring.</summary>
    /// <param name="model">The model, as a person knows it.</param>
    /// <param name="act">The scoring.</param>
    /// <exception cref="CommandException">It failed.</exception>
    public static async Task<T> GuardAsync<T>(string model, Func<Task<T>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (UnknownTokenException e)
        {
            throw new CommandException(
                ExitStatus.Usage, string.Create(CultureInfo.InvariantCulture, $"the token id {e.Id} is outside the vocabulary"), "--tokens",
                string.Create(CultureInfo.InvariantCulture, $"This model's ids go from 0 to {e.VocabularySize - 1}."));
        }
        catch (WorkerException e)
        {
            WorkerFailure failure = e.Failure;
            string backend = e.Data["backend"] is string name ? $"{name}: " : "";
            // An error it reported says what is wrong; how a process ended needs the kind of the end.
            string kind = failure.Cause == WorkerFailureCause.Reported ? "" : $"{failure.KindName}: ";
            string doubt = failure.Doubt is { } why ? $" ({why})" : "";
            throw new CommandException(
                failure.Kind == WorkerFailureKind.HarnessError ? ExitStatus.HarnessFailed : ExitStatus.Unexpected,
                $"{backend}{kind}{failure.Message}{doubt}", model, Remedy(failure.Kind));
        }
    }

    private static string Remedy(WorkerFailureKind kind) => kind switch
    {
        WorkerFailureKind.Unsupported => "Try another backend, or a model of another architecture or quantization.",
        WorkerFailureKind.Crash => "Try another backend; the model's file may be damaged, or the backend has a fault.",
        WorkerFailureKind.OutOfMemory => "Give fewer tokens or a smaller quantization, or free memory.",
        WorkerFailureKind.Timeout => "Give fewer tokens, or more threads.",
        WorkerFailureKind.HarnessError => "Check with 'harness doctor'.",
        _ => "Check that the file is whole; download or convert it again.",
    };
}
