using HandlebarsDotNet;

namespace Harness.Reporting;

/// <summary>Renders a view, as <see cref="ReportView"/>, with a Handlebars template.</summary>
public sealed class MarkdownReport
{
    private readonly HandlebarsTemplate<object, object> _template;

    /// <summary>Compiles a template.</summary>
    /// <param name="template">Handlebars text; <c>{{x}}</c> escapes for Markdown, <c>{{code x}}</c> makes a code span.</param>
    /// <exception cref="ReportException">The template is wrong.</exception>
    public MarkdownReport(string template)
    {
        IHandlebars handlebars = Handlebars.Create(new HandlebarsConfiguration
        {
            TextEncoder = new MarkdownEncoder(),
            ThrowOnUnresolvedBindingExpression = true,
        });
        handlebars.RegisterHelper("code", (in EncodedTextWriter output, in HelperOptions _, in Context _, in Arguments arguments) =>
            output.WriteSafeString(MarkdownEncoder.Code(arguments[0]?.ToString() ?? "")));
        try
        {
            _template = handlebars.Compile(template);
        }
        catch (HandlebarsException e)
        {
            throw new ReportException($"The report template is wrong: {e.Message}", e);
        }
    }

    /// <summary>Renders a page.</summary>
    /// <param name="view">What to show.</param>
    /// <returns>Markdown that ends in one line break.</returns>
    /// <exception cref="ReportException">The template names something that is not there.</exception>
    public string Render(object view)
    {
        try
        {
            return _template(view).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        }
        catch (Exception e) when (e is HandlebarsException or HandlebarsDotNet.Compiler.HandlebarsUndefinedBindingException)
        {
            throw new ReportException($"The report template cannot be filled: {e.Message}", e);
        }
    }
}

/// <summary>A report that cannot be made.</summary>
public sealed class ReportException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">What caused it.</param>
    public ReportException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
