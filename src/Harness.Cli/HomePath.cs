namespace Harness.Cli;

/// <summary>Paths as they may be shown and passed on: without the user's name.</summary>
internal static class HomePath
{
    /// <summary>Writes the home directory as <c>~</c>.</summary>
    /// <param name="path">A full path.</param>
    public static string Shorten(string path)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 1 && path.StartsWith(home + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? "~" + path[home.Length..] : path;
    }
}
