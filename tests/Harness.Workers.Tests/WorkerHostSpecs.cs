using System.Text;
using System.Text.Json;
using Harness.Dummies;
using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>The worker's side, by its bytes: what PROTOCOL.md promises to whoever writes a harness.</summary>
public class WorkerHostSpecs
{
    [Test]
    public void Requests_are_answered_in_order_with_their_ids()
    {
        string[] replies = Talk(
            """{"id":7,"type":"hello","protocol":1}""",
            """{"id":8,"type":"load","path":"m","contextLength":32,"device":"cpu","threads":1}""",
            """{"id":9,"type":"exit"}""");
        Assert.That(replies[0], Is.EqualTo(
            """{"id":7,"result":{"protocol":1,"backend":"scripted","version":"v1","devices":[{"api":"cpu","name":"a dummy"}],"reload":true}}"""));
        Assert.That(replies[1], Is.EqualTo(
            """{"id":8,"result":{"architecture":"scripted","description":"m","vocabularySize":256,"contextLength":32,"loadMs":1}}"""));
        Assert.That(replies[2], Is.EqualTo("""{"id":9,"result":{}}"""));
    }

    [Test]
    public void Tokens_are_streamed_before_the_result_and_numbers_JSON_lacks_are_null()
    {
        string[] replies = Talk("""{"id":1,"type":"generate","ids":[64],"maxTokens":2,"top":2}""");
        Assert.That(replies, Has.Length.EqualTo(3));
        Assert.That(replies[0], Is.EqualTo(
            """{"id":1,"event":"token","token":65,"bytes":"QQ==","topIds":[65,66],"topLogProbabilities":[-0.1,null]}"""));
        Assert.That(replies[2], Does.StartWith("""{"id":1,"result":{"promptTokens":1,"generatedTokens":2,"stopReason":"length","""));
    }

    [Test]
    public void A_prompt_in_words_comes_back_as_the_ids_that_were_evaluated()
    {
        string[] replies = Talk("""{"id":1,"type":"generate","text":"hi","maxTokens":0}""");
        Assert.That(replies.Single(), Does.Contain("\"promptIds\":[104,105]"));
    }

    [TestCase("""{"id":3,"type":"chat","messages":[{"role":"user","content":"hi"}]}""", "unsupported")]
    [TestCase("""{"id":3,"type":"dance"}""", "unsupported")]
    [TestCase("""{"id":3,"type":"load","path":"unknown-architecture"}""", "unsupported")]
    [TestCase("""{"id":3,"type":"load","path":"broken"}""", "error")]
    [TestCase("""{"id":3,"type":"load"}""", "error")]
    [TestCase("""{"id":3,"type":"score","ids":[1]}""", "error")]
    public void What_cannot_be_done_is_answered_with_its_kind_and_the_worker_goes_on(string request, string kind)
    {
        string[] replies = Talk(request, """{"id":4,"type":"exit"}""");
        using JsonDocument reply = JsonDocument.Parse(replies[0]);
        Assert.That(reply.RootElement.GetProperty("id").GetInt32(), Is.EqualTo(3));
        Assert.That(reply.RootElement.GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo(kind));
        Assert.That(reply.RootElement.GetProperty("error").GetProperty("message").GetString(), Is.Not.Empty);
        Assert.That(replies[1], Is.EqualTo("""{"id":4,"result":{}}"""));
    }

    [Test]
    public void A_line_that_is_no_request_is_answered_with_id_0()
    {
        string[] replies = Talk("what?", """{"id":4,"type":"exit"}""");
        Assert.That(replies[0], Does.StartWith("""{"id":0,"error":{"kind":"error","message":"not a request"""));
        Assert.That(replies[1], Is.EqualTo("""{"id":4,"result":{}}"""));
    }

    [Test]
    public void A_scoring_that_fails_leaves_no_file()
    {
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.logits");
        string path = System.Text.Json.JsonSerializer.Serialize(file);
        string[] replies = Talk($$"""{"id":1,"type":"score","ids":[5,-1],"logits":{{path}}}""");
        Assert.That(replies.Single(), Does.Contain("\"error\""));
        Assert.That(File.Exists(file), Is.False);
    }

    [Test]
    public void Nothing_after_exit_is_answered()
    {
        Assert.That(Talk("""{"id":1,"type":"exit"}""", """{"id":2,"type":"hello"}"""), Has.Length.EqualTo(1));
    }

    private static string[] Talk(params string[] requests)
    {
        using MemoryStream input = new(Encoding.UTF8.GetBytes(string.Join('\n', requests) + "\n"));
        using MemoryStream output = new();
        using ScriptedEngine engine = new();
        WorkerHost.Run(engine, input, output);
        return Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
