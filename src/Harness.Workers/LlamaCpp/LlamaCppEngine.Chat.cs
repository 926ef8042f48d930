using System.Runtime.InteropServices;
using System.Text;
using Harness.Text.Templates;

namespace Harness.Workers.LlamaCpp;

/// <content>
/// Chat templates, as llama.cpp's C interface applies them. It runs no Jinja: it looks into the file's template for the
/// marks of those it knows and formats by its own code (llama.h, llama_chat_apply_template).
/// </content>
public sealed unsafe partial class LlamaCppEngine
{
    private const string How = "llama_chat_apply_template, one of the templates written into llama.cpp";

    /// <inheritdoc/>
    public ChatApplied Chat(IReadOnlyList<ChatMessage> messages, DateTimeOffset? now = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        RequireModel();
        if (_api.ModelTemplate is null || _api.ApplyTemplate is null)
            throw new InferenceException(InferenceFailure.Unsupported, "this llama.cpp exports no chat templates");
        byte* template = _api.ModelTemplate(_model, null);
        if (template is null)
            throw new InferenceException(InferenceFailure.Unsupported, "the model has no chat template");
        byte[] prompt = Apply(template, messages);
        // As its own examples do: BOS where the vocabulary asks for it, special tokens by their text.
        return new ChatApplied(Encoding.UTF8.GetString(prompt), Tokenize(prompt, addSpecial: true, parseSpecial: true), How);
    }

    private byte[] Apply(byte* template, IReadOnlyList<ChatMessage> messages)
    {
        var texts = new List<nint>();
        try
        {
            var chat = new LlamaChatMessage[messages.Count];
            for (int i = 0; i < chat.Length; i++)
            {
                texts.Add(Marshal.StringToCoTaskMemUTF8(messages[i].Role));
                texts.Add(Marshal.StringToCoTaskMemUTF8(messages[i].Content));
                chat[i] = new LlamaChatMessage { Role = (byte*)texts[^2], Content = (byte*)texts[^1] };
            }

            byte[] buffer = new byte[1024 + messages.Sum(message => 2 * Encoding.UTF8.GetByteCount(message.Content))];
            while (true)
            {
                int length;
                fixed (LlamaChatMessage* list = chat)
                fixed (byte* text = buffer)
                    length = _api.ApplyTemplate(template, list, (nuint)chat.Length, 1, text, buffer.Length);
                if (length < 0)
                    throw new InferenceException(InferenceFailure.Unsupported, "llama_chat_apply_template knows no template like the file's; its C interface runs no Jinja");
                if (length <= buffer.Length)
                    return buffer[..length];
                buffer = new byte[length];
            }
        }
        finally
        {
            foreach (nint text in texts)
                Marshal.FreeCoTaskMem(text);
        }
    }
}
