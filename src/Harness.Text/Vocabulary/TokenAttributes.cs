namespace Harness.Text.Vocabulary;

/// <summary>What a token is, after the corrections of <see cref="SpecialTokens"/>; more than one may hold.</summary>
[Flags]
internal enum TokenAttributes : byte
{
    None = 0,
    Unknown = 1,
    Unused = 2,
    Normal = 4,
    Control = 8,
    UserDefined = 16,
    Byte = 32,

    /// <summary>Takes white space in front of it along.</summary>
    StripsLeft = 64,

    /// <summary>Takes white space behind it along.</summary>
    StripsRight = 128,
}
