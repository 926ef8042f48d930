using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Mapping;

/// <summary>One layer: takes its tensors, in the shapes the configuration says, and gives them their GGUF names.</summary>
/// <param name="Model">The model.</param>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Prefix">What its tensors' names begin with: <c>model.layers.0.</c>.</param>
/// <param name="NormChange">How weights of norms change, or null.</param>
internal sealed record LayerMapping(SourceModel Model, int Index, string Prefix, Func<float, float>? NormChange)
{
    /// <summary>Takes a tensor of this layer.</summary>
    /// <param name="name">Its name behind the prefix.</param>
    /// <param name="target">What it becomes.</param>
    /// <param name="shape">The shape it must have.</param>
    public TensorValues Take(string name, string target, params IReadOnlyList<Dim> shape) =>
        Model.Take(Prefix + name, FormattableString.Invariant($"map {target} of layer {Index}"), shape);

    /// <summary>Whether this layer has a tensor.</summary>
    public bool Has(string name) => Model.Has(Prefix + name);

    /// <summary>A tensor of this layer under its GGUF name.</summary>
    public MappedTensor As(string target, TensorValues values) => new(FormattableString.Invariant($"blk.{Index}.{target}"), values);

    /// <summary>A norm, with its bias where it has one.</summary>
    /// <param name="name">Its name behind the prefix, without suffix.</param>
    /// <param name="target">Its GGUF name, without suffix.</param>
    /// <param name="length">Its length; null for that of the residual stream.</param>
    public IEnumerable<MappedTensor> Norm(string name, string target, Dim? length = null) =>
        Model.Norm(Prefix + name, FormattableString.Invariant($"blk.{Index}.{target}"), FormattableString.Invariant($"map {target} of layer {Index}"), length ?? Model.Embedding, NormChange);

    /// <summary>Norms before attention and before the feed-forward, under the usual names.</summary>
    public IEnumerable<MappedTensor> Norms() => [.. Norm("input_layernorm", "attn_norm"), .. Norm("post_attention_layernorm", "ffn_norm")];

    /// <summary>A projection: its matrix and its bias.</summary>
    /// <param name="name">Its name behind the prefix, without suffix.</param>
    /// <param name="target">Its GGUF name, without suffix.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="biases">Whether it has a bias.</param>
    /// <param name="rows">How rows, and with them the bias, are reordered; null for not at all.</param>
    public IEnumerable<MappedTensor> Linear(
        string name, string target, Dim outputs, Dim inputs, Biases biases = Biases.IfPresent, Func<TensorValues, TensorValues>? rows = null)
    {
        rows ??= values => values;
        yield return As($"{target}.weight", rows(Take($"{name}.weight", target, outputs, inputs)));
        if (biases == Biases.Required || (biases == Biases.IfPresent && Has($"{name}.bias")))
            yield return As($"{target}.bias", rows(Take($"{name}.bias", target, outputs)));
    }

    /// <summary>Separate projections to query, key and value, and the one back.</summary>
    /// <param name="rotation">Whether rows of query and key are reordered.</param>
    /// <param name="biases">Whether query, key and value have biases.</param>
    /// <param name="name">What the attention is called.</param>
    /// <param name="output">What its output projection is called.</param>
    public IEnumerable<MappedTensor> Attention(
        Rotation rotation = Rotation.AsStored, Biases biases = Biases.IfPresent, string name = "self_attn", string output = "o_proj") =>
    [
        .. Linear($"{name}.q_proj", "attn_q", Model.QueryWidth, Model.Embedding, biases, q => q.Reordered(Model.HeadDimension, rotation)),
        .. Linear($"{name}.k_proj", "attn_k", Model.KeyWidth, Model.Embedding, biases, k => k.Reordered(Model.HeadDimension, rotation)),
        .. Linear($"{name}.v_proj", "attn_v", Model.KeyWidth, Model.Embedding, biases),
        .. Linear($"{name}.{output}", "attn_output", Model.Embedding, Model.QueryWidth),
    ];

