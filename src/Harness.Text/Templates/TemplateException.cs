namespace Harness.Text.Templates;

/// <summary>Why a template gave no prompt.</summary>
public enum TemplateFailure
{
    /// <summary>It cannot be read: it is not what Jinja2 accepts.</summary>
    Syntax,

    /// <summary>It refused the conversation itself, by <c>raise_exception</c>.</summary>
    Refused,

    /// <summary>It failed while rendering: something undefined, a wrong type, a wrong value.</summary>
    Failed,

    /// <summary>It wanted more steps, memory or depth than a template gets.</summary>
    Limit,
}

/// <summary>A chat template that gave no prompt.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">The kind.</param>
    /// <param name="message">What was wrong, as Jinja2 would say it; of a refusal, the template's own words.</param>
    /// <param name="line">The template's line, from 1; 0 when it is not known yet.</param>
    public TemplateException(TemplateFailure failure, string message, int line = 0)
        : base(message)
    {
        Failure = failure;
        Line = line;
    }

    /// <summary>The kind.</summary>
    public TemplateFailure Failure { get; }

    /// <summary>The template's line, from 1; 0 when none is known.</summary>
    public int Line { get; internal set; }

    /// <summary>What to do about it, one sentence.</summary>
    public string Remedy => Failure switch
    {
        TemplateFailure.Syntax => "Mend the template; it is not valid Jinja2.",
        TemplateFailure.Refused => "Give it messages it accepts: the template itself refuses these.",
        TemplateFailure.Limit => "A chat template needs far less: look for a loop or a recursion that does not end.",
        _ => "Give the messages and variables the template expects, or mend the template.",
    };

    internal static TemplateException Failed(string message) => new(TemplateFailure.Failed, message);

    internal static TemplateException Limit(string message) => new(TemplateFailure.Limit, message);
}
