namespace Harness.Text;

/// <summary>What a vocabulary entry is; the numbers are those of <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenType
{
    /// <summary>Nothing is said.</summary>
    Undefined = 0,

    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot express.</summary>
    Unknown = 2,

    /// <summary>Structure, not text: begin, end, roles. Recognised in text only when asked for.</summary>
    Control = 3,

    /// <summary>Added text that is always recognised whole, before anything else is split.</summary>
    UserDefined = 4,

    /// <summary>A place held free.</summary>
    Unused = 5,

    /// <summary>One byte, written <c>&lt;0xXX&gt;</c>.</summary>
    Byte = 6,
}
