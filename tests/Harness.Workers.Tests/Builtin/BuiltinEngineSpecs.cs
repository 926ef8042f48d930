using System.Runtime.InteropServices;
using Harness.Engine.Tests;
using Harness.Formats.Gguf;
using Harness.Workers.Builtin;
using NUnit.Framework;

namespace Harness.Workers.Tests.Builtin;

/// <summary>The built-in engine behind the adapter's contract.</summary>
internal sealed class BuiltinEngineSpecs
{
    private static readonly int[] Prompt = [1, 17, 42];

    [Test]
    public void Says_who_it_is()
    {
        using BuiltinEngine engine = new();
        BackendIdentity identity = engine.Identify();
        Assert.Multiple(() =>
        {
            Assert.That(identity.Backend, Is.EqualTo("builtin"));
            Assert.That(identity.Version, Is.Not.Empty.And.Not.Contains("+"));
            Assert.That(identity.InstructionSet, Is.Not.Empty);
            Assert.That(identity.Devices, Has.Count.EqualTo(1));
            Assert.That(identity.Devices[0].Api, Is.EqualTo("cpu"));
            Assert.That(identity.Devices[0].Name, Is.Not.Empty);
        });
    }

    [Test]
    public void Generates_the_likeliest_token_after_each_one()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 7);
        using BuiltinEngine engine = Load(tiny, context: 16);
        List<GeneratedToken> tokens = [];
        Generation generation = engine.Generate(new GenerateRequest(Prompt, 5, TopLogProbabilities: 3), tokens.Add);

        Assert.That(generation.GeneratedTokens, Is.EqualTo(5));
        Assert.That(generation.StopReason, Is.EqualTo("length"));
        int[] ids = [.. Prompt, .. tokens.Select(t => t.Id)];
        float[] logits = Score(engine, ids, tiny.Shape.Vocabulary);
        for (int i = 0; i < tokens.Count; i++)
        {
            float[] row = logits[((Prompt.Length - 1 + i) * tiny.Shape.Vocabulary)..][..tiny.Shape.Vocabulary];
            Assert.That(tokens[i].Id, Is.EqualTo(Array.IndexOf(row, row.Max())));
            Assert.That(tokens[i].TopIds[0], Is.EqualTo(tokens[i].Id));
            Assert.That(tokens[i].TopLogProbabilities, Is.Ordered.Descending.And.All.LessThanOrEqualTo(0f));
            Assert.That(tokens[i].TopLogProbabilities, Has.Length.EqualTo(3));
        }
    }

    [Test]
    public void Stops_at_an_end_of_generation_token_unless_told_not_to()
    {
        int third = Generate(new TinyShape(), 7, _ => { }, ignoreEnd: false).Ids[2];
        (int[] ids, string reason) = Generate(
            new TinyShape(), 7, w => w.Set("tokenizer.ggml.eot_token_id", GgufValue.Of((uint)third)), ignoreEnd: false);
        Assert.That(reason, Is.EqualTo("end-of-generation"));
        Assert.That(ids[^1], Is.EqualTo(third));
        Assert.That(ids, Has.Length.LessThanOrEqualTo(3));

        (ids, reason) = Generate(
            new TinyShape(), 7, w => w.Set("tokenizer.ggml.eot_token_id", GgufValue.Of((uint)third)), ignoreEnd: true);
        Assert.That(reason, Is.EqualTo("length"));
        Assert.That(ids, Has.Length.EqualTo(6));
    }

    [Test]
    public void Stops_when_the_context_is_full()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 7);
        using BuiltinEngine engine = Load(tiny, context: 5);
        List<GeneratedToken> tokens = [];
        Generation generation = engine.Generate(new GenerateRequest(Prompt, 50), tokens.Add);
        Assert.That(generation.StopReason, Is.EqualTo("context-full"));
        Assert.That(tokens, Has.Count.EqualTo(3));
    }

    [Test]
    public void Reports_what_is_unsupported_as_such()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 7, w => w.Set("general.architecture", GgufValue.Of("no-such-architecture")));
        using BuiltinEngine engine = new();
        InferenceException? exception = Assert.Throws<InferenceException>(() => engine.Load(new LoadRequest(tiny.Path, 8, "cpu", 1)));
        Assert.That(exception!.Failure, Is.EqualTo(InferenceFailure.Unsupported));
        Assert.That(exception.Message, Does.Contain("'no-such-architecture'"));

        exception = Assert.Throws<InferenceException>(() => engine.Load(new LoadRequest(tiny.Path, 8, "vulkan", 1)));
        Assert.That(exception!.Failure, Is.EqualTo(InferenceFailure.Unsupported));
        exception = Assert.Throws<InferenceException>(() => engine.Load(new LoadRequest(tiny.Path + ".none", 8, "cpu", 1)));
        Assert.That(exception!.Failure, Is.EqualTo(InferenceFailure.Error));
    }

    [Test]
    public void Needs_a_tokenizer_for_text_only()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 7);
        using BuiltinEngine engine = Load(tiny, context: 8);
        Assert.That(Score(engine, Prompt, tiny.Shape.Vocabulary), Has.Length.EqualTo(3 * tiny.Shape.Vocabulary));
        InferenceException? exception = Assert.Throws<InferenceException>(() => engine.Tokenize("text"u8, false, false));
        Assert.That(exception!.Failure, Is.EqualTo(InferenceFailure.Unsupported));
    }

    [Test]
    public void Refuses_ids_it_cannot_evaluate()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 7);
        using BuiltinEngine engine = Load(tiny, context: 4);
        Assert.Multiple(() =>
        {
            Assert.That(() => engine.Score([], Stream.Null), Throws.TypeOf<InferenceException>());
            Assert.That(() => engine.Score([67], Stream.Null), Throws.TypeOf<InferenceException>().With.Message.Contains("67"));
            Assert.That(() => engine.Score([1, 2, 3, 4, 5], Stream.Null), Throws.TypeOf<InferenceException>().With.Message.Contains("context"));
        });
    }

    private static (int[] Ids, string Reason) Generate(TinyShape shape, int seed, Action<GgufWriter> alter, bool ignoreEnd)
    {
        using TinyModel tiny = new(shape, seed, alter);
        using BuiltinEngine engine = Load(tiny, context: 16);
        List<int> ids = [];
        Generation generation = engine.Generate(new GenerateRequest(Prompt, 6, IgnoreEndOfGeneration: ignoreEnd), t => ids.Add(t.Id));
        return ([.. ids], generation.StopReason);
    }

    private static BuiltinEngine Load(TinyModel tiny, int context)
    {
        BuiltinEngine engine = new();
        LoadedModel loaded = engine.Load(new LoadRequest(tiny.Path, context, "cpu", 2));
        Assert.That(loaded.VocabularySize, Is.EqualTo(tiny.Shape.Vocabulary));
        return engine;
    }

    private static float[] Score(BuiltinEngine engine, int[] ids, int vocabulary)
    {
        using MemoryStream stream = new();
        Scoring scoring = engine.Score(ids, stream);
        Assert.That(scoring.Tokens, Is.EqualTo(ids.Length));
        Assert.That(scoring.VocabularySize, Is.EqualTo(vocabulary));
        return MemoryMarshal.Cast<byte, float>(stream.ToArray()).ToArray();
    }
}
