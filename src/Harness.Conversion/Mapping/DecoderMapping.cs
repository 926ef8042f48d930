using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Mapping;

/// <summary>The tensors of a whole model: its ends and its layers.</summary>
internal static class DecoderMapping
{
    /// <summary>A decoder.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layer">What each layer consists of.</param>
    /// <param name="names">What its parts are called; null for the usual names.</param>
    /// <param name="tied">Whether the output head is the embedding where config.json does not say.</param>
    /// <param name="norm">How weights of norms change, or null.</param>
    public static IEnumerable<MappedTensor> Decoder(
        this SourceModel model, Func<LayerMapping, IEnumerable<MappedTensor>> layer, PartNames? names = null, bool tied = false, Func<float, float>? norm = null)
    {
        names ??= PartNames.Usual;
        yield return new("token_embd.weight", model.Take($"{names.Embedding}.weight", "map token_embd", model.Vocabulary, model.Embedding));
        foreach (MappedTensor tensor in names.Norm is null ? [] : model.Norm(names.Norm, "output_norm", "map output_norm", model.Embedding, norm))
            yield return tensor;
        foreach (MappedTensor tensor in model.Output(names.Output, tied))
            yield return tensor;
        for (int i = 0; i < model.Layers.Value; i++)
        {
            foreach (MappedTensor tensor in layer(new LayerMapping(model, i, FormattableString.Invariant($"{names.Layers}.{i}."), norm)))
                yield return tensor;
        }
    }

    /// <summary>A norm, with its bias where it has one; none at all where the model has none of that name and may have none.</summary>
    public static IEnumerable<MappedTensor> Norm(
        this SourceModel model, string name, string target, string step, Dim length, Func<float, float>? change = null)
    {
        TensorValues weight = model.Take($"{name}.weight", step, length);
        yield return new($"{target}.weight", change is null ? weight : weight.Each(change));
        if (model.Has($"{name}.bias"))
            yield return new($"{target}.bias", model.Take($"{name}.bias", step, length));
    }

    /// <summary>The output head, unless it is the embedding.</summary>
    private static IEnumerable<MappedTensor> Output(this SourceModel model, string name, bool tied)
    {
        if (!model.Has($"{name}.weight") && (model.Tied ?? tied))
            yield break;
        yield return new("output.weight", model.Take($"{name}.weight", "map output (tie_word_embeddings is not set)", model.Vocabulary, model.Embedding));
        if (model.Has($"{name}.bias"))
            yield return new("output.bias", model.Take($"{name}.bias", "map output", model.Vocabulary));
    }
}