    /// <summary>Norms of each head's query and key, with weights that all heads share.</summary>
    public IEnumerable<MappedTensor> HeadNorms(string query = "self_attn.q_norm", string key = "self_attn.k_norm") =>
        [.. Norm(query, "attn_q_norm", Model.HeadDimension), .. Norm(key, "attn_k_norm", Model.HeadDimension)];

    /// <summary>Norms of the whole query and key.</summary>
    public IEnumerable<MappedTensor> WholeNorms() =>
        [.. Norm("self_attn.q_norm", "attn_q_norm", Model.QueryWidth), .. Norm("self_attn.k_norm", "attn_k_norm", Model.KeyWidth)];

    /// <summary>The gated feed-forward.</summary>
    /// <param name="gate">Its gate's name behind the prefix, without suffix.</param>
    /// <param name="up">The name of what is gated.</param>
    /// <param name="down">The name of what leads back.</param>
    public IEnumerable<MappedTensor> GatedFeedForward(string gate = "mlp.gate_proj", string up = "mlp.up_proj", string down = "mlp.down_proj") =>
        Gated(gate, up, down, Model.FeedForward, "");

    /// <summary>A gated feed-forward of any length: <paramref name="suffix"/> stands behind its three GGUF names.</summary>
    public IEnumerable<MappedTensor> Gated(string gate, string up, string down, Dim length, string suffix) =>
    [
        .. Linear(gate, $"ffn_gate{suffix}", length, Model.Embedding),
        .. Linear(up, $"ffn_up{suffix}", length, Model.Embedding),
        .. Linear(down, $"ffn_down{suffix}", Model.Embedding, length),
    ];

    /// <summary>The feed-forward without a gate.</summary>
    public IEnumerable<MappedTensor> FeedForward(string up, string down) =>
        [.. Linear(up, "ffn_up", Model.FeedForward, Model.Embedding), .. Linear(down, "ffn_down", Model.Embedding, Model.FeedForward)];

    /// <summary>The router and the experts' matrices, each expert's its own tensors, stacked.</summary>
    /// <param name="router">The router's name behind the prefix.</param>
    /// <param name="experts">What the list of experts is called.</param>
    /// <param name="length">An expert's inner length.</param>
    /// <param name="gate">An expert's gate.</param>
    /// <param name="up">What is gated.</param>
    /// <param name="down">What leads back.</param>
    public IEnumerable<MappedTensor> Experts(
        string router, string experts, Dim length, string gate = "gate_proj", string up = "up_proj", string down = "down_proj")
    {
        yield return As("ffn_gate_inp.weight", Take($"{router}.weight", "ffn_gate_inp", Model.Experts, Model.Embedding));

        // Newer saves hold all experts in one tensor, gate and up side by side.
        if (Has($"{experts}.gate_up_proj"))
        {
            TensorValues both = Take($"{experts}.gate_up_proj", "ffn_gate_exps", Model.Experts, 2 * length, Model.Embedding);
            yield return As("ffn_gate_exps.weight", both.InnerSlices(0, length.Value));
            yield return As("ffn_up_exps.weight", both.InnerSlices(length.Value, length.Value));
            yield return As("ffn_down_exps.weight", Take($"{experts}.down_proj", "ffn_down_exps", Model.Experts, Model.Embedding, length));
            yield break;
        }

        yield return Stack(gate, "ffn_gate_exps", length, Model.Embedding);
        yield return Stack(up, "ffn_up_exps", length, Model.Embedding);
        yield return Stack(down, "ffn_down_exps", Model.Embedding, length);

        MappedTensor Stack(string name, string target, Dim outputs, Dim inputs)
        {
            long count = Model.Experts.Value;
            var parts = new List<TensorValues>();
            for (long x = 0; x < count; x++)
                parts.Add(Take(FormattableString.Invariant($"{experts}.{x}.{name}.weight"), target, outputs, inputs));
            return As($"{target}.weight", TensorValues.Joined(parts, [count, outputs.Value, inputs.Value]));
        }
    }
}
