using System.Collections.Immutable;
using System.IO.Enumeration;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>What a user decides about a mixture's types.</summary>
internal sealed record MixtureChoices
{
    /// <summary>Nothing.</summary>
    public static MixtureChoices None { get; } = new();

    /// <summary>Whether every matrix has the mixture's base type.</summary>
    public bool Pure { get; init; }

    /// <summary>Whether the output head stays as it is.</summary>
    public bool KeepOutput { get; init; }

    /// <summary>The output head's type; null for the mixture's.</summary>
    public TensorType? Output { get; init; }

    /// <summary>The token embedding's type; null for the mixture's.</summary>
    public TensorType? Embedding { get; init; }

    /// <summary>Whether there is an importance matrix.</summary>
    public bool HasImportance { get; init; }

    /// <summary>Types of tensors by patterns of their names (<c>*</c>, <c>?</c>); the first that matches decides.</summary>
    public ImmutableArray<(string Pattern, TensorType Type)> Tensors { get; init; } = [];

    /// <summary>The type that a pattern gives a tensor.</summary>
    public TensorType? TypeOf(string name)
    {
        foreach ((string pattern, TensorType type) in Tensors)
        {
            if (Matches(pattern, name)) return type;
        }

        return null;
    }

    /// <summary>Whether a pattern is about a tensor.</summary>
    public static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
