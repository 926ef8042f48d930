using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Harness.Receipts.Comparisons;

namespace Harness.Receipts;

/// <summary>Receipts, comparisons and runs as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Receipt))]
[JsonSerializable(typeof(Comparison))]
[JsonSerializable(typeof(RunRecord))]
internal sealed partial class ReceiptJsonContext : JsonSerializerContext;

/// <summary>Reads and writes receipts and comparisons, with ids that are the digest of their canonical JSON.</summary>
public static class ReceiptJson
{
    /// <summary>The receipt with its id.</summary>
    /// <param name="receipt">A receipt; its id is ignored.</param>
    public static Receipt WithId(Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        return receipt with { Id = Digest(ToNode(receipt)) };
    }

    /// <summary>The comparison with its id.</summary>
    /// <param name="comparison">A comparison; its id is ignored.</param>
    public static Comparison WithId(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return comparison with { Id = Digest(ToNode(comparison)) };
    }

    /// <summary>One canonical line, without its line break.</summary>
    /// <param name="receipt">A receipt with its id.</param>
    public static string Line(Receipt receipt) => CanonicalJson.Write(ToNode(receipt));

    /// <inheritdoc cref="Line(Receipt)"/>
    /// <param name="comparison">A comparison with its id.</param>
    public static string Line(Comparison comparison) => CanonicalJson.Write(ToNode(comparison));

    /// <inheritdoc cref="Line(Receipt)"/>
    /// <param name="run">A run.</param>
    public static string Line(RunRecord run) =>
        CanonicalJson.Write(JsonSerializer.SerializeToNode(run, ReceiptJsonContext.Default.RunRecord));

    /// <summary>Reads one line and checks its id.</summary>
    /// <param name="line">The line.</param>
    /// <returns>The receipt.</returns>
    /// <exception cref="ReceiptException">It is not a receipt, is of a newer layout, or was changed.</exception>
    public static Receipt ParseReceipt(string line)
    {
        JsonObject node = ParseObject(line);
        CheckVersion(node, Receipt.CurrentSchemaVersion);
        CheckId(node);
        return Deserialize(() => node.Deserialize(ReceiptJsonContext.Default.Receipt));
    }

    /// <inheritdoc cref="ParseReceipt"/>
    public static Comparison ParseComparison(string line)
    {
        JsonObject node = ParseObject(line);
        CheckVersion(node, Comparison.CurrentSchemaVersion);
        CheckId(node);
        return Deserialize(() => node.Deserialize(ReceiptJsonContext.Default.Comparison));
    }

    /// <summary>Reads a run.</summary>
    /// <param name="line">The line.</param>
    public static RunRecord ParseRun(string line)
    {
        JsonObject node = ParseObject(line);
        return Deserialize(() => node.Deserialize(ReceiptJsonContext.Default.RunRecord));
    }

    internal static JsonObject ToNode(Receipt receipt) =>
        JsonSerializer.SerializeToNode(receipt, ReceiptJsonContext.Default.Receipt)!.AsObject();

    private static JsonObject ToNode(Comparison comparison) =>
        JsonSerializer.SerializeToNode(comparison, ReceiptJsonContext.Default.Comparison)!.AsObject();

    internal static string Digest(JsonObject node)
    {
        var bare = (JsonObject)node.DeepClone();
        bare.Remove("id");
        return CanonicalJson.Sha256(bare);
    }

    private static JsonObject ParseObject(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject ?? throw new ReceiptException("The line is JSON, but not an object.");
        }
        catch (JsonException e)
        {
            throw new ReceiptException($"The line is not JSON: {e.Message}", e);
        }
        catch (ArgumentException e)
        {
            throw new ReceiptException($"The line names a member twice: {e.Message}", e);
        }
    }

    private static void CheckVersion(JsonObject node, int newest)
    {
        if (node["schemaVersion"] is not JsonValue value || !value.TryGetValue(out int version))
            throw new ReceiptException("There is no schemaVersion.");
        if (version < 1 || version > newest)
            throw new ReceiptException($"schemaVersion {version} is not known here (newest {newest}); a newer harness reads it.");
    }

    private static void CheckId(JsonObject node)
    {
        string? id = node["id"] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        string digest = Digest(node);
        if (id != digest) throw new ReceiptException($"The id is {id ?? "absent"}, but the content's digest is {digest}: the record was changed.");
    }

    private static T Deserialize<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read() ?? throw new ReceiptException("The record is null.");
        }
        catch (JsonException e)
        {
            throw new ReceiptException($"The record does not fit its schema: {e.Message}", e);
        }
    }

    /// <summary>Bytes as text, with replacement characters where they are not UTF-8.</summary>
    /// <param name="bytes">The bytes.</param>
    public static string Readable(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}

/// <summary>A record that cannot be read.</summary>
public sealed class ReceiptException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">What caused it.</param>
    public ReceiptException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
