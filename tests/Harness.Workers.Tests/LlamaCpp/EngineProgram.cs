using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harness.Workers.LlamaCpp;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// The child's side of <see cref="EngineProcess"/>: DIRECTORY, then steps <c>load PATH CONTEXT DEVICE</c>,
/// <c>score IDS</c>, <c>generate IDS MAX TOP</c>, <c>tokenize TEXT</c>, <c>chat SYSTEM USER</c>, <c>quantize SOURCE TARGET FTYPE HOW</c> (see
/// <see cref="QuantizeOracle"/>), <c>identify</c>, <c>cache f32|f16</c>; a line of JSON for each. The only step <c>listen</c> reads steps from stdin instead, a line each with
/// tabs between its parts (<see cref="EngineChild"/>).
/// </summary>
internal static class EngineProgram
{
    public static int Run(string[] arguments)
    {
        var rest = new Queue<string>(arguments);
        try
        {
            string directory = rest.Dequeue();
            using var engine = new LlamaCppEngine(directory);
            if (rest.Count == 1 && rest.Peek() == "listen")
            {
                while (Console.In.ReadLine() is { } line)
                {
                    rest = new Queue<string>(line.Split('\t'));
                    Answer(engine, directory, rest.Dequeue(), rest);
                }
            }

            while (rest.TryDequeue(out string? step))
                Answer(engine, directory, step, rest);
        }
        catch (InferenceException e)
        {
            Print(Failed(e));
        }

        return 0;
    }

    private static void Answer(LlamaCppEngine engine, string directory, string step, Queue<string> rest)
    {
        try
        {
            Print(Step(engine, directory, step, rest));
        }
        catch (InferenceException e)
        {
            Print(Failed(e));
        }
    }

    private static JsonNode Step(LlamaCppEngine engine, string directory, string step, Queue<string> rest)
    {
        switch (step)
        {
            case "identify":
                return JsonSerializer.SerializeToNode(engine.Identify())!;
            case "cache":
                engine.Float32Cache = rest.Dequeue() == "f32";
                return new JsonObject();
            case "load":
                return JsonSerializer.SerializeToNode(engine.Load(
                    new LoadRequest(rest.Dequeue(), Number(rest.Dequeue()), rest.Dequeue(), Threads: 1)))!;
            case "score":
                var logits = new MemoryStream();
                Scoring scoring = engine.Score(Ids(rest.Dequeue()), logits);
                return new JsonObject
                {
                    ["tokens"] = scoring.Tokens,
                    ["vocabulary"] = scoring.VocabularySize,
                    ["logits"] = Convert.ToBase64String(logits.ToArray()),
                };
            case "generate":
                var ids = new JsonArray();
                var bytes = new MemoryStream();
                var top = new JsonArray();
                Generation generation = engine.Generate(
                    new GenerateRequest(Ids(rest.Dequeue()), Number(rest.Dequeue()), Number(rest.Dequeue())),
                    token =>
                    {
                        ids.Add(token.Id);
                        bytes.Write(token.Bytes);
                        top.Add(JsonSerializer.SerializeToNode(token));
                    });
                return new JsonObject
                {
                    ["ids"] = ids,
                    ["text"] = Encoding.UTF8.GetString(bytes.ToArray()),
                    ["top"] = top,
                    ["stop"] = generation.StopReason,
                    ["prompt"] = generation.PromptTokens,
                };
            case "tokenize":
                int[] tokens = engine.Tokenize(Encoding.UTF8.GetBytes(rest.Dequeue()), false, false);
                return new JsonObject { ["ids"] = new JsonArray([.. tokens.Select(id => JsonValue.Create(id))]) };
            case "chat":
                return JsonSerializer.SerializeToNode(engine.Chat([new("system", rest.Dequeue()), new("user", rest.Dequeue())]))!;
            case "quantize":
                Console.Error.WriteLine("harness: quantize");
                uint status = QuantizeOracle.Quantize(directory, rest.Dequeue(), rest.Dequeue(), Number(rest.Dequeue()), rest.Dequeue());
                return new JsonObject { ["status"] = status };
            default:
                throw new ArgumentException($"no such step: {step}");
        }
    }

    private static JsonObject Failed(InferenceException e) =>
        new() { ["failure"] = e.Failure.ToString(), ["message"] = e.Message };

    private static int[] Ids(string text) => [.. text.Split(' ').Select(Number)];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Print(JsonNode node)
    {
        Console.Out.WriteLine(node.ToJsonString());
        Console.Out.Flush();
    }
}
