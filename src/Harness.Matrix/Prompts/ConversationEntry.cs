namespace Harness.Matrix;

/// <summary>A conversation of the catalogue: asked of models through their own chat templates.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Messages">Its messages, at least one.</param>
/// <param name="MaxTokens">Most tokens to generate, at least 1.</param>
/// <param name="Models">Globs over the models it is asked of.</param>
public sealed record ConversationEntry(string Id, IReadOnlyList<ConversationMessage> Messages, int MaxTokens, IReadOnlyList<Glob> Models)
{
    /// <summary>Whether the conversation is for a model.</summary>
    /// <param name="model">Id of the model.</param>
    public bool AppliesTo(string model) => CellPattern.Any(Models, model);
}

/// <summary>A message.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Text">Its text.</param>
public sealed record ConversationMessage(string Role, string Text);
