using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads <c>matrix/backends/ENGINE.yaml</c>.</summary>
internal static class BackendFile
{
    private static readonly string[] Registries = ["npm"];

    /// <summary>Platforms the harness knows by name: .NET's operating system and processor names.</summary>
    private static readonly string[] KnownPlatforms =
        ["linux-x64", "linux-arm64", "linux-musl-x64", "linux-musl-arm64", "win-x64", "win-arm64", "osx-x64", "osx-arm64"];

    public static void Read(YamlNode root, DiagnosticBag bag, Action<BackendEntry, SourceMark> add)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        string engine = CatalogueName.Read(file, "engine", "llama.cpp");
        string? description = file.Text("description");
        IReadOnlyList<string> hardware = Words(file, "hardware", HardwareEntry.KnownApis);
        List<Distribution> distributions = Distributions(file, hardware);
        List<BackendBuild> builds = Builds(file, engine, distributions);
        IReadOnlyList<string> platforms;
        if (builds.Count > 0)
        {
            if (file.Has("platforms")) file.Report("platforms", "an engine with builds takes its platforms from its packages", "remove the field");
            platforms = builds.SelectMany(build => build.Platforms).Distinct().ToArray();
        }
        else
        {
            platforms = Words(file, "platforms", KnownPlatforms);
            builds = [new(new(engine), hardware, platforms, [])];
        }

        file.Finish();
        if (engine.Length > 0) add(new(engine, description, hardware, platforms, builds), file.Mark);
    }

    private static string[] Words(FieldReader reader, string field, IReadOnlyCollection<string> allowed)
    {
        List<string> words = [];
        foreach ((string word, SourceMark mark) in reader.Words(field, required: true, example: "[" + allowed.First() + "]"))
        {
            if (allowed.Contains(word)) words.Add(word);
            else reader.Bag.AddUnknown(mark, reader.PathOf(field), field == "platforms" ? "platform" : field, word, allowed);
        }

        return words.Distinct().ToArray();
    }

    private static List<Distribution> Distributions(FieldReader file, IReadOnlyList<string> engineHardware)
    {
        List<Distribution> found = [];
        foreach (FieldReader reader in file.Maps("distributions"))
        {
            string id = CatalogueName.Read(reader, "id", "node-llama-cpp");
            string registry = reader.Choice("registry", Registries, null) ?? "";
            IReadOnlyList<string> hardware = Words(reader, "hardware", engineHardware.Count > 0 ? engineHardware : HardwareEntry.KnownApis);
            List<Published> packages = [];
            reader.RequiredNode("packages", "{ linux-x64: package-name }");
            foreach ((ScalarNode key, YamlNode value) in reader.Entries("packages"))
            {
                string path = reader.PathOf("packages") + "." + key.Value;
                if (!KnownPlatforms.Contains(key.Value))
                {
                    reader.Bag.AddUnknown(key.Mark, path, "platform", key.Value, KnownPlatforms);
                    continue;
                }

                if (value is ScalarNode { IsNull: false } name) packages.Add(new(key.Value, name.Value, false));
                else if (FieldReader.Open(value, path, reader.Bag) is { } package)
                {
                    packages.Add(new(key.Value, package.RequiredText("package", "\"@node-llama-cpp/linux-x64\""), package.Flag("unverified")));
                    package.Finish();
                }
            }

            reader.Finish();
            if (found.Any(other => other.Id == id)) reader.Report("id", $"the distribution '{id}' is described twice", "give one of the two another id");
            else if (id.Length > 0) found.Add(new(id, registry, hardware, packages));
        }

        return found;
    }

    private static List<BackendBuild> Builds(FieldReader file, string engine, List<Distribution> distributions)
    {
        List<BackendBuild> builds = [];
        HashSet<BackendVersion> seen = [];
        foreach (FieldReader reader in file.Maps("builds"))
        {
            string text = reader.RequiredText("version", "v0.5.0");
            bool unverified = reader.Flag("unverified");
            List<BackendPackage> packages = [];
            foreach ((ScalarNode key, YamlNode value) in reader.Entries("releases"))
            {
                string path = reader.PathOf("releases") + "." + key.Value;
                if (distributions.Find(distribution => distribution.Id == key.Value) is not { } from)
                {
                    reader.Bag.AddUnknown(key.Mark, path, "distribution", key.Value, distributions.ConvertAll(distribution => distribution.Id));
                    continue;
                }

                if (value is not ScalarNode { IsNull: false } release || release.Value.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '+')))
                {
                    reader.Bag.Add(value.Mark, path, "this is no package version", "write the version as the registry has it, as in 3.22.1");
                    continue;
                }

                packages.AddRange(from.Packages.Select(package => new BackendPackage(
                    from.Id, from.Registry, package.Name, release.Value, package.Platform, from.Hardware, unverified || package.Unverified)));
            }

            if (!reader.Has("releases")) reader.RequiredNode("releases", "{ node-llama-cpp: 3.22.1 }");
            reader.Finish();
            if (text.Length == 0) continue;
            if (!BackendVersion.TryParse(text, out BackendVersion version))
                reader.Report("version", $"{Wording.Quote(text)} is no backend version", "write it as b8390 or v0.5.0");
            else if (!seen.Add(version))
                reader.Report("version", $"the build {text} is listed twice", "keep one of the two");
            else
                builds.Add(new(
                    new(engine, version),
                    packages.SelectMany(package => package.Hardware).Distinct().ToArray(),
                    packages.Select(package => package.Platform).Distinct().ToArray(),
                    packages));
        }

        builds.Sort((a, b) => a.Id.CompareTo(b.Id));
        return builds;
    }

    private sealed record Distribution(string Id, string Registry, IReadOnlyList<string> Hardware, List<Published> Packages);

    private sealed record Published(string Platform, string Name, bool Unverified);
}
