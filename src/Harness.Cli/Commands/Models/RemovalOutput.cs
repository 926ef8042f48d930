using System.Text.Json;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary>Tells what goes out of the cache, before and after.</summary>
internal static class RemovalOutput
{
    /// <summary>Says what would go.</summary>
    public static void Show(CacheRemoval removal)
    {
        string what = removal.Whole ? "all of it" : removal.Revisions.Count > 0
            ? "revision " + string.Join(", ", removal.Revisions.Select(r => r.Refs.Count > 0 ? $"{string.Join(", ", r.Refs)} ({Short(r.Commit)})" : Short(r.Commit)))
            : "";
        int partial = removal.Blobs.Count(b => b.Path.EndsWith(".incomplete", StringComparison.Ordinal));
        int blobs = removal.Blobs.Count - partial;
        string[] parts =
        [
            .. what.Length > 0 ? new[] { what } : [], .. blobs > 0 ? new[] { Amounts.Of(blobs, "blob") } : [],
            .. partial > 0 ? new[] { Amounts.Of(partial, "unfinished download") } : [],
        ];
        Console.Out.WriteLine($"{removal.Repo.Repo}: {string.Join(", ", parts)}; frees {Amounts.Bytes(removal.Bytes)}");
    }

    /// <summary>Writes what goes or went.</summary>
    public static void Write(Utf8JsonWriter writer, CacheRemoval removal, bool removed)
    {
        writer.WriteString("repo", removal.Repo.Repo);
        writer.WriteBoolean("removed", removed);
        writer.WriteBoolean("whole", removal.Whole);
        writer.WriteStartArray("revisions");
        foreach (CachedRevision revision in removal.Revisions) writer.WriteStringValue(revision.Commit);
        writer.WriteEndArray();
        writer.WriteStartArray("blobs");
        foreach (CachedBlob blob in removal.Blobs) writer.WriteStringValue(blob.Path);
        writer.WriteEndArray();
        writer.WriteNumber("bytes", removal.Bytes);
    }

    private static string Short(string commit) => commit.Length > 8 ? commit[..8] : commit;
}
