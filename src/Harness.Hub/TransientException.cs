namespace Harness.Hub;

/// <summary>A try that failed in a way another try may not; carries what to say when no try is left.</summary>
internal sealed class TransientException(HubException final, TimeSpan? asked = null, int? attempts = null)
    : Exception(final.Message, final)
{
    /// <summary>The failure, when it is final.</summary>
    public HubException Final { get; } = final;

    /// <summary>The pause the server asked for.</summary>
    public TimeSpan? Asked { get; } = asked;

    /// <summary>Fewer tries than usual, where more would only keep the user waiting.</summary>
    public int? Attempts { get; } = attempts;
}
