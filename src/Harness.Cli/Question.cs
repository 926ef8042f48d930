namespace Harness.Cli;

/// <summary>Asks before something is lost.</summary>
internal static class Question
{
    /// <summary>Asks for a yes on the terminal.</summary>
    /// <param name="question">The question, without its mark.</param>
    /// <param name="yes">Whether the command line answered already.</param>
    /// <returns>Whether the answer is yes.</returns>
    /// <exception cref="CommandException">There is nobody to ask.</exception>
    public static bool IsAnsweredYes(string question, bool yes)
    {
        if (yes) return true;
        if (Console.IsInputRedirected)
            throw new CommandException(ExitStatus.Usage, "nothing was removed: there is no terminal to ask for a yes", null, "Run it again with --yes.");
        Console.Error.Write($"{question}? [y/N] ");
        return Console.In.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
