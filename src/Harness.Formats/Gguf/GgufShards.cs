using System.Globalization;

namespace Harness.Formats.Gguf;

/// <summary>Finds the files of a split model and checks that they belong together.</summary>
internal static class GgufShards
{
    public const string NumberKey = "split.no";
    public const string CountKey = "split.count";
    public const string TensorCountKey = "split.tensors.count";

    /// <summary>The paths of all shards of the model that a file belongs to; the path itself when it is whole.</summary>
    public static string[] Locate(string path, GgufHeader header)
    {
        int count = CountOf(header, path);
        if (count <= 1)
            return [path];

        string folder = Path.GetDirectoryName(path) ?? string.Empty;
        string fileName = Path.GetFileName(path);
        GgufShardName? name = GgufShardName.TryParse(fileName);
        if (name is null || name.Count != count)
        {
            throw new GgufException(
                $"the file is one of {Text(count)} shards, but its name does not say which",
                path,
                $"Shards are named like 'name-00001-of-{count:D5}.gguf'; give the files their names back.");
        }

        var paths = new string[count];
        for (int i = 0; i < count; i++)
        {
            paths[i] = i + 1 == name.Number ? path : Path.Combine(folder, (name with { Number = i + 1 }).ToString());
            if (!File.Exists(paths[i]))
            {
                throw new GgufException(
                    $"shard {Text(i + 1)} of {Text(count)} is missing",
                    paths[i],
                    "Download it into the same folder; all shards are needed.");
            }
        }

        return paths;
    }

    /// <summary>Checks headers that were read each by itself: their number, their places, their tensors.</summary>
    public static void CheckAll(IReadOnlyList<GgufHeader> headers, IReadOnlyList<string> names)
    {
        int count = CountOf(headers[0], names[0]);
        if (count != headers.Count && (count > 1 || headers.Count > 1))
        {
            throw new GgufException(
                $"the file says it is one of {Text(count)} shards, but there are {Text(headers.Count)}", names[0],
                "Download all of them into the same folder; their names end in -00001-of-0000N.gguf.");
        }

        if (headers.Count == 1)
            return;
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < headers.Count; i++)
        {
            Check(headers[i], i, headers[0], names[i]);
            foreach (GgufTensor tensor in headers[i].Tensors)
            {
                if (!holders.TryAdd(tensor.Name, names[i]))
                {
                    throw new GgufException(
                        $"the tensor '{tensor.Name}' is there twice: in {holders[tensor.Name]} and in {names[i]}", names[i],
                        "The shards are of different models; download them again.");
                }
            }
        }

        CheckTotal([.. headers], names[0]);
    }

    /// <summary>Checks that a shard says it is the one its name says.</summary>
    public static void Check(GgufHeader shard, int index, GgufHeader first, string path)
    {
        int number = shard.Metadata.TryGetNumber(NumberKey, out int n) ? n : 0;
        if (number != index || CountOf(shard, path) != CountOf(first, path))
        {
            throw new GgufException(
                $"the file says it is shard {Text(number + 1)} of {Text(CountOf(shard, path))}, its name says otherwise",
                path,
                "The files were renamed or are of different models; download them again.");
        }
    }

    /// <summary>Checks that the shards together have as many tensors as the first says.</summary>
    public static void CheckTotal(GgufHeader[] shards, string path)
    {
        long found = shards.Sum(s => (long)s.Tensors.Count);
        if (shards[0].Metadata.TryGetNumber(TensorCountKey, out long expected) && expected != found)
        {
            throw new GgufException(
                $"the shards hold {Text(found)} tensors, but {Text(expected)} are expected", path, "The shards are of different models; download them again.");
        }
    }

    private static int CountOf(GgufHeader header, string path)
    {
        try
        {
            return header.Metadata.TryGetNumber(CountKey, out ushort count) ? count : 1;
        }
        catch (GgufException exception)
        {
            throw exception.In(path);
        }
    }

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
