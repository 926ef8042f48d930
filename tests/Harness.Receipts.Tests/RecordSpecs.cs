using System.Text.Json.Nodes;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.Receipts.Tests;

[TestFixture]
public sealed class RecordSpecs
{
    private string _folder = "";

    [SetUp]
    public void Make() => _folder = Directory.CreateTempSubdirectory("harness-receipts-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    // Examples of RFC 8785, section 3.2.2 and appendix B.
    [TestCase("333333333.33333329", "333333333.3333333")]
    [TestCase("1E30", "1e+30")]
    [TestCase("4.50", "4.5")]
    [TestCase("2e-3", "0.002")]
    [TestCase("0.000000000000000000000000001", "1e-27")]
    [TestCase("-0", "0")]
    [TestCase("9007199254740993", "9007199254740992")]
    [TestCase("295147905179352830000", "295147905179352830000")]
    [TestCase("1e21", "1e+21")]
    [TestCase("0.000001", "0.000001")]
    [TestCase("1e-7", "1e-7")]
    [TestCase("5e-324", "5e-324")]
    public void Numbers_are_written_as_the_canonical_scheme_says(string json, string expected) =>
        Assert.That(CanonicalJson.Write(JsonNode.Parse(json)), Is.EqualTo(expected));

    [Test]
    public void Members_are_sorted_and_strings_minimally_escaped() =>
        Assert.That(
            CanonicalJson.Write(JsonNode.Parse("{\"\\u20ac\":1,\"\\r\":\"\\u000f\\n\\\"\\/\",\"a\":[true,null]}")),
            Is.EqualTo("{\"\\r\":\"\\u000f\\n\\\"/\",\"a\":[true,null],\"€\":1}"));

    [Test]
    public void A_receipt_survives_its_line()
    {
        Receipt receipt = Sample.Receipt(text: "\u0000 é 🙂", expectation: new("contains", "2"));
        string line = ReceiptJson.Line(receipt);
        Assert.That(ReceiptJson.Line(ReceiptJson.ParseReceipt(line)), Is.EqualTo(line));
        Assert.That(line, Does.Not.Contain("\n"));
    }

    [Test]
    public void A_changed_receipt_is_refused()
    {
        string line = ReceiptJson.Line(Sample.Receipt()).Replace("\"outcome\":\"ok\"", "\"outcome\":\"failed\"");
        Assert.That(() => ReceiptJson.ParseReceipt(line), Throws.TypeOf<ReceiptException>().With.Message.Contain("changed"));
    }

    [Test]
    public void The_same_inputs_on_two_backends_share_the_inputs_digest_only()
    {
        Subject a = Sample.Receipt("builtin").Subject, b = Sample.Receipt("llama.cpp@v0.5.0").Subject;
        Assert.That(a.InputsDigest, Is.EqualTo(b.InputsDigest));
        Assert.That(a.Digest, Is.Not.EqualTo(b.Digest));
        Assert.That((a with { Options = a.Options with { Threads = 8 } }).InputsDigest, Is.EqualTo(a.InputsDigest));
        Assert.That((a with { Options = a.Options with { ContextLength = 8 } }).InputsDigest, Is.Not.EqualTo(a.InputsDigest));
    }

    [Test]
    public void What_was_appended_is_read_back()
    {
        Receipt receipt = Sample.Receipt();
        using (ReceiptStore store = ReceiptStore.Open(_folder)) store.Append(receipt);
        Assert.That(ReceiptStore.Read(_folder).Receipts[0].Id, Is.EqualTo(receipt.Id));
    }

    [Test]
    public void A_torn_line_is_set_aside_and_nothing_else_is_lost([Values(1, 10, 200)] int kept)
    {
        Receipt receipt = Sample.Receipt();
        using (ReceiptStore store = ReceiptStore.Open(_folder)) store.Append(receipt);
        string path = Path.Combine(_folder, "receipts.jsonl");
        File.AppendAllText(path, ReceiptJson.Line(Sample.Receipt("llama.cpp@v0.5.0"))[..kept]);
        Assert.That(ReceiptStore.Read(_folder).Receipts, Has.Count.EqualTo(1));
        using (ReceiptStore store = ReceiptStore.Open(_folder))
        {
            Assert.That(store.Receipts, Has.Count.EqualTo(1));
            store.Append(Sample.Receipt("llama.cpp@b8390"));
        }

        Assert.That(ReceiptStore.Read(_folder).Receipts.Select(r => r.Cell.Backend), Is.EqualTo(new[] { "builtin", "llama.cpp@b8390" }));
        Assert.That(File.Exists(path + ".torn"), Is.True);
    }

    [Test]
    public void A_damaged_line_in_the_middle_is_named_with_file_and_line()
    {
        using (ReceiptStore store = ReceiptStore.Open(_folder)) store.Append(Sample.Receipt());
        File.AppendAllText(Path.Combine(_folder, "receipts.jsonl"), "{}\n");
        Assert.That(() => ReceiptStore.Read(_folder), Throws.TypeOf<ReceiptException>().With.Message.Contain("line 2"));
    }

    [Test]
    public void Two_runs_cannot_write_the_same_folder()
    {
        using ReceiptStore store = ReceiptStore.Open(_folder);
        Assert.That(() => ReceiptStore.Open(_folder), Throws.TypeOf<ReceiptException>().With.Message.Contain("--out"));
    }

    [Test]
    public void Logits_that_were_changed_on_disk_are_refused()
    {
        var logits = new LogitsStore(Path.Combine(_folder, "logits"));
        string file = Path.Combine(_folder, "x");
        File.WriteAllBytes(file, new byte[16]);
        string sha256 = logits.Take(file);
        Assert.That(logits.Read(sha256), Has.Length.EqualTo(4));
        File.WriteAllBytes(logits.PathOf(sha256), new byte[20]);
        Assert.That(() => logits.Read(sha256), Throws.TypeOf<ReceiptException>());
    }

    [Test]
    public void Secrets_home_directories_and_names_never_reach_a_receipt()
    {
        var redactor = new Redactor(
            ["s3cr3t-token"],
            [new("/srv/cache/harness", "$HARNESS_HOME"), new("/srv/people/maria", "~")],
            ["maria", "mariashost"]);
        string text = redactor.Redact(
            "at /srv/people/maria/x: Bearer abcdefghijkl s3cr3t-token hf_AbCdEf123456 on mariashost, /home/other/y, /srv/cache/harness/z, C:\\Users\\Maria\\q");
        foreach (string secret in new[] { "maria", "s3cr3t", "hf_A", "other", "abcdefgh" })
            Assert.That(text, Does.Not.Contain(secret).IgnoreCase);
        Assert.That(text, Does.Contain("~/x").And.Contain("$HARNESS_HOME/z").And.Contain("~/y").And.Contain("~\\q"));
    }

    [Test]
    public void Redaction_reaches_every_string_but_what_the_model_read_and_said()
    {
        Receipt receipt = Sample.Receipt(text: "maria said") with
        {
            Command = "harness run /srv/maria/x.gguf",
            Chat = new ChatRecord { Conversation = "c", PromptText = "[INST] maria", PromptIds = [1], BackendPrompt = "maria", BackendTemplate = "none" },
        };
        Receipt clean = new Redactor([], [], ["maria"]).Redact(receipt);
        Assert.That(clean.Command, Does.Not.Contain("maria"));
        Assert.That(clean.Generations[0].Text, Is.EqualTo("maria said"));
        Assert.That((clean.Chat!.PromptText, clean.Chat.BackendPrompt), Is.EqualTo(("[INST] maria", "maria")));
        Assert.That(ReceiptJson.ParseReceipt(ReceiptJson.Line(clean)).Id, Is.EqualTo(clean.Id));
    }

    [Test]
    public void The_published_schema_is_the_one_of_the_types([Values("receipt", "comparison")] string name)
    {
        string now = name == "receipt" ? ReceiptSchema.Receipt() : ReceiptSchema.Comparison();
        // Left beside the published one, so that a wanted change is one copy away.
        File.WriteAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, $"{name}.schema.actual.json"), now);
        string published = File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, $"{name}.schema.json"));
        Assert.That(published.ReplaceLineEndings("\n"), Is.EqualTo(now), $"src/Harness.Receipts/Schema/{name}.schema.json is out of date");
    }
}
