using System.Globalization;
using System.Text;
using Harness.Text.Templates;
using Harness.Workers;

namespace Harness.Dummies;

/// <summary>
/// The scripted engine that answers and makes prompts as it is told, in fields parted by semicolons: <c>ids=5,7,9</c> are the
/// ids of every answer, <c>text=Paris</c> its text (at the first id), <c>prompt=Hi</c> the prompt it makes by itself,
/// <c>prompt-ids=1,1,5</c> that prompt's ids. Without a prompt it applies no templates.
/// </summary>
internal sealed class ChattingEngine : ScriptedEngine
{
    private readonly Dictionary<string, string> fields;

    public ChattingEngine(string told) =>
        fields = told.Split(';').Select(field => field.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    public override Generation Generate(GenerateRequest request, Action<GeneratedToken> onToken)
    {
        int[] ids = Ids("ids");
        for (int i = 0; i < ids.Length; i++)
            onToken(new GeneratedToken(ids[i], i == 0 ? Encoding.UTF8.GetBytes(fields["text"]) : [], [], []));
        return new Generation(request.PromptIds.Length, ids.Length, "length", TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
    }

    public override ChatApplied Chat(IReadOnlyList<ChatMessage> messages, DateTimeOffset? now = null) => fields.TryGetValue("prompt", out string? prompt)
        ? new ChatApplied(prompt, Ids("prompt-ids"), "a template of its own")
        : base.Chat(messages, now);

    private int[] Ids(string field) => [.. fields[field].Split(',').Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
}
