// The parts of the template engine know each other.
global using Harness.Text.Templates.Builtins;
global using Harness.Text.Templates.Nodes;
global using Harness.Text.Templates.Rendering;
global using Harness.Text.Templates.Scoping;
global using Harness.Text.Templates.Values;
