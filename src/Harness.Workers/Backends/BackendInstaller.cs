using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Harness.Workers.Backends;

/// <summary>
/// One installation, under the store's lock: fetch, check, unpack beside the target, then one rename. What an earlier
/// attempt left when it was killed is removed first.
/// </summary>
internal sealed partial class BackendInstaller(NpmClient npm, IProgress<string>? progress)
{
    /// <summary>Installs into a directory that is not there, or is there without a record.</summary>
    public async Task<InstalledBackend> InstallAsync(BackendSpec spec, string target, CancellationToken cancellation)
    {
        string engine = Path.GetDirectoryName(target)!;
        string prefix = $".{spec.Build}.incoming-";
        foreach (string left in Directory.EnumerateDirectories(engine, prefix + "*"))
            Directory.Delete(left, recursive: true);
        string work = Path.Combine(engine, prefix + Guid.NewGuid().ToString("N"));
        try
        {
            string files = Path.Combine(work, "files");
            Directory.CreateDirectory(files);
            var packages = new List<InstalledPackage>();
            foreach (BackendPackage package in spec.Packages)
                packages.Add(await FetchAsync(package, work, files, cancellation).ConfigureAwait(false));
            Record(spec, packages, files).Write(files);
            cancellation.ThrowIfCancellationRequested();
            // A directory without a record is a half-made one of some other hand: a rename needs the place free.
            if (Directory.Exists(target))
                Directory.Delete(target, recursive: true);
            Directory.Move(files, target);
            return BackendStore.Read(target)!;
        }
        finally
        {
            if (Directory.Exists(work))
                Directory.Delete(work, recursive: true);
        }
    }

    private async Task<InstalledPackage> FetchAsync(
        BackendPackage package, string work, string files, CancellationToken cancellation)
    {
        progress?.Report($"fetching {package.Name}@{package.Version} through npm");
        (string archive, string integrity) = await npm.PackAsync(package, work, cancellation).ConfigureAwait(false);
        progress?.Report($"checking and unpacking {package.Name}@{package.Version}");
        await VerifyAsync(package, archive, package.Integrity ?? integrity, cancellation).ConfigureAwait(false);
        await PackageArchive.ExtractAsync(archive, package.Name, files, cancellation).ConfigureAwait(false);
        File.Delete(archive);
        return new InstalledPackage("npm", package.Name, package.Version, package.Integrity ?? integrity);
    }

    private static async Task VerifyAsync(
        BackendPackage package, string archive, string integrity, CancellationToken cancellation)
    {
        const string Algorithm = "sha512-";
        if (!integrity.StartsWith(Algorithm, StringComparison.Ordinal))
            throw Corrupt(package, $"its integrity is not sha512: {integrity}");
        FileStream file = File.OpenRead(archive);
        await using (file.ConfigureAwait(false))
        {
            byte[] hash = await SHA512.HashDataAsync(file, cancellation).ConfigureAwait(false);
            string actual = Algorithm + Convert.ToBase64String(hash);
            if (!string.Equals(actual, integrity, StringComparison.Ordinal))
                throw Corrupt(package, $"its integrity is {actual}, promised was {integrity}");
        }
    }

    private static BackendProvenance Record(BackendSpec spec, List<InstalledPackage> packages, string files)
    {
        PackagedBuild? upstream = PackagedBuild.TryRead(files);
        if (upstream is not null && upstream.Release != spec.Build)
        {
            throw new BackendException(
                BackendFailure.Corrupt,
                $"{spec.Packages[0].Name}@{spec.Packages[0].Version} carries {spec.Engine} {upstream.Release}, not {spec.Build}",
                "Correct the build or the package version where the backend is listed.");
        }

        InstalledLibrary[] libraries = [.. Directory.EnumerateFiles(files, "*", SearchOption.AllDirectories)
            .Where(path => Library().IsMatch(path))
            .Select(path => new InstalledLibrary(
                Path.GetRelativePath(files, path).Replace(Path.DirectorySeparatorChar, '/'),
                new FileInfo(path).Length,
                LibraryDigest.OfFile(path)))
            .OrderBy(library => library.Name, StringComparer.Ordinal)];
        if (libraries.Length == 0)
        {
            throw new BackendException(
                BackendFailure.Corrupt, $"the packages of {spec.Id} hold no libraries for this platform",
                "Correct the package name where the backend is listed.");
        }

        string digest = LibraryDigest.Combine(libraries.Select(library => (library.Name, library.Sha256)));
        return new BackendProvenance(
            1, spec.Engine, spec.Build, packages, upstream, digest, libraries, DateTimeOffset.UtcNow);
    }

    private static BackendException Corrupt(BackendPackage package, string what) => new(
        BackendFailure.Corrupt, $"{package.Name}@{package.Version} is not what was promised: {what}",
        "Try again; if it persists, empty npm's cache with: npm cache clean --force");

    [GeneratedRegex(@"\.(so(\.[0-9]+)*|dylib|dll)$", RegexOptions.CultureInvariant)]
    private static partial Regex Library();
}
