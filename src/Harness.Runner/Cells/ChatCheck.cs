using System.Diagnostics;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Runner.Variants;
using Harness.Text.Templates;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>
/// Takes a conversation through the model's own template on a backend. The prompt that is evaluated is the one the file's
/// template makes; beside it stands the one the backend makes by itself, where it makes one. It decides no verdict.
/// </summary>
/// <param name="log">The cell.</param>
/// <param name="session">Its worker.</param>
internal sealed class ChatCheck(CellLog log, WorkerSession session)
{
    /// <summary>The same moment in every receipt: a template that prints the date makes the same prompt on every backend and day.</summary>
    private static readonly DateTimeOffset Moment = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Makes the check and writes down what it saw.</summary>
    /// <param name="conversation">What is said.</param>
    /// <param name="cancellation">Kills the worker.</param>
    public async Task RunAsync(ConversationEntry conversation, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        if (log.Variant.Chat is not { } source)
        {
            Skip("the file has no chat template; none is applied in its stead");
            return;
        }

        if (!log.Healthy)
        {
            Skip("the worker had ended");
            return;
        }

        ChatPrompt prompt;
        try
        {
            prompt = ChatPrompt.Render(
                ChatTemplate.Parse(source.Template), [.. conversation.Messages.Select(m => new ChatMessage(m.Role, m.Text))], source.BosToken, source.EosToken, Moment);
        }
        catch (TemplateException e)
        {
            string line = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the file's chat template fails (line {e.Line}): {e.Message}; none is applied in its stead");
            Fail(start, new FailureRecord(FailureKind.Error, line));
            return;
        }

        try
        {
            await AskAsync(conversation, source, prompt, start, cancellation).ConfigureAwait(false);
        }
        catch (WorkerException e)
        {
            log.Healthy &= e.Failure.Cause == WorkerFailureCause.Reported;
            Fail(start, Failures.Of(e.Failure));
        }
    }

    private async Task AskAsync(ConversationEntry conversation, ChatSource source, ChatPrompt prompt, long start, CancellationToken cancellation)
    {
        int[] ids = ChatJudge.WithoutSecondBos(
            (await session.TokenizeAsync(prompt.Text, addSpecial: true, parseSpecial: true, cancellation).ConfigureAwait(false)).Value, source.BosId);
        (ChatApplied? own, string how) = await OwnAsync(prompt.Messages, cancellation).ConfigureAwait(false);
        int room = log.Loaded!.Value.ContextLength - ids.Length;
        // A prompt too long to be answered is held against the backend's own all the same.
        GeneratedTokens? answer = ids.Length == 0 || room < 1 ? null : (await session.GenerateAsync(
            new GenerateRequest(ids, Math.Min(conversation.MaxTokens, room)), cancellation: cancellation).ConfigureAwait(false)).Value;
        byte[] bytes = [.. answer?.Tokens.SelectMany(t => t.Bytes) ?? []];
        int[] answered = [.. answer?.Tokens.Select(t => t.Id) ?? []];
        string text = ReceiptJson.Readable(bytes);
        var findings = new List<ChatFinding>();
        if (prompt.SystemRefusal is { } refusal) findings.Add(new ChatFinding(ChatFindingKind.SystemFolded, $"folded into the first user message, since the template says: {refusal}"));
        if (own is not null) findings.AddRange(ChatJudge.OfPrompt(prompt.Text, own, source));
        // Random weights say anything: what they say is not held against a backend.
        if (log.Variant.Evidence != Evidence.Probe) findings.AddRange(ChatJudge.OfAnswer(answered, text, source));
        log.Chat = new ChatRecord
        {
            Conversation = conversation.Id,
            PromptText = prompt.Text,
            PromptIds = ids,
            SystemRefusal = prompt.SystemRefusal,
            BackendPrompt = own is not null && own.Prompt != prompt.Text ? own.Prompt : null,
            BackendTemplate = how,
            Ids = answered,
            Bytes = Convert.ToBase64String(bytes),
            Text = text,
            StopReason = answer?.Generation.StopReason,
            Findings = findings,
        };
        ChatFinding[] faults = [.. findings.Where(f => f.Kind != ChatFindingKind.SystemFolded)];
        double milliseconds = Elapsed(start);
        if (faults.Length == 0 && answer is null)
        {
            Skip($"the prompt of {ids.Length} tokens does not fit a context of {log.Loaded.Value.ContextLength}");
            return;
        }

        log.Checks.Add(faults.Length == 0
            ? new CheckRecord(Check.Chat, Outcome.Ok, milliseconds, prompt.SystemRefusal is null ? null : "the system message was folded into the first user message")
            : new CheckRecord(Check.Chat, Outcome.Failed, milliseconds, Failure: new FailureRecord(
                FailureKind.Error, string.Join("; ", faults.Select(f => $"{Wire.Name(f.Kind)}: {f.Detail}")))));
    }

    /// <summary>The prompt the backend makes by itself, or why it makes none.</summary>
    private async Task<(ChatApplied? Own, string How)> OwnAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation)
    {
        try
        {
            ChatApplied own = (await session.ChatAsync(messages, Moment, cancellation).ConfigureAwait(false)).Value;
            return (own, own.How);
        }
        catch (WorkerException e) when (e.Failure is { Cause: WorkerFailureCause.Reported })
        {
            // It was given the ids of the file's prompt all the same.
            return (null, $"none: {e.Failure.Message}");
        }
    }

    private void Skip(string reason) => log.Checks.Add(new CheckRecord(Check.Chat, Outcome.Skipped, 0, reason));

    private void Fail(long start, FailureRecord failure) => log.Checks.Add(new CheckRecord(Check.Chat, Outcome.Failed, Elapsed(start), Failure: failure));

    private static double Elapsed(long start) => Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3);
}
