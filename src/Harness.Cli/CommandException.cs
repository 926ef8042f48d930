namespace Harness.Cli;

/// <summary>A command that cannot go on.</summary>
/// <param name="status">The exit status.</param>
/// <param name="what">What was wrong, one sentence without a full stop.</param>
/// <param name="where">The option, argument or file; or null.</param>
/// <param name="remedy">What to do, or null.</param>
internal sealed class CommandException(int status, string what, string? where = null, string? remedy = null) : Exception(what)
{
    /// <summary>The exit status.</summary>
    public int Status => status;

    /// <summary>Where it went wrong.</summary>
    public string? Where => where;

    /// <summary>What to do.</summary>
    public string? Remedy => remedy;
}
