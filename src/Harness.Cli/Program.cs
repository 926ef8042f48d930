using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;
using Harness.Cli;
using Harness.Cli.Commands;

// A worker is started for each variant and backend: it must not pay for the command line's libraries.
return args is ["worker", .. var engine] ? WorkerCommand.Run(engine) : CommandLine(args);

[MethodImpl(MethodImplOptions.NoInlining)]
static int CommandLine(string[] args)
{
    ParseResult parsed = HarnessCommand.Create().Parse(args);
    // Its own way of reporting ends with status 1, which here means that something expected to work did not.
    return parsed.Action is ParseErrorAction ? CommandLineErrors.Report(parsed, Console.Error) : parsed.InvokeAsync().GetAwaiter().GetResult();
}
