using Harness.Hub;
using Harness.Workers.Backends;

namespace Harness.Cli;

/// <summary>How commands reach the hub: by the official clients' variables, remembering in the harness's home what was verified.</summary>
internal static class HubSettings
{
    /// <summary>Reads the variables.</summary>
    /// <param name="offline">Whether the command line forbids the network.</param>
    /// <exception cref="HubException">A variable is malformed.</exception>
    public static HubOptions Read(bool offline)
    {
        HubOptions options = HubOptions.FromEnvironment();
        return options with { Offline = options.Offline || offline, VerifiedDirectory = Path.Combine(HarnessHome.Locate(), "verified") };
    }
}
