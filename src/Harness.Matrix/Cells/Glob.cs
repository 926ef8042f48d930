using System.Diagnostics.CodeAnalysis;
using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>
/// A pattern over names: <c>*</c> stands for any text, <c>?</c> for one character, <c>[abc]</c>, <c>[a-f]</c> and
/// <c>[!abc]</c> for one of (or none of) several. Case does not matter. Matching takes at most
/// pattern × text steps, whatever the pattern.
/// </summary>
public sealed class Glob
{
    /// <summary>No name in a catalogue is longer.</summary>
    private const int Longest = 200;

    private readonly string _folded;

    private Glob(string text, SourceMark? mark)
    {
        Text = text;
        Mark = mark;
        _folded = text.ToUpperInvariant();
        IsLiteral = text.AsSpan().IndexOfAny('*', '?', '[') < 0;
    }

    /// <summary>The pattern that matches every name.</summary>
    public static Glob Everything { get; } = new("*", null);

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>Whether it holds no wildcard and so names exactly one thing.</summary>
    public bool IsLiteral { get; }

    /// <summary>Where it was written; null for the command line.</summary>
    internal SourceMark? Mark { get; }

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="glob">The pattern, when it is one.</param>
    /// <param name="fault">Otherwise what is wrong with it.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out Glob? glob, [NotNullWhen(false)] out string? fault) =>
        TryParse(text, null, out glob, out fault);

    internal static bool TryParse(string text, SourceMark? mark, [NotNullWhen(true)] out Glob? glob, [NotNullWhen(false)] out string? fault)
    {
        glob = null;
        fault = Fault(text);
        if (fault is not null) return false;
        glob = new Glob(text, mark);
        return true;
    }

    /// <summary>Whether the pattern matches the whole of a name.</summary>
    /// <param name="name">The name.</param>
    public bool Matches(string name)
    {
        if (IsLiteral) return string.Equals(Text, name, StringComparison.OrdinalIgnoreCase);
        string pattern = _folded;
        int p = 0, t = 0, star = -1, retry = 0;
        while (t < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                retry = t;
            }
            else if (p < pattern.Length && Step(pattern, ref p, char.ToUpperInvariant(name[t])))
            {
                t++;
            }
            else if (star >= 0)
            {
                // Only the last star can still give way: that keeps the work bounded.
                p = star + 1;
                t = ++retry;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Matches one character and, when it fits, moves past what matched it.</summary>
    private static bool Step(string pattern, ref int p, char c)
    {
        if (pattern[p] != '[')
        {
            if (pattern[p] != '?' && pattern[p] != c) return false;
            p++;
            return true;
        }

        int i = p + 1;
        bool negated = pattern[i] == '!';
        if (negated) i++;
        bool found = false;
        for (; pattern[i] != ']'; i++)
        {
            if (pattern[i + 1] == '-' && pattern[i + 2] != ']')
            {
                found |= c >= pattern[i] && c <= pattern[i + 2];
                i += 2;
            }
            else
            {
                found |= pattern[i] == c;
            }
        }

        if (found == negated) return false;
        p = i + 1;
        return true;
    }

    private static string? Fault(string text)
    {
        if (text.Length == 0) return "it is empty";
        if (text.Length > Longest) return "it is longer than 200 characters";
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case ']':
                    return "a ']' has no '[' before it";
                case '[':
                    {
                        int close = text.IndexOf(']', i);
                        if (close < 0) return "a '[' is never closed";
                        string inside = text[(i + 1)..close];
                        if (inside is "" or "!") return "'[]' names no character";
                        if (inside.Contains('[', StringComparison.Ordinal)) return "a '[' stands inside '[…]'";
                        i = close;
                        break;
                    }

                case var c when char.IsControl(c):
                    return "it holds a control character";
            }
        }

        return null;
    }
}
