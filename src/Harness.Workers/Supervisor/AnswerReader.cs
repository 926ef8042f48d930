using System.Globalization;
using Harness.Workers.Protocol;

namespace Harness.Workers;

/// <summary>Turns wire results into answers, and refuses what does not add up.</summary>
internal static class AnswerReader
{
    public static WorkerHello Hello(WireResult result)
    {
        int protocol = Need(result.Protocol, "hello", "protocol");
        if (protocol != WireProtocol.Version)
        {
            throw new ProtocolException(string.Create(
                CultureInfo.InvariantCulture,
                $"speaks protocol version {protocol}; this harness speaks {WireProtocol.Version}"));
        }

        BackendDevice[] devices =
            [.. (result.Devices ?? []).Select(d => new BackendDevice(d.Api, d.Name, d.MemoryBytes))];
        BackendIdentity identity = new(
            Need(result.Backend, "hello", "backend"), Need(result.Version, "hello", "version"), result.Build,
            result.Digest, result.InstructionSet, devices);
        return new WorkerHello(protocol, identity, result.Reload ?? false);
    }

    public static LoadedModel Load(WireResult result) => new(
        result.Architecture ?? "",
        result.Description,
        Count(result.VocabularySize, "load", "vocabularySize"),
        Count(result.ContextLength, "load", "contextLength"),
        Time(result.LoadMs, "load", "loadMs"));

    public static int[] Tokenize(WireResult result) => Ids(Need(result.Ids, "tokenize", "ids"), "ids");

    public static ChatApplied Chat(WireResult result) => new(
        Need(result.Prompt, "chat", "prompt"), Ids(Need(result.Ids, "chat", "ids"), "ids"), result.How ?? "");

    public static GeneratedToken Token(WireReply reply)
    {
        int id = Count(reply.Token, "a token event", "token");
        int[] topIds = Ids(reply.TopIds ?? [], "topIds");
        float[] top = Numbers(reply.TopLogProbabilities ?? []);
        if (topIds.Length != top.Length)
            throw new ProtocolException("sent a token whose topIds and topLogProbabilities differ in length");
        return new GeneratedToken(id, reply.Bytes ?? [], topIds, top);
    }

    public static GeneratedTokens Generate(
        WireResult result, WireRequest request, List<GeneratedToken> tokens, TimeSpan? first)
    {
        int generated = Count(result.GeneratedTokens, "generate", "generatedTokens");
        if (generated != tokens.Count)
        {
            throw new ProtocolException(string.Create(
                CultureInfo.InvariantCulture, $"says it generated {generated} tokens, but sent {tokens.Count}"));
        }

        int[] prompt = Ids(result.PromptIds ?? request.Ids ?? [], "promptIds");
        Generation generation = new(
            Count(result.PromptTokens, "generate", "promptTokens"), generated,
            Need(result.StopReason, "generate", "stopReason"),
            Time(result.PrefillMs, "generate", "prefillMs"), Time(result.DecodeMs, "generate", "decodeMs"));
        return new GeneratedTokens(prompt, tokens, generation, first);
    }

    public static ScoredTokens Score(WireResult result, int ids, string path)
    {
        Scoring scoring = new(
            Count(result.Tokens, "score", "tokens"), Count(result.VocabularySize, "score", "vocabularySize"),
            Time(result.EvaluationMs, "score", "evaluationMs"));
        if (scoring.Tokens != ids)
        {
            throw new ProtocolException(string.Create(
                CultureInfo.InvariantCulture, $"was asked to score {ids} ids and scored {scoring.Tokens}"));
        }

        if (result.Logits is null)
        {
            WireTop[] top = Need(result.Top, "score", "logits and without top");
            if (top.Length != ids)
                throw new ProtocolException($"gave the likeliest tokens of {top.Length} positions for {ids} ids");
            return new ScoredTokens(
                scoring, null, [.. top.Select(t => new TopTokens(Ids(t.Ids, "top"), Numbers(t.LogProbabilities)))]);
        }

        FileInfo file = new(path);
        long due = (long)scoring.Tokens * scoring.VocabularySize * sizeof(float);
        if (!file.Exists || file.Length != due)
        {
            string found = file.Exists
                ? string.Create(CultureInfo.InvariantCulture, $"holds {file.Length}")
                : "does not exist";
            throw new ProtocolException(string.Create(
                CultureInfo.InvariantCulture,
                $"says it wrote logits of {scoring.Tokens} × {scoring.VocabularySize} ({due} bytes), but the file {found}"));
        }

        return new ScoredTokens(scoring, path, null);
    }

    private static T Need<T>(T? value, string operation, string field)
        where T : class => value ?? throw Missing(operation, field);

    private static T Need<T>(T? value, string operation, string field)
        where T : struct => value ?? throw Missing(operation, field);

    private static int Count(int? value, string operation, string field)
    {
        int count = Need(value, operation, field);
        return count >= 0 ? count : throw new ProtocolException($"answered {operation} with a negative {field}");
    }

    private static TimeSpan Time(double? milliseconds, string operation, string field)
    {
        double value = Need(milliseconds, operation, field);
        return value is >= 0 and < 1e12
            ? TimeSpan.FromMilliseconds(value)
            : throw new ProtocolException($"answered {operation} with an impossible {field}");
    }

    private static int[] Ids(int[] ids, string field) =>
        Array.Exists(ids, id => id < 0) ? throw new ProtocolException($"sent a negative token id in {field}") : ids;

    private static float[] Numbers(float?[] values) => Array.ConvertAll(values, value => value ?? float.NaN);

    private static ProtocolException Missing(string operation, string field) =>
        new($"answered {operation} without {field}");
}
