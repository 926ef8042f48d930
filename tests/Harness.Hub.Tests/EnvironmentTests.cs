using NUnit.Framework;

namespace Harness.Hub.Tests;

public sealed class EnvironmentTests
{
    private static HubOptions Read(params (string Name, string Value)[] variables) =>
        HubOptions.FromEnvironment(name => variables.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault());

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    [Test]
    public void The_cache_lies_where_the_official_clients_have_it()
    {
        Assert.That(Read(("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).CacheDirectory, Is.EqualTo(Path.Combine(Home, ".cache", "huggingface", "hub")));
        Assert.That(Read(("XDG_CACHE_HOME", "/x")).CacheDirectory, Is.EqualTo(Path.GetFullPath(Path.Combine("/x", "huggingface", "hub"))));
        Assert.That(Read(("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/h")).CacheDirectory, Is.EqualTo(Path.GetFullPath(Path.Combine("/h", "hub"))));
        Assert.That(Read(("HF_HOME", "/h"), ("HF_HUB_CACHE", "~/c")).CacheDirectory, Is.EqualTo(Path.Combine(Home, "c")));
    }

    [Test]
    public void The_endpoint_switches_and_flags_are_read()
    {
        HubOptions options = Read(("HF_ENDPOINT", "http://localhost:80/mirror/"), ("HF_HUB_OFFLINE", "yes"), ("HF_HUB_DISABLE_SYMLINKS", "1"), ("HF_TOKEN", " hf_x\n"));
        Assert.That(options.DisplayEndpoint, Is.EqualTo("http://localhost/mirror"));
        Assert.That((options.Offline, options.DisableSymlinks, options.Token, options.TokenSource), Is.EqualTo((true, true, "hf_x", "HF_TOKEN")));
        Assert.That(Read(("HF_HOME", "/none")), Has.Property("Endpoint").EqualTo(HubOptions.DefaultEndpoint).And.Property("Offline").False.And.Property("Token").Null);
    }

    [TestCase("huggingface.co")]
    [TestCase("ftp://x")]
    [TestCase("http://")]
    [TestCase("file:///x")]
    public void A_wrong_endpoint_is_a_usage_error(string endpoint) =>
        Assert.That(Assert.Throws<HubException>(() => Read(("HF_ENDPOINT", endpoint)))!.Message, Does.Contain("HF_ENDPOINT"));

    [Test]
    public void The_token_file_is_read_and_HF_TOKEN_wins()
    {
        string directory = Directory.CreateTempSubdirectory("harness-hub-").FullName;
        File.WriteAllText(Path.Combine(directory, "token"), "hf_file\n");
        File.WriteAllText(Path.Combine(directory, "other"), "hf_other");
        Assert.That(Read(("HF_HOME", directory)).Token, Is.EqualTo("hf_file"));
        Assert.That(Read(("HF_HOME", directory), ("HF_TOKEN_PATH", Path.Combine(directory, "other"))).Token, Is.EqualTo("hf_other"));
        Assert.That(Read(("HF_HOME", directory), ("HF_TOKEN", "hf_env")).Token, Is.EqualTo("hf_env"));
        Assert.That(Read(("HF_HOME", directory), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).Token, Is.Null);
        Directory.Delete(directory, recursive: true);
    }

    [TestCase("hf:o/n", "o/n", null, null)]
    [TestCase("o/n@v1", "o/n", null, "v1")]
    [TestCase("hf:o/n/sub/m.gguf@refs/pr/1", "o/n", "sub/m.gguf", "refs/pr/1")]
    public void References_are_read(string text, string repo, string? file, string? revision) =>
        Assert.That(HubReference.Parse(text), Is.EqualTo(new HubReference(repo, file, revision)));

    [TestCase("hf:o")]
    [TestCase("hf:o/n/")]
    [TestCase("hf:o/n@")]
    [TestCase("hf:../n")]
    [TestCase("hf:o/n@../x")]
    public void Malformed_references_are_usage_errors(string text) =>
        Assert.That(Assert.Throws<HubException>(() => HubReference.Parse(text))!.Failure, Is.EqualTo(HubFailure.Usage));
}
