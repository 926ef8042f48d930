using System.Text.Json;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

public class LlamaCppEngineTests
{
    private const string Ids = "1 17 42 99 3 77 64 5 120 8 31 90 55 2 66 101 12 48 110 7 23 88 35 60";
    private string _directory = "";

    [OneTimeSetUp]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("harness-llamacpp-").FullName;

    [OneTimeTearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCase("b4600", Category = "Soak")]
    [TestCase("b5640", Category = "Soak")]
    [TestCase("b7347", Category = "Soak")]
    [TestCase("b8390")]
    public void EveryReleaseComputesWhatTheNewestComputes(string build)
    {
        string model = new TinyModel().Write(_directory);
        string newest = TestHome.Directory("v0.5.0"), older = TestHome.Directory(build);
        // Both at once: two releases side by side in one run.
        Task<IReadOnlyList<JsonElement>> first = Task.Run(() => EngineProcess.Run(newest, "identify", "load", model, "64", "cpu", "score", Ids));
        Task<IReadOnlyList<JsonElement>> second = Task.Run(() => EngineProcess.Run(older, "identify", "load", model, "64", "cpu", "score", Ids));
        float[] expected = EngineProcess.Logits(first.Result[2]), actual = EngineProcess.Logits(second.Result[2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Result[0].GetProperty("Version").GetString(), Is.EqualTo("v0.5.0"));
            Assert.That(second.Result[0].GetProperty("Version").GetString(), Is.EqualTo(build));
            Assert.That(actual, Has.Length.EqualTo(24 * TinyModel.Vocabulary));
            Assert.That(actual, Has.All.Matches<float>(float.IsFinite));
            // F32 weights, but an F16 KV cache whose sums are ordered differently from release to release.
            Assert.That(MeanSquaredError(actual, expected), Is.LessThan(1e-6));
        }
    }

    [TestCase("llama-dense")]
    [TestCase("qwen2-dense")]
    public void LogitsAreThoseLlamaCppWroteDown(string name)
    {
        string model = SharedFiles.Path($"interop/{name}.gguf");
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(TestHome.Directory("v0.5.0"), "load", model, "64", "cpu", "score", Ids);
        float[] expected = System.Runtime.InteropServices.MemoryMarshal
            .Cast<byte, float>(File.ReadAllBytes(SharedFiles.Path($"interop/{name}.logits.f32"))).ToArray();
        Assert.That(MeanSquaredError(EngineProcess.Logits(answers[1]), expected), Is.LessThan(1e-5));
    }

    [Test]
    public void ABackendSaysWhatItIsAndWhatItUses()
    {
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory("v0.5.0"), out string log, "load", new TinyModel().Write(_directory), "64", "cpu", "identify");
        JsonElement identity = answers[1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(identity.GetProperty("Backend").GetString(), Is.EqualTo("llama.cpp"));
            Assert.That(identity.GetProperty("Digest").GetString(), Does.Match("^[0-9a-f]{64}$"));
            Assert.That(identity.GetProperty("InstructionSet").GetString(), Is.Not.Null.And.Not.Empty);
            Assert.That(identity.GetProperty("Devices").GetArrayLength(), Is.EqualTo(1));
            Assert.That(identity.GetProperty("Devices")[0].GetProperty("Api").GetString(), Is.EqualTo("cpu"));
            Assert.That(log, Does.Contain("llama_context"));
            Assert.That(answers[0].GetProperty("VocabularySize").GetInt32(), Is.EqualTo(TinyModel.Vocabulary));
            Assert.That(answers[0].GetProperty("ContextLength").GetInt32(), Is.EqualTo(64));
        }
    }

    [TestCase("v0.5.0")]
    [TestCase("b8390")]
    public void TextBecomesIdsAndBytesThatLackATokenBecomeByteTokens(string build)
    {
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory(build), "load", new TinyModel().Write(_directory), "64", "cpu", "tokenize", "ab", "tokenize", "é", "tokenize", "");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IdsOf(answers[1]), Is.EqualTo(new[] { TinyModel.Vocabulary - 1 }));
            Assert.That(IdsOf(answers[2]), Is.EqualTo(new[] { 259, TinyModel.Byte(0xC3), TinyModel.Byte(0xA9) }));
            Assert.That(IdsOf(answers[3]), Is.Empty);
        }
    }

    [Test]
    public void GenerationIsGreedyAndTheSameFromAFreshContextEachTime()
    {
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory("v0.5.0"), "load", new TinyModel().Write(_directory), "40", "cpu",
            "score", "1 17 42", "generate", "1 17 42", "6", "3", "generate", "9 9 9 9", "2", "0", "generate", "1 17 42", "6", "3");
        float[] logits = EngineProcess.Logits(answers[1])[^TinyModel.Vocabulary..];
        JsonElement first = answers[2].GetProperty("top")[0];
        int[] top = [.. first.GetProperty("TopIds").EnumerateArray().Select(id => id.GetInt32())];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IdsOf(answers[2])[0], Is.EqualTo(Array.IndexOf(logits, logits.Max())));
            Assert.That(top, Is.EqualTo(Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(3)));
            Assert.That(first.GetProperty("TopLogProbabilities")[0].GetSingle(), Is.LessThan(0));
            Assert.That(IdsOf(answers[4]), Is.EqualTo(IdsOf(answers[2])));
            Assert.That(answers[2].GetProperty("stop").GetString(), Is.EqualTo("length").Or.EqualTo("end-of-generation"));
        }
    }

    [Test]
    public void AFullContextEndsAGenerationAndAPromptThatDoesNotFitIsRefused()
    {
        string[] prompt = [.. Enumerable.Repeat("259", 16)];
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory("v0.5.0"), "load", new TinyModel().Write(_directory), "16", "cpu",
            "generate", string.Join(' ', prompt), "5", "0", "score", string.Join(' ', prompt) + " 259", "score", "264", "score", "263");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers[1].GetProperty("stop").GetString(), Is.EqualTo("context-full").Or.EqualTo("end-of-generation"));
            Assert.That(answers[2].GetProperty("message").GetString(), Does.Contain("17 token ids do not fit the context of 16"));
            Assert.That(answers[3].GetProperty("message").GetString(), Does.Contain("token id 264 is outside the vocabulary of 264"));
            Assert.That(EngineProcess.Logits(answers[4]), Has.Length.EqualTo(TinyModel.Vocabulary));
        }
    }

    [Test]
    public void APromptLongerThanABatchScoresAndGeneratesTheSame()
    {
        string ids = string.Join(' ', Enumerable.Range(0, 700).Select(i => 3 + (i * 37 % 256)));
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory("v0.5.0"), "load", new TinyModel().Write(_directory), "1024", "cpu", "score", ids, "generate", ids, "1", "0");
        float[] last = EngineProcess.Logits(answers[1])[^TinyModel.Vocabulary..];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers[1].GetProperty("tokens").GetInt32(), Is.EqualTo(700));
            Assert.That(IdsOf(answers[2]), Is.EqualTo(new[] { Array.IndexOf(last, last.Max()) }));
        }
    }

    private static int[] IdsOf(JsonElement answer) => answer.TryGetProperty("ids", out JsonElement ids)
        ? [.. ids.EnumerateArray().Select(id => id.GetInt32())]
        : throw new AssertionException($"no ids: {answer}");

    private static double MeanSquaredError(float[] actual, float[] expected)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        return actual.Zip(expected, (a, b) => Math.Pow(a - (double)b, 2)).Sum() / expected.Sum(b => (double)b * b);
    }
}
