namespace Harness.Conversion.Mapping;

/// <summary>Whether projections have biases.</summary>
internal enum Biases
{
    /// <summary>Taken where there are any.</summary>
    IfPresent,

    /// <summary>They must be there.</summary>
    Required,

    /// <summary>There are none; one that is there is left over, which is an error.</summary>
    None,
}
