using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Harness.Receipts;

/// <summary>
/// Takes secrets and private names out of everything that is about to be written: a receipt is public for ever.
/// What a model was given and what it said (<c>promptText</c>, <c>text</c>, <c>bytes</c>) is left as it is.
/// </summary>
public sealed partial class Redactor
{
    private static readonly HashSet<string> GenericNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "root", "user", "admin", "runner", "build", "ubuntu", "debian", "localhost", "home", "default", "public", "nobody", "system",
    };

    private static readonly HashSet<string> Verbatim = ["promptText", "backendPrompt", "text", "bytes", "id", "sha256"];

    private readonly List<(string Text, string Replacement)> _literals = [];
    private readonly List<Regex> _names = [];

    /// <summary>Creates a redactor.</summary>
    /// <param name="secrets">Tokens, whatever their form.</param>
    /// <param name="folders">Folders and what stands for them, as <c>~</c> or <c>$HARNESS_HOME</c>.</param>
    /// <param name="names">User and host names.</param>
    public Redactor(
        IEnumerable<string> secrets, IEnumerable<KeyValuePair<string, string>> folders, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(folders);
        ArgumentNullException.ThrowIfNull(names);
        foreach (string secret in secrets)
            if (secret.Length >= 4) _literals.Add((secret, "[token]"));
        // The longest folder first: a cache lies inside the home directory.
        foreach ((string folder, string replacement) in folders.OrderByDescending(f => f.Key.Length))
        {
            string trimmed = folder.TrimEnd('/', '\\');
            if (trimmed.Length > 1) _literals.Add((trimmed, replacement));
        }

        foreach (string name in names.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (name.Length < 3 || GenericNames.Contains(name)) continue;
            _names.Add(new Regex($@"(?<![\w-]){Regex.Escape(name)}(?![\w-])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant));
        }
    }

    /// <summary>A redactor for this machine: its home directory, user and host names, and the hub's tokens.</summary>
    /// <param name="folders">Further folders and what stands for them.</param>
    public static Redactor ForThisMachine(params KeyValuePair<string, string>[] folders)
    {
        string[] secretVariables = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "GITHUB_TOKEN"];
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return new Redactor(
            secretVariables.Select(Environment.GetEnvironmentVariable).OfType<string>(),
            home.Length > 1 ? [.. folders, KeyValuePair.Create(home, "~")] : folders,
            [Environment.UserName, Environment.MachineName]);
    }

    /// <summary>Takes private text out of one string.</summary>
    /// <param name="text">The string.</param>
    public string Redact(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach ((string literal, string replacement) in _literals)
            text = text.Replace(literal, replacement, StringComparison.Ordinal);
        text = HubToken().Replace(text, "[token]");
        text = Bearer().Replace(text, "$1[token]");
        text = HomeFolder().Replace(text, "~");
        foreach (Regex name in _names) text = name.Replace(text, "[name]");
        return text;
    }

    /// <summary>The receipt without private text, with its id made anew.</summary>
    /// <param name="receipt">A receipt.</param>
    public Receipt Redact(Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        JsonObject node = ReceiptJson.ToNode(receipt);
        RedactNode(node);
        node["id"] = ReceiptJson.Digest(node);
        return ReceiptJson.ParseReceipt(CanonicalJson.Write(node));
    }

    private void RedactNode(JsonNode node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach ((string name, JsonNode? value) in members.ToArray())
                {
                    if (Verbatim.Contains(name)) continue;
                    if (value is JsonValue leaf && leaf.TryGetValue(out string? text)) members[name] = Redact(text);
                    else if (value is not null) RedactNode(value);
                }

                break;
            case JsonArray items:
                for (int i = 0; i < items.Count; i++)
                {
                    if (items[i] is JsonValue leaf && leaf.TryGetValue(out string? text)) items[i] = Redact(text);
                    else if (items[i] is { } item) RedactNode(item);
                }

                break;
        }
    }

    [GeneratedRegex(@"\bhf_[A-Za-z0-9]{8,}")]
    private static partial Regex HubToken();

    [GeneratedRegex(@"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}")]
    private static partial Regex Bearer();

    [GeneratedRegex(@"(?:/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s""':]+")]
    private static partial Regex HomeFolder();
}
