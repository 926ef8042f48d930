using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>What people know about a set of cells. Shown beside receipts, never part of them, and decides nothing.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Cells">The cells it is about.</param>
/// <param name="Text">What is known.</param>
/// <param name="Source">Who says so: a document or an address; or null.</param>
/// <param name="Unverified">Whether nobody saw it happen here.</param>
public sealed record KnownIssue(string Id, CellPattern Cells, string Text, string? Source, bool Unverified)
{
    internal static void ReadFile(YamlNode root, DiagnosticBag bag, Action<KnownIssue, SourceMark> add)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        foreach (FieldReader reader in file.Maps("issues", required: true))
        {
            KnownIssue issue = new(
                CatalogueName.Read(reader, "id", "raw-prompts"), CellPattern.Read(reader), reader.RequiredText("text", "…"), reader.Text("source"), reader.Flag("unverified"));
            reader.Finish();
            if (issue.Id.Length > 0) add(issue, reader.Mark);
        }

        file.Finish();
    }
}
