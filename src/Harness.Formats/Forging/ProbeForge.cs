using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;

namespace Harness.Formats.Forging;

/// <summary>
/// Makes probe models: tiny random-weight models of a true architecture. The same architecture, variant, quantization
/// and seed are the same bytes on every machine.
/// </summary>
public static class ProbeForge
{
    /// <summary>The version of the algorithm; in <c>harness.forge.version</c>. Other bytes need another version.</summary>
    public const int Version = 1;

    /// <summary>The architectures that can be forged.</summary>
    public static IReadOnlyList<string> Architectures { get; } = [.. ForgeArchitectures.All.Select(a => a.Name)];

    /// <summary>The quantizations that can be forged.</summary>
    public static IReadOnlyList<string> Quantizations { get; } = [.. Mixture.All.Select(q => q.Name)];

    /// <summary>The variants of an architecture's probe; the first is the default.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <returns>Their names.</returns>
    /// <exception cref="ForgeException">The architecture is not known.</exception>
    public static IReadOnlyList<string> Variants(string architecture) =>
        [.. ForgeArchitectures.Get(architecture).Probes.Select(p => p.Variant)];

    /// <summary>Writes a probe model, under <c>PATH.partial</c> until it is whole.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <param name="quantization">One of <see cref="Quantizations"/>.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="variant">One of <see cref="Variants"/>; null for the first.</param>
    /// <param name="chat">A chat template in the place of the vocabulary's own, with its tokens; null keeps that one.</param>
    /// <param name="preTokenizer">A name of a pre-tokenizer in the place of the vocabulary's own; null keeps that one.</param>
    /// <exception cref="ForgeException">The architecture, quantization or variant is not known.</exception>
    public static void Write(
        string architecture, string quantization, ulong seed, string path, string? variant = null, ForgedChat? chat = null, string? preTokenizer = null)
    {
        GgufWriter writer = Describe(architecture, quantization, seed, variant, chat);
        if (preTokenizer is not null) writer.Set("tokenizer.ggml.pre", GgufValue.Of(preTokenizer));
        writer.Save(path);
    }

    /// <summary>A probe model that is not written yet: its header is known, its weights are made when they are asked for.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <param name="quantization">One of <see cref="Quantizations"/>.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="variant">One of <see cref="Variants"/>; null for the first.</param>
    /// <param name="chat">A chat template in the place of the vocabulary's own, with its tokens; null keeps that one.</param>
    /// <returns>What writes it.</returns>
    /// <exception cref="ForgeException">The architecture, quantization or variant is not known.</exception>
    public static GgufWriter Describe(string architecture, string quantization, ulong seed, string? variant = null, ForgedChat? chat = null)
    {
        ForgeArchitecture recipe = ForgeArchitectures.Get(architecture);
        Mixture mix = ForgedRows.MixtureOf(quantization);
        ForgeProbe probe = ForgeArchitectures.GetProbe(recipe, variant);
        return ForgeWriter.Describe(recipe, probe.Shape, mix, seed, probe, chat);
    }
}
