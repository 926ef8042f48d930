using Harness.Text.Templates.Syntax;

namespace Harness.Text.Templates;

/// <summary>
/// A chat template: Jinja2 as transformers sets it up (an immutable sandbox, <c>trim_blocks</c>, <c>lstrip_blocks</c>,
/// loop controls, <c>generation</c> blocks, <c>tojson</c> as <c>json.dumps</c>, <c>raise_exception</c>,
/// <c>strftime_now</c>), rendered byte for byte. One template may render on many threads at once.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;
    private readonly ScopeLayout _layout;
    private readonly TemplateBlocks _blocks;
    private readonly TemplateLimits _limits;

    private ChatTemplate(Statement[] body, ScopeLayout layout, TemplateBlocks blocks, TemplateLimits limits)
    {
        _body = body;
        _layout = layout;
        _blocks = blocks;
        _limits = limits;
    }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="limits">What a rendering may use; null for <see cref="TemplateLimits.Default"/>.</param>
    /// <exception cref="TemplateException">It is not valid, or larger than the limits.</exception>
    public static ChatTemplate Parse(string source, TemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        limits ??= TemplateLimits.Default;
        if (source.Length > limits.SourceLength)
            throw TemplateException.Limit($"the template is longer than {limits.SourceLength} characters");
        Statement[] body = TemplateParser.Parse(source);
        var blocks = new TemplateBlocks();
        var frame = Frame.Of(blocks, isTopLevel: true);
        foreach (Statement one in body) one.Analyze(frame.Symbols);
        return new ChatTemplate(body, frame.BindScope(body, null), blocks, limits);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="variables">What the template is given.</param>
    /// <param name="now">The time for <c>strftime_now</c>; null for the machine's own.</param>
    /// <returns>The prompt.</returns>
    /// <exception cref="TemplateException">The template refused the conversation, failed, or exceeded its limits.</exception>
    public string Render(TemplateVariables variables, DateTimeOffset? now = null)
    {
        ArgumentNullException.ThrowIfNull(variables);
        var state = new RenderState(variables.Values, _blocks.ByName, now ?? DateTimeOffset.Now, _limits);
        try
        {
            Statement.Run(_body, state, _layout.Enter(state, null));
            return state.Output;
        }
        catch (TemplateException e)
        {
            if (e.Line == 0) e.Line = state.Line;
            throw;
        }
    }
}
