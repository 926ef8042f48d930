namespace Harness.Text.Templates;

/// <summary>A conversation's prompt, and what had to be done for the template to take it.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="Messages">The messages it was made of.</param>
/// <param name="SystemRefusal">The template's words when it refused the system message, which then was folded into the first user message; else null.</param>
public sealed record ChatPrompt(string Text, IReadOnlyList<ChatMessage> Messages, string? SystemRefusal)
{
    /// <summary>Renders a conversation up to where the assistant answers; where the template takes no system message, folds it and tries again.</summary>
    /// <param name="template">The template.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="bosToken">The text of BOS, or empty.</param>
    /// <param name="eosToken">The text of EOS, or empty.</param>
    /// <param name="now">The time for <c>strftime_now</c>.</param>
    /// <exception cref="TemplateException">The template takes the conversation in neither form; the first failure.</exception>
    public static ChatPrompt Render(ChatTemplate template, IReadOnlyList<ChatMessage> messages, string bosToken, string eosToken, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(template);
        try
        {
            return new ChatPrompt(Once(messages), messages, null);
        }
        catch (TemplateException e) when (e.Failure is TemplateFailure.Refused or TemplateFailure.Failed)
        {
            if (ChatMessage.FoldSystem(messages) is not { } folded) throw;
            try
            {
                return new ChatPrompt(Once(folded), folded, e.Message);
            }
            catch (TemplateException)
            {
                // It is not the system message that it does not take.
            }

            throw;
        }

        string Once(IReadOnlyList<ChatMessage> these) => template.Render(ChatMessage.Variables(these, bosToken, eosToken, addGenerationPrompt: true), now);
    }
}
