using System.Runtime.CompilerServices;
using System.Text;

namespace Harness.Text.Templates.Rendering;

/// <summary>One rendering: what it was given, what it wrote, and what it has used of its limits.</summary>
internal sealed class RenderState
{
    private const int ItemSize = 16;

    /// <summary>Characters that are read in about the time of a step.</summary>
    private const int CharactersPerStep = 256;

    private readonly IReadOnlyDictionary<string, object?> _given;
    private readonly Dictionary<string, object?> _exported = new(StringComparer.Ordinal);
    private readonly TemplateLimits _limits;
    private StringBuilder _output = new();
    private long _steps;
    private long _memory;
    private long _read;
    private int _depth;

    /// <summary>Begins a rendering.</summary>
    /// <param name="given">The variables.</param>
    /// <param name="blocks">The template's blocks.</param>
    /// <param name="now">What <c>strftime_now</c> prints.</param>
    /// <param name="limits">The limits.</param>
    public RenderState(IReadOnlyDictionary<string, object?> given, IReadOnlyDictionary<string, BlockStatement> blocks, DateTimeOffset now, TemplateLimits limits)
    {
        _given = given;
        _limits = limits;
        Now = now;
        Blocks = blocks;
    }

    /// <summary>The time for <c>strftime_now</c>.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The template's blocks, for <c>self</c>.</summary>
    public IReadOnlyDictionary<string, BlockStatement> Blocks { get; }

    /// <summary>The line being rendered.</summary>
    public int Line { get; set; }

    /// <summary>What was written so far.</summary>
    public string Output => _output.ToString();

    /// <summary>Counts a step, and looks that there is stack for what it may call.</summary>
    /// <exception cref="TemplateException">There were too many, or it is too deep.</exception>
    public void Step()
    {
        if (++_steps > _limits.Steps) throw TemplateException.Limit($"the template took more than {_limits.Steps} steps");
        EnsureStack();
    }

    /// <summary>Counts many steps at once, of work that is done in one call.</summary>
    public void Steps(long count)
    {
        _steps += Math.Max(0, count);
        if (_steps > _limits.Steps) throw TemplateException.Limit($"the template took more than {_limits.Steps} steps");
    }

    /// <summary>Counts the reading of a text, to search or compare it: many at once are a step.</summary>
    /// <param name="characters">How many are read.</param>
    public void Read(long characters)
    {
        _read += characters;
        if (_read < CharactersPerStep) return;
        Steps(_read / CharactersPerStep);
        _read %= CharactersPerStep;
    }

    /// <summary>Counts the reading of a value, if it is a text.</summary>
    public void Read(object? value)
    {
        if (PyText.TryGet(value, out string text)) Read(text.Length);
    }

    /// <summary>Fails before the stack does.</summary>
    public static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TemplateException.Limit("the template, or a value it made, is nested too deeply");
    }

    /// <summary>Counts memory before it is taken.</summary>
    /// <param name="bytes">How much; what is let go is not given back.</param>
    public void Charge(long bytes)
    {
        if (bytes < 0 || bytes > _limits.Memory || (_memory += bytes) > _limits.Memory)
            throw TemplateException.Limit($"the template made more than {_limits.Memory >> 20} MiB of text and lists");
    }

    /// <summary>Counts the characters of a text that is to be made.</summary>
    public void ChargeText(long characters) => Charge(characters > long.MaxValue / 4 ? long.MaxValue : (characters * sizeof(char)) + 24);

    /// <summary>Counts the items of a list that is to be made.</summary>
    public void ChargeItems(long items) => Charge(items > long.MaxValue / 32 ? long.MaxValue : (items * ItemSize) + 24);

    /// <summary>Counts a text that was made, when its length was not known before.</summary>
    public string Made(string text)
    {
        ChargeText(text.Length);
        return text;
    }

    /// <summary>Joins texts.</summary>
    public string Concat(params ReadOnlySpan<string> parts)
    {
        long length = 0;
        foreach (string part in parts) length += part.Length;
        ChargeText(length);
        return string.Concat(parts);
    }

    /// <summary>Writes to the prompt, or to what captures it.</summary>
    public void Write(string text)
    {
        if (text.Length == 0) return;
        ChargeText(text.Length);
        _output.Append(text);
    }

    /// <summary>Writes what a filter or call block gave, which unlike a printed value must be text already.</summary>
    public void WriteBlock(object? value) => Write(PyText.TryGet(value, out string text)
        ? text
        : throw TemplateException.Failed($"expected str instance, {PyTypes.Name(value)} found"));

    /// <summary>Runs statements, and takes what they write.</summary>
    public Flow Capture(Statement[] body, Scope scope, out string text) => Capture(() => Statement.Run(body, this, scope), out text);

    /// <summary>Runs something, and takes what it writes.</summary>
    public Flow Capture(Func<Flow> run, out string text)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        Flow flow = run();
        text = Made(_output.ToString());
        _output = outer;
        return flow;
    }

    /// <summary>Enters a macro or what else may call itself.</summary>
    public Depth Deeper(string what)
    {
        if (++_depth > _limits.Depth) throw TemplateException.Limit($"more than {_limits.Depth} calls of a {what} within each other");
        EnsureStack();
        return new Depth(this);
    }

    /// <summary>A variable by name: one the template exported, one it was given, or one everybody has.</summary>
    public object? Resolve(string name)
    {
        if (_exported.TryGetValue(name, out object? value) || _given.TryGetValue(name, out value)) return value;
        if (name == "self") return new TemplateSelf(Blocks);
        return Globals.All.TryGetValue(name, out Callable? builtin) ? builtin : Missing.Value;
    }

    /// <summary>Makes what was assigned at the top seen by blocks and macros.</summary>
    public void Export(Expression target, Scope scope)
    {
        if (target is NameExpression name) _exported[name.Name] = scope.Get(name.Slot);
        else if (target is TupleExpression)
            foreach (Expression part in target.Parts) Export(part, scope);
    }

    /// <summary>A call under way.</summary>
    internal readonly struct Depth(RenderState state) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => state._depth--;
    }
}
