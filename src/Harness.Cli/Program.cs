using Harness.Cli;

return await HarnessCommand.Create().Parse(args).InvokeAsync().ConfigureAwait(false);
