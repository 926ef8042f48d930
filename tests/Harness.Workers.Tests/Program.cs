using Harness.Workers.Tests.LlamaCpp;

// The test assembly started as a program: llama.cpp in a process of its own, since two releases cannot share one
// and a test that makes it abort must not take the other tests along.
return EngineProgram.Run(args);
