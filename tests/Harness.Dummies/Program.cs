using Harness.Dummies;

// A worker that misbehaves in one chosen way, so that the supervisor meets real processes and no mocks.
if (args.Length == 0)
{
    Console.Error.WriteLine("error: no behaviour given\n  dummies BEHAVIOUR [ARGUMENT]\n  see Behaviours.cs");
    return 2;
}

return args[0] switch
{
    "supervise" => await Supervise.RunAsync(args[1..]).ConfigureAwait(false),
    "measure" => await Measure.RunAsync(args[1..]).ConfigureAwait(false),
    _ => Behaviours.Run(args[0], args.Length > 1 ? args[1] : ""),
};
