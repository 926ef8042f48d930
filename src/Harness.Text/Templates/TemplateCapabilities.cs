namespace Harness.Text.Templates;

/// <summary>What a template does with something it is given.</summary>
public enum TemplateSupport
{
    /// <summary>It is in the prompt.</summary>
    Yes,

    /// <summary>It is left out of the prompt, in silence.</summary>
    Ignored,

    /// <summary>The template refuses it in words of its own.</summary>
    Refused,

    /// <summary>The template fails on it.</summary>
    Failed,
}

/// <summary>What a template can do, found by rendering conversations made to find it: nothing is read out of its text.</summary>
/// <param name="System">What becomes of a system message.</param>
/// <param name="SystemRefusal">The template's words when it refuses one, or the failure; else null.</param>
/// <param name="Tools">What becomes of the description of a tool.</param>
/// <param name="ThinkingSwitch">Whether <c>enable_thinking</c> changes the prompt.</param>
/// <param name="GenerationPrompt">What the prompt ends with where the assistant answers; empty when nothing, null when the template fails.</param>
/// <param name="AnswerEnd">What follows an answer, as the end of the assistant's turn; null when the answer cannot be found.</param>
/// <param name="BeginsWithBos">Whether the prompt itself begins with the text of BOS.</param>
/// <param name="Fault">Why not even one user message gives a prompt; else null.</param>
public sealed record TemplateCapabilities(
    TemplateSupport System,
    string? SystemRefusal,
    TemplateSupport Tools,
    bool ThinkingSwitch,
    string? GenerationPrompt,
    string? AnswerEnd,
    bool BeginsWithBos,
    string? Fault)
{
    private const string Marker = "Qx7marker";

    /// <summary>The same day for every probe: what a template can do does not hang on the date.</summary>
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly ChatMessage User = new("user", "Hello");

    /// <summary>Finds out.</summary>
    /// <param name="template">The template.</param>
    /// <param name="bosToken">The text of BOS, or empty.</param>
    /// <param name="eosToken">The text of EOS, or empty.</param>
    public static TemplateCapabilities Of(ChatTemplate template, string bosToken, string eosToken)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(bosToken);
        var trial = new Trial(template, bosToken, eosToken);
        (string? open, TemplateException? fault) = trial.Render([User], true);
        (string? closed, _) = trial.Render([User], false);
        (TemplateSupport system, string? refusal) = trial.Marked([new("system", Marker), User], null);
        (TemplateSupport tools, _) = trial.Marked([User], Tool());
        string? on = trial.Render([User], true, "enable_thinking", PyTruth.True).Text, off = trial.Render([User], true, "enable_thinking", PyTruth.False).Text;
        return new TemplateCapabilities(
            system,
            refusal,
            tools,
            on is not null && on != off,
            open is null ? null : closed is not null && open.StartsWith(closed, StringComparison.Ordinal) ? open[closed.Length..] : open == closed ? "" : null,
            AnswerEndOf(trial),
            bosToken.Length > 0 && (open ?? closed)?.StartsWith(bosToken, StringComparison.Ordinal) == true,
            fault?.Message);
    }

    private static string? AnswerEndOf(Trial trial)
    {
        // A later turn shows the end that some templates leave out after the very last answer.
        string? rendered = trial.Render([User, new("assistant", Marker)], false).Text;
        if (rendered is null || !rendered.Contains(Marker, StringComparison.Ordinal)) rendered = trial.Render([User, new("assistant", Marker), User], false).Text;
        int at = rendered?.LastIndexOf(Marker, StringComparison.Ordinal) ?? -1;
        return at < 0 ? null : rendered![(at + Marker.Length)..];
    }

    private static PyList Tool() => new([PyDict.Of(
    [
        new("type", "function"),
        new("function", PyDict.Of(
        [
            new("name", Marker),
            new("description", "Says the time"),
            new("parameters", PyDict.Of([new("type", "object"), new("properties", new PyDict()), new("required", new PyList([]))])),
        ])),
    ])]);

    private sealed class Trial(ChatTemplate template, string bosToken, string eosToken)
    {
        public (string? Text, TemplateException? Fault) Render(IReadOnlyList<ChatMessage> messages, bool open, string? name = null, object? value = null)
        {
            TemplateVariables variables = ChatMessage.Variables(messages, bosToken, eosToken, open);
            if (name is not null) variables = variables.WithValue(name, value);
            try
            {
                return (template.Render(variables, Day), null);
            }
            catch (TemplateException e)
            {
                return (null, e);
            }
        }

        public (TemplateSupport Support, string? Words) Marked(IReadOnlyList<ChatMessage> messages, PyList? tools)
        {
            (string? text, TemplateException? fault) = Render(messages, true, tools is null ? null : "tools", tools);
            if (fault is not null) return (fault.Failure == TemplateFailure.Refused ? TemplateSupport.Refused : TemplateSupport.Failed, fault.Message);
            return (text!.Contains(Marker, StringComparison.Ordinal) ? TemplateSupport.Yes : TemplateSupport.Ignored, null);
        }
    }
}
