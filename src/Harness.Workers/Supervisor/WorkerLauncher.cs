using System.Collections;
using Harness.Workers.Processes;

namespace Harness.Workers;

/// <summary>
/// Starts workers. One lives as long as the workers it started may: on Linux, disposing it kills those that are left,
/// as the end of the harness would.
/// </summary>
public sealed class WorkerLauncher : IDisposable
{
    private readonly Spawner spawner = new();
    private readonly ParentDeath parentDeath = new();

    /// <summary>Starts a worker process. It has said nothing yet: <see cref="WorkerSession.HelloAsync"/> comes first.</summary>
    /// <param name="command">What to start.</param>
    /// <param name="limits">What it may take, or null for the defaults.</param>
    /// <returns>The conversation with it.</returns>
    /// <exception cref="WorkerException">
    /// <see cref="WorkerFailureCause.NotStarted"/>: there is no such program or directory, or the system refused.
    /// </exception>
    public WorkerSession Start(WorkerCommand command, WorkerLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        limits ??= new WorkerLimits();
        string program = ProgramSearch.Find(command.FileName)
            ?? throw NotStarted(command, $"there is no program {command.FileName}");
        if (command.WorkingDirectory is { } directory && !Directory.Exists(directory))
            throw NotStarted(command, $"there is no directory {directory}");
        OutOfMemoryCounters counters = OutOfMemoryCounters.Read();
        try
        {
            IChild child = spawner.Start(() => Start(program, command));
            return new WorkerSession(command, limits, child, new WorkerPump(child, limits, counters));
        }
        catch (Exception e) when (e is IOException or System.ComponentModel.Win32Exception)
        {
            throw NotStarted(command, e.Message, e);
        }
    }

    /// <summary>Lets go of the thread that started the workers.</summary>
    public void Dispose() => spawner.Dispose();

    private IChild Start(string program, WorkerCommand command)
    {
        IDictionary environment = Environment.GetEnvironmentVariables();
        environment[ParentDeath.Variable] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach ((string name, string? value) in command.Environment)
        {
            if (value is null)
                environment.Remove(name);
            else
                environment[name] = value;
        }

        if (OperatingSystem.IsWindows())
            return WindowsChild.Start(program, command.Arguments, environment, command.WorkingDirectory);
        string[] argv = [command.FileName, .. command.Arguments];
        if (OperatingSystem.IsLinux() && !command.EndsWithParent)
            (program, argv) = parentDeath.Wrap(program, argv);
        return UnixChild.Start(program, argv, environment, command.WorkingDirectory);
    }

    private static WorkerException NotStarted(WorkerCommand command, string why, Exception? inner = null) => new(
        new WorkerFailure(WorkerFailureKind.HarnessError, WorkerFailureCause.NotStarted,
            $"the worker could not be started: {why} (command: {command})"),
        inner);
}
