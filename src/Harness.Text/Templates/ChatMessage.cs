namespace Harness.Text.Templates;

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>What system and user texts are joined by where a template takes no system message.</summary>
    private const string Between = "\n\n";

    /// <summary>The conversation for a template that takes no system message: it becomes the beginning of the first user message.</summary>
    /// <param name="messages">The conversation.</param>
    /// <returns>The conversation without system messages; null when it has none to fold, or no user message to fold it into.</returns>
    public static IReadOnlyList<ChatMessage>? FoldSystem(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        string[] system = [.. messages.Where(message => message.Role == "system").Select(message => message.Content)];
        ChatMessage? first = messages.FirstOrDefault(message => message.Role == "user");
        if (system.Length == 0 || first is null) return null;
        return [.. messages.Where(message => message.Role != "system").Select(message => ReferenceEquals(message, first)
            ? message with { Content = string.Join(Between, [.. system, message.Content]) }
            : message)];
    }

    /// <summary>The variables of a conversation, as transformers gives them to a template.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="bosToken">The text of BOS, or empty.</param>
    /// <param name="eosToken">The text of EOS, or empty.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends where the assistant's answer begins.</param>
    public static TemplateVariables Variables(IReadOnlyList<ChatMessage> messages, string bosToken, string eosToken, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var list = new PyList([.. messages.Select(message => PyDict.Of([new("role", message.Role), new("content", message.Content)]))]);
        return TemplateVariables.Empty.WithValue("messages", list)
            .With("bos_token", bosToken).With("eos_token", eosToken).With("add_generation_prompt", addGenerationPrompt);
    }
}
