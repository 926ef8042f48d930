using System.CommandLine;
using Harness.Workers.Memory;

namespace Harness.Cli.OneModel;

/// <summary><c>--kv TYPE</c>: how keys and values are stored.</summary>
internal sealed class CacheOption : Option<string>
{
    /// <summary>Makes the option.</summary>
    public CacheOption()
        : base("--kv")
    {
        Description = "How keys and values are stored: f16, or q8_0, which is half of it.";
        HelpName = "TYPE";
        DefaultValueFactory = _ => CacheFormats.NameOf(CacheFormat.F16);
    }

    /// <summary>What a command line chose.</summary>
    /// <exception cref="CommandException">It is none of those known.</exception>
    public CacheFormat Of(ParseResult parsed)
    {
        string text = parsed.GetRequiredValue(this);
        return CacheFormats.Find(text)
            ?? throw new CommandException(ExitStatus.Usage, $"'{text}' is no way to store keys and values that is known here", "--kv", $"Give {string.Join(" or ", CacheFormats.Names)}.");
    }
}
