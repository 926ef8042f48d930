using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads the <c>conversations</c> of a file of prompts.</summary>
internal static class ConversationFields
{
    private static readonly string[] Roles = ["system", "user", "assistant"];

    public static void Read(FieldReader file, Action<ConversationEntry, SourceMark> add)
    {
        foreach (FieldReader reader in file.Maps("conversations"))
        {
            ConversationEntry entry = new(
                CatalogueName.Read(reader, "id", "chat-one-plus-one"),
                Messages(reader),
                reader.RequiredInteger("max-tokens", 1, 1_000_000, "16"),
                reader.Globs("models", required: true, example: "[nano]") ?? []);
            reader.Finish();
            if (entry.Id.Length > 0 && entry.Messages.Count > 0) add(entry, reader.Mark);
        }
    }

    private static List<ConversationMessage> Messages(FieldReader reader)
    {
        List<ConversationMessage> messages = [];
        foreach (FieldReader message in reader.Maps("messages", required: true))
        {
            foreach (string role in Roles)
                if (message.Text(role) is { } text) messages.Add(new ConversationMessage(role, text));
            message.Finish();
        }

        if (messages.Count == 0) reader.Report("messages", "no message has a role and a text", "write '- user: What is 1+1?'");
        return messages;
    }
}
