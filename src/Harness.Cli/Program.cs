using System.Runtime.CompilerServices;
using Harness.Cli;
using Harness.Cli.Commands;

// A worker is started for each variant and backend: it must not pay for the command line's libraries.
return args is ["worker", .. var engine] ? WorkerCommand.Run(engine) : CommandLine(args);

[MethodImpl(MethodImplOptions.NoInlining)]
static int CommandLine(string[] args) => HarnessCommand.Run(args);
