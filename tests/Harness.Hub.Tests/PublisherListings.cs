namespace Harness.Hub.Tests;

/// <summary>
/// File lists as publishers of GGUF files write them. Each maker names a model's quantizations in its own way; what is
/// made here is remembered with what it means, so that a selection can be held to it.
/// </summary>
internal static class PublisherListings
{
    private static readonly string[] Bases =
    [
        "Qwen2.5-7B-Instruct", "Meta-Llama-3.1-8B-Instruct", "gemma-3-4b-it", "Phi-3-mini-4k-instruct", "Mixtral-8x7B-Instruct-v0.1", "mistral-7b-instruct-v0.2",
        "DeepSeek-R1-Distill-Qwen-7B", "granite-4.0-h-micro", "SmolLM2-1.7B-Instruct", "GLM-4.6V-Flash", "Qwen3-30B-A3B", "MiniCPM-V-2_6", "yi-1.5-9b.chat",
    ];

    private static readonly string[] Common = ["Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_0", "Q4_1", "Q4_K_S", "Q4_K_M", "Q5_0", "Q5_K_S", "Q5_K_M", "Q6_K", "Q8_0"];
    private static readonly string[] Importance = ["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "IQ3_S", "IQ3_M", "IQ4_XS", "IQ4_NL"];

    /// <summary>One publisher's list.</summary>
    /// <param name="Publisher">Who names files so.</param>
    /// <param name="Repo">The repository.</param>
    /// <param name="Variants">Quantization as a person asks for it → the paths that are meant, in order.</param>
    /// <param name="Others">Paths that no quantization may bring: projectors, matrices, adapters, drafts, read-mes.</param>
    internal sealed record Made(string Publisher, string Repo, IReadOnlyDictionary<string, string[]> Variants, string[] Others)
    {
        public RepoListing Listing(int seed)
        {
            string[] paths = [.. Variants.Values.SelectMany(v => v).Distinct(), .. Others];
            new Random(seed).Shuffle(paths);
            return new RepoListing(Repo, "main", new string('c', 40), [.. paths.Select(p => new RepoFile(p, 1000, new string('a', 40), null))]);
        }
    }

    /// <summary>A list by a seed: any publisher, any model, any choice of quantizations.</summary>
    public static Made Of(int seed)
    {
        var random = new Random(seed);
        string model = Bases[random.Next(Bases.Length)];
        return random.Next(9) switch
        {
            0 => Bartowski(random, model),
            1 => Unsloth(random, model),
            2 => TheBloke(random, model.ToLowerInvariant()),
            3 => GgmlOrg(random, model),
            4 => Mradermacher(random, model, importance: true),
            5 => Mradermacher(random, model, importance: false),
            6 => Lmstudio(random, model),
            7 => Makers(random, model.ToLowerInvariant()),
            _ => Imat(random, model),
        };
    }

    private static Made Bartowski(Random random, string model)
    {
        var variants = new Dictionary<string, string[]>();
        foreach (string quant in Some(random, [.. Common, .. Importance, "Q4_K_L", "Q6_K_L", "Q3_K_XL", "Q4_0_4_4", "Q4_0_8_8", "bf16", "f16", "f32"]))
            variants[quant.ToUpperInvariant()] = quant is "Q8_0" or "f32" && random.Next(2) == 0
                ? Shards($"{model}-{quant}/{model}-{quant}", random.Next(2, 5)) : [$"{model}-{quant}.gguf"];
        return new("bartowski", $"bartowski/{model}-GGUF", variants, [$"{model}.imatrix", $"{model}-imatrix.gguf", $"mmproj-{model}-f16.gguf", $"mmproj-{model}-bf16.gguf", "README.md", ".gitattributes"]);
    }

    private static Made Unsloth(Random random, string model)
    {
        var variants = new Dictionary<string, string[]>();
        foreach (string quant in Some(random, [.. Common, "IQ4_NL", "IQ4_XS", "BF16"]))
            variants[quant] = quant == "BF16" ? Shards($"BF16/{model}-BF16", 2) : [$"{model}-{quant}.gguf"];
        foreach (string quant in Some(random, ["Q2_K_XL", "Q3_K_XL", "Q4_K_XL", "Q5_K_XL", "Q6_K_XL", "Q8_K_XL", "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_M", "IQ3_XXS", "TQ1_0"]))
        {
            string[] paths = random.Next(2) == 0 ? [$"{model}-UD-{quant}.gguf"] : Shards($"UD-{quant}/{model}-UD-{quant}", random.Next(2, 4));
            variants["UD-" + quant] = paths;
            // There is no plain one: the plain name means it too.
            variants[quant] = paths;
        }

        // A dynamic twin of a plain one is brought only by its full name.
        if (variants.ContainsKey("Q4_K_M")) variants["UD-Q4_K_M"] = [$"{model}-UD-Q4_K_M.gguf"];
        return new("unsloth", $"unsloth/{model}-GGUF", variants, ["mmproj-F16.gguf", "mmproj-BF16.gguf", "mmproj-F32.gguf", "imatrix_unsloth.dat", "imatrix_unsloth.gguf_file", "config.json", "MTP/" + model + "-MTP-Q8_0.gguf", "README.md"]);
    }

    private static Made TheBloke(Random random, string model) => new(
        "TheBloke", $"TheBloke/{model}-GGUF", Some(random, Common).ToDictionary(q => q, q => new[] { $"{model}.{q}.gguf" }), ["config.json", "README.md", "LICENSE.txt"]);

    private static Made GgmlOrg(Random random, string model)
    {
        string lower = random.Next(2) == 0 ? model.ToLowerInvariant() : model;
        Dictionary<string, string[]> variants = Some(random, ["Q4_K_M", "Q8_0", "f16", "mxfp4", "Q4_0"]).ToDictionary(
            q => q.ToUpperInvariant(), q => random.Next(4) == 0 ? Shards($"{lower}-{q}", 3) : new[] { $"{lower}-{q.ToLowerInvariant()}.gguf" });
        return new("ggml-org", $"ggml-org/{model}-GGUF", variants, ["mmproj-model-f16.gguf", $"mmproj-{model}-Q8_0.gguf", $"draft/{model}-draft-Q8_0.gguf", "README.md"]);
    }

    private static Made Mradermacher(Random random, string model, bool importance)
    {
        var variants = new Dictionary<string, string[]>();
        foreach (string quant in Some(random, importance ? [.. Common, .. Importance] : [.. Common, "IQ4_XS", "f16"]))
        {
            string[] paths = [importance ? $"{model}.i1-{quant}.gguf" : $"{model}.{quant}.gguf"];
            variants[quant.ToUpperInvariant()] = paths;
            if (importance) variants["i1-" + quant] = paths;
        }

        string repo = importance ? $"mradermacher/{model}-i1-GGUF" : $"mradermacher/{model}-GGUF";
        return new("mradermacher", repo, variants, importance ? ["imatrix.dat", $"{model}.imatrix.gguf", "README.md"] : [$"{model}.mmproj-Q8_0.gguf", $"{model}.mmproj-fp16.gguf", "README.md"]);
    }

    private static Made Lmstudio(Random random, string model) => new(
        "lmstudio-community", $"lmstudio-community/{model}-GGUF",
        Some(random, ["Q3_K_L", "Q4_K_M", "Q6_K", "Q8_0", "IQ4_XS", "MXFP4"]).ToDictionary(q => q, q => q == "Q8_0" && random.Next(2) == 0 ? Shards($"{model}-{q}", 2) : new[] { $"{model}-{q}.gguf" }),
        ["mmproj-model-f16.gguf", "README.md"]);

    private static Made Makers(Random random, string model)
    {
        Dictionary<string, string[]> variants = Some(random, Common).ToDictionary(
            q => q, q => random.Next(3) == 0 ? Shards($"{model}-{q.ToLowerInvariant()}", random.Next(2, 9)) : new[] { $"{model}-{q.ToLowerInvariant()}.gguf" });
        variants["F16"] = Shards($"{model}-fp16", 4);
        variants["fp16"] = variants["F16"];
        return new("the makers", $"maker/{model}-GGUF", variants, ["LICENSE", "README.md", $"{model}-lora-adapter-f16.gguf", $"{model}-eagle3-q8_0.gguf"]);
    }

    private static Made Imat(Random random, string model)
    {
        var variants = new Dictionary<string, string[]>();
        foreach (string quant in Some(random, [.. Common, .. Importance]))
            variants[quant] = [random.Next(2) == 0 ? $"{model}-{quant}-imat.gguf" : $"{model}-imatrix-{quant}.gguf"];
        return new("imat", $"somebody/{model}-GGUF-IQ-Imatrix", variants, ["imatrix.dat", "imatrix-F16.gguf", "README.md"]);
    }

    private static string[] Some(Random random, string[] all)
    {
        string[] shuffled = [.. all];
        random.Shuffle(shuffled);
        return shuffled[..random.Next(2, all.Length + 1)];
    }

    private static string[] Shards(string stem, int count) => [.. Enumerable.Range(1, count).Select(i => $"{stem}-{i:D5}-of-{count:D5}.gguf")];
}
