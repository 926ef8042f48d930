using System.Collections.Immutable;

namespace Harness.Engine;

/// <summary>Something wrong with one tensor of a header.</summary>
/// <param name="Kind">What.</param>
/// <param name="Name">The tensor.</param>
/// <param name="Expected">The shape the blueprint asks for, row length first; empty for what nothing asks for.</param>
/// <param name="Found">The shape it has; empty where it is missing.</param>
/// <param name="Message">It in a sentence.</param>
public sealed record TensorFault(TensorFaultKind Kind, string Name, ImmutableArray<long> Expected, ImmutableArray<long> Found, string Message);

/// <summary>What can be wrong with a tensor.</summary>
public enum TensorFaultKind
{
    /// <summary>There is none of that name.</summary>
    Missing,

    /// <summary>It has another shape than the metadata ask for.</summary>
    Misshapen,

    /// <summary>Nothing asks for it.</summary>
    Extra,
}
