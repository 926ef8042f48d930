using System.Text.Json;

namespace Harness.Cli;

/// <summary>JSON on standard output, and nothing else there.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n" };

    /// <summary>Writes an array with an object for each item.</summary>
    /// <param name="items">The items.</param>
    /// <param name="write">Writes the fields of one.</param>
    public static void WriteArray<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write) => Write(writer =>
    {
        writer.WriteStartArray();
        foreach (T item in items)
        {
            writer.WriteStartObject();
            write(writer, item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>Writes one object.</summary>
    /// <param name="fields">Writes its fields.</param>
    public static void WriteObject(Action<Utf8JsonWriter> fields) => Write(writer =>
    {
        writer.WriteStartObject();
        fields(writer);
        writer.WriteEndObject();
    });

    /// <summary>A time, in UTC, or null.</summary>
    public static void WriteTime(this Utf8JsonWriter writer, string name, DateTime? time)
    {
        if (time is { } value) writer.WriteString(name, value.ToUniversalTime());
        else writer.WriteNull(name);
    }

    private static void Write(Action<Utf8JsonWriter> act)
    {
        using Stream output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, Options)) act(writer);
        output.WriteByte((byte)'\n');
    }
}
