using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>A <c>matrix.yaml</c>: profiles over a catalogue.</summary>
public sealed class MatrixFile
{
    /// <summary>The word that means each model's default quantizations.</summary>
    internal const string DefaultQuants = "default";

    private readonly IReadOnlyList<Profile> _profiles;

    private MatrixFile(string path, string catalogueDirectory, IReadOnlyList<Profile> profiles)
    {
        Path = path;
        CatalogueDirectory = catalogueDirectory;
        _profiles = profiles;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The catalogue it is about: <c>matrix/</c> beside the file unless it says otherwise.</summary>
    public string CatalogueDirectory { get; }

    /// <summary>The profiles, in the order of the file.</summary>
    public IReadOnlyList<Profile> Profiles => _profiles;

    /// <summary>Reads a matrix by itself; names are checked against the catalogue by <see cref="LoadedMatrix.Load"/>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="MatrixException">With every mistake found in it.</exception>
    public static MatrixFile Load(string path)
    {
        DiagnosticBag bag = new();
        MatrixFile? file = Read(path, bag);
        bag.ThrowIfAny();
        return file!;
    }

    /// <summary>Finds a profile.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="MatrixException">There is none of this name.</exception>
    public Profile FindProfile(string name) =>
        _profiles.FirstOrDefault(profile => profile.Name == name)
        ?? throw new MatrixException(new Diagnostic(
            $"unknown profile {Wording.Quote(name)}", Wording.NearestOf(name, _profiles.Select(profile => profile.Name).ToArray()), Path, Field: "--profile"));

    internal static MatrixFile? Read(string path, DiagnosticBag bag)
    {
        if (YamlText.Read(path, path, bag) is not { } text) return null;
        if (YamlComposer.Compose(text, path, bag) is not { } root) return null;
        if (FieldReader.Open(root, "", bag) is not { } reader) return null;
        string beside = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? ".";
        string catalogue = reader.Text("catalogue") is { } named ? System.IO.Path.GetFullPath(named, beside) : System.IO.Path.Combine(beside, "matrix");
        RunOptions options = RunOptions.Read(reader.Map("options"), RunOptions.Default);
        List<Profile> profiles = [];
        YamlNode? node = reader.RequiredNode("profiles", "{ default: … }");
        foreach ((ScalarNode key, YamlNode value) in reader.Entries("profiles"))
        {
            if (!CatalogueName.IsOne(key.Value)) bag.Add(key.Mark, "profiles", $"{Wording.Quote(key.Value)} is no name of a profile", CatalogueName.Rule);
            if (FieldReader.Open(value, "profiles." + key.Value, bag) is { } profile) profiles.Add(ReadProfile(key.Value, profile, options));
        }

        if (node is MapNode { Entries.Count: 0 }) reader.Report("profiles", "there is no profile", "describe at least one, named default");
        reader.Finish();
        return new(path, catalogue, profiles);
    }

    internal void CheckNames(Catalogue catalogue, DiagnosticBag bag)
    {
        CatalogueNames names = new(catalogue);
        string[] quants = [.. Quantization.Names, DefaultQuants];
        foreach (Profile profile in _profiles)
        {
            string path = "profiles." + profile.Name;
            foreach (ProfileBlock block in profile.Blocks)
            {
                CatalogueNames.Check(bag, "model", names.Models, block.Models, path + ".models");
                CatalogueNames.Check(bag, "quantization", quants, block.Quants, path + ".quants");
                CatalogueNames.Check(bag, "backend", names.Backends, block.Backends, path + ".backends");
                CatalogueNames.Check(bag, "hardware", names.Hardware, block.Hardware, path + ".hardware");
            }

            foreach (CellPattern exclude in profile.Exclude) names.Check(bag, exclude);
            CatalogueNames.Check(bag, "prompt", names.Prompts, profile.Prompts, path + ".prompts");
        }
    }

    private static Profile ReadProfile(string name, FieldReader reader, RunOptions options)
    {
        string? description = reader.Text("description");
        ProfileBlock own = ReadBlock(reader, null);
        List<ProfileBlock> blocks = [own];
        foreach (FieldReader item in reader.Maps("include"))
        {
            blocks.Add(ReadBlock(item, own));
            item.Finish();
        }

        List<CellPattern> exclude = [];
        foreach (FieldReader item in reader.Maps("exclude"))
        {
            exclude.Add(CellPattern.Read(item));
            item.Finish();
        }

        Profile profile = new(
            name, description, blocks, exclude, reader.Globs("prompts") ?? [Glob.Everything], RunOptions.Read(reader.Map("options"), options));
        reader.Finish();
        return profile;
    }

    /// <summary>Reads a block; an included one takes the lists it does not write from the profile's own.</summary>
    private static ProfileBlock ReadBlock(FieldReader reader, ProfileBlock? own) => new(
        reader.Globs("models", required: true, example: "[nano]") ?? [],
        reader.Globs("quants", required: own is null, example: "[Q4_K_M]") ?? own?.Quants ?? [],
        reader.Globs("backends", required: own is null, example: "[builtin]") ?? own?.Backends ?? [],
        reader.Globs("hardware", required: own is null, example: "[cpu]") ?? own?.Hardware ?? []);
}
