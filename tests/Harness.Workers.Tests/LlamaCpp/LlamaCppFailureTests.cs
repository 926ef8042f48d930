using System.Text.Json;
using Harness.Workers.LlamaCpp;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

public class LlamaCppFailureTests
{
    private string _directory = "";

    [OneTimeSetUp]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("harness-llamacpp-").FullName;

    [OneTimeTearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCase("v0.5.0")]
    [TestCase("b8390")]
    public void AnUnknownArchitectureIsUnsupportedInLlamaCppsOwnWords(string build)
    {
        JsonElement answer = Load(build, new TinyModel { Architecture = "nonesuch" }.Write(_directory));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.GetProperty("failure").GetString(), Is.EqualTo("Unsupported"));
            Assert.That(answer.GetProperty("message").GetString(), Does.Contain("unknown model architecture: 'nonesuch'"));
        }
    }

    [Test]
    public void AnUnknownPreTokenizerIsUnsupported()
    {
        JsonElement answer = Load("v0.5.0", new TinyModel { PreTokenizer = "nonesuch" }.Write(_directory));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.GetProperty("failure").GetString(), Is.EqualTo("Unsupported"));
            Assert.That(answer.GetProperty("message").GetString(), Does.Contain("unknown pre-tokenizer type: 'nonesuch'"));
        }
    }

    [Test]
    public void AMissingTensorIsNamed()
    {
        JsonElement answer = Load("v0.5.0", new TinyModel { Without = "blk.1.attn_v.weight" }.Write(_directory));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.GetProperty("failure").GetString(), Is.EqualTo("Error"));
            Assert.That(answer.GetProperty("message").GetString(), Does.Contain("blk.1.attn_v.weight"));
        }
    }

    [Test]
    public void ATruncatedOrForeignFileSaysWhatIsWrong()
    {
        string whole = new TinyModel().Write(_directory);
        string half = Path.Combine(_directory, "half.gguf"), foreign = Path.Combine(_directory, "foreign.gguf");
        File.WriteAllBytes(half, File.ReadAllBytes(whole)[..50_000]);
        File.WriteAllText(foreign, "This is no model, however long one reads on.");
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory("v0.5.0"), "load", half, "16", "cpu", "load", foreign, "16", "cpu",
            "load", Path.Combine(_directory, "absent.gguf"), "16", "cpu", "load", whole, "16", "vulkan", "load", whole, "16", "cpu");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers[0].GetProperty("message").GetString(), Does.Contain("not within the file bounds").Or.Contain("corrupted"));
            Assert.That(answers[1].GetProperty("message").GetString(), Does.Contain("invalid magic"));
            Assert.That(answers[2].GetProperty("message").GetString(), Does.Contain("no such file"));
            Assert.That(answers[3].GetProperty("failure").GetString(), Is.EqualTo("Unsupported"));
            Assert.That(answers[3].GetProperty("message").GetString(), Does.Contain("no vulkan device"));
            // After any number of failures the process still loads what is right.
            Assert.That(answers[4].TryGetProperty("VocabularySize", out _), Is.True, answers[4].ToString());
        }
    }

    [Test]
    public void ADirectoryWithoutLlamaCppSaysWhatIsMissing()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => new LlamaCppEngine(Path.Combine(_directory, "absent")),
                Throws.TypeOf<InferenceException>().With.Message.Contains("no such directory"));
            Assert.That(
                () => new LlamaCppEngine(_directory),
                Throws.TypeOf<InferenceException>().With.Message.Contains("no llama.cpp library"));
        }
    }

    [TestCase("error loading model: unknown model architecture: 'x'", InferenceFailure.Unsupported)]
    [TestCase("tensor 'a' has invalid ggml type 99 (should be in [0, 40))", InferenceFailure.Unsupported)]
    [TestCase("unable to allocate CPU buffer", InferenceFailure.OutOfMemory)]
    [TestCase("error loading model: missing tensor 'output.weight'", InferenceFailure.Error)]
    public void WordsTellTheKindOfFailure(string words, InferenceFailure kind) =>
        Assert.That(LlamaFailure.Classify(words), Is.EqualTo(kind));

    private static JsonElement Load(string build, string model) =>
        EngineProcess.Run(TestHome.Directory(build), "load", model, "16", "cpu")[0];
}
