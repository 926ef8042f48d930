using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>
/// The rules by which llama.cpp's quantizer gives each matrix its type (<c>llama_tensor_get_type</c> in
/// llama-quant.cpp): more bits for what suffers most, by role, layer, and kind of model. Counts as it goes, so that
/// tensors must come in order.
/// </summary>
/// <param name="mixture">Whose rules.</param>
/// <param name="facts">What is known of the model.</param>
/// <param name="choices">What the user decided.</param>
/// <param name="roles">The roles of all the model's tensors.</param>
internal sealed class MixtureRules(Mixture mixture, MixtureFacts facts, MixtureChoices choices, IReadOnlyList<TensorRole> roles)
{
    private readonly string name = mixture.Name;
    private readonly bool tied = !roles.Contains(TensorRole.Output);
    private readonly int values = roles.Count(role => role.IsValue());
    private readonly bool falcon = facts.Architecture == "falcon";
    private int valuesSeen;
    private int downsSeen;
    private int upsSeen;
    private int gatesSeen;

    /// <summary>The type of the next tensor.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="shape">Its shape, row length first.</param>
    public TensorType Next(string tensor, IReadOnlyList<long> shape)
    {
        TensorRole role = TensorRoles.Of(tensor);
        TensorType type = role switch
        {
            TensorRole.Embedding when choices.Embedding is { } chosen => chosen,
            TensorRole.Output when choices.Output is { } chosen => chosen,
            _ => choices.TypeOf(tensor)
                ?? (choices.Pure || mixture.Pure || !mixture.IsQuantized ? mixture.Base : ByRole(role, tensor, shape)),
        };
        return RowFallback.For(type, shape[0]);
    }

    /// <summary>The first and the last eighth of the layers, and every third between.</summary>
    public static bool UsesMoreBits(int layer, int layers) =>
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - (layers / 8)) % 3 == 2;

    private bool Is(params ReadOnlySpan<string> names) => names.Contains(name);

    private TensorType ByRole(TensorRole role, string tensor, IReadOnlyList<long> shape)
    {
        if (role == TensorRole.Output || (tied && role == TensorRole.Embedding)) return Head(shape);
        if (Is("MXFP4_MOE")) return Stacked(role, shape) ? TensorType.MXFP4 : TensorType.Q8_0;
        if (role == TensorRole.Embedding) return Embedding();
        if (Is("IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ1_S", "IQ1_M")) return FewBits(role);
        if (role.IsValue()) return Value();
        return role switch
        {
            TensorRole.AttentionKey => facts.Experts == 8 ? TensorType.Q8_0 : QueryOrKey(),
            TensorRole.AttentionQuery => QueryOrKey(),
            TensorRole.FeedForwardDown => Down(LayerOf(tensor, downsSeen++)),
            TensorRole.AttentionOutput => AttentionOutput(),
            TensorRole.FeedForwardGate => GateOrUp(LayerOf(tensor, gatesSeen++)),
            TensorRole.FeedForwardUp => GateOrUp(LayerOf(tensor, upsSeen++)),
            _ => mixture.Base,
        };
    }

    // Of models with experts several tensors of a kind may belong to a layer: there the name tells it, else the count.
    private int LayerOf(string tensor, int seen) => facts.Experts > 1 ? TensorRoles.LayerOf(tensor) : seen;

    private TensorType Head(IReadOnlyList<long> shape)
    {
        if (choices.Output is { } chosen) return chosen;
        bool whole = TensorLayout.TryGet((uint)mixture.Base, out TensorLayoutInfo layout) && shape[0] % layout.BlockLength == 0;
        if (Is("MXFP4_MOE") || falcon || !whole) return TensorType.Q8_0;
        if (Is("IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ2_S", "IQ2_M", "IQ1_M")) return TensorType.Q5_K;
        return mixture.Base == TensorType.Q8_0 ? TensorType.Q8_0 : TensorType.Q6_K;
    }

    // Matrices of latent attention are stacked by head: in that one architecture a stack must be of experts by its name too.
    private bool Stacked(TensorRole role, IReadOnlyList<long> shape) =>
        shape.Count > 2 && shape[2] > 1
        && (facts.Architecture != "bailingmoe3"
            || role is TensorRole.FeedForwardUp or TensorRole.FeedForwardGate or TensorRole.FeedForwardDown);

    private TensorType Embedding()
    {
        if (Is("IQ2_XXS", "IQ2_XS", "IQ1_S", "IQ1_M")) return TensorType.Q2_K;
        if (Is("IQ2_S", "IQ2_M", "IQ3_XXS")) return TensorType.IQ3_S;
        return Is("TQ1_0", "TQ2_0", "Q2_0") ? TensorType.Q4_K : mixture.Base;
    }

    private TensorType FewBits(TensorRole role)
    {
        bool more = Is("IQ2_S", "IQ2_M");
        if (role.IsValue())
        {
            valuesSeen++;
            return facts.HeadsPerGroup >= 4 || facts.Experts >= 4 ? TensorType.Q4_K : more ? TensorType.IQ3_S : TensorType.Q2_K;
        }

        switch (role)
        {
            case TensorRole.AttentionKey when facts.Experts == 8:
                return TensorType.Q4_K;
            case TensorRole.FeedForwardDown:
                return downsSeen++ >= facts.Layers / 8 ? mixture.Base : more ? TensorType.IQ3_S : TensorType.Q2_K;
            case TensorRole.AttentionOutput when facts.Experts == 8:
                return TensorType.Q5_K;
            case TensorRole.AttentionOutput:
                return Is("IQ1_S", "IQ1_M") ? TensorType.IQ2_XXS : more ? TensorType.IQ3_S : mixture.Base;
            default:
                return mixture.Base;
        }
    }

    private TensorType Value()
    {
        int seen = valuesSeen++;
        bool shared = facts.HeadsPerGroup >= 4;
        TensorType type = name switch
        {
            "Q2_K" => shared ? TensorType.Q4_K : TensorType.Q3_K,
            "Q2_K_S" when shared => TensorType.Q4_K,
            "IQ3_XXS" => shared ? TensorType.Q4_K : choices.HasImportance ? TensorType.IQ3_XXS : TensorType.IQ3_S,
            "IQ3_XS" or "IQ3_S" when shared => TensorType.Q4_K,
            "IQ3_M" => TensorType.Q4_K,
            "Q3_K_M" => seen < 2 ? TensorType.Q5_K : TensorType.Q4_K,
            "Q3_K_L" => TensorType.Q5_K,
            "IQ4_NL" or "IQ4_XS" when shared => TensorType.Q5_K,
            "Q4_K_M" or "Q5_K_M" when UsesMoreBits(seen, values) => TensorType.Q6_K,
            "Q4_K_S" when seen < 4 => TensorType.Q5_K,
            _ => mixture.Base,
        };

        // Small beside the query projection there, so that more bits cost next to nothing.
        if (facts.Is70B && type is TensorType.Q3_K or TensorType.Q4_K) type = TensorType.Q5_K;
        return facts.Experts == 8 ? TensorType.Q8_0 : type;
    }

    private TensorType QueryOrKey() => name switch
    {
        "IQ3_XS" => TensorType.IQ3_XXS,
        "IQ3_XXS" => TensorType.IQ2_S,
        _ => mixture.Base,
    };

    private TensorType Down(int layer)
    {
        int layers = facts.Layers;
        bool early = layer < layers / 8;
        switch (name)
        {
            case "Q2_K":
                return TensorType.Q3_K;
            case "Q2_K_S":
                return early ? TensorType.Q4_K : mixture.Base;
            case "IQ3_XXS" when !choices.HasImportance:
                return early ? TensorType.Q4_K : TensorType.Q3_K;
            case "Q3_K_M":
                return layer < layers / 16 ? TensorType.Q5_K
                    : !falcon || UsesMoreBits(layer, layers) ? TensorType.Q4_K
                    : TensorType.Q3_K;
            case "IQ3_M" when early || (facts.Experts == 8 && UsesMoreBits(layer, layers)):
                return TensorType.Q4_K;
            case "Q3_K_L":
                return falcon ? TensorType.Q4_K : TensorType.Q5_K;
            case "Q4_K_M" when falcon:
                return layer < layers / 16 ? TensorType.Q6_K
                    : UsesMoreBits(layer, layers) ? TensorType.Q5_K
                    : TensorType.Q4_K;
            case "Q4_K_M" or "Q5_K_M" when UsesMoreBits(layer, layers):
                return TensorType.Q6_K;
            case "IQ4_NL" or "IQ4_XS" when early && !choices.HasImportance:
                return TensorType.Q5_K;
            case "Q4_K_S" when early && !falcon:
                return TensorType.Q5_K;

            // The first ones go astray with a symmetric type, even weighed by importance.
            case "Q4_0" when early && choices.HasImportance:
                return TensorType.Q4_1;
            case "Q5_0" when early && choices.HasImportance:
                return TensorType.Q5_1;
            default:
                return mixture.Base;
        }
    }

    private TensorType AttentionOutput()
    {
        if (falcon) return Is("Q3_K_L") ? TensorType.Q4_K : mixture.Base;
        if (facts.Experts == 8)
        {
            return Is("Q2_K", "IQ3_XS", "IQ3_XXS", "Q3_K_S", "Q3_K_M", "IQ4_NL", "Q4_K_S", "Q4_K_M", "IQ3_S", "IQ3_M", "IQ4_XS")
                ? TensorType.Q5_K
                : mixture.Base;
        }

        return name switch
        {
            "Q2_K" => TensorType.Q3_K,
            "IQ3_XXS" => TensorType.IQ3_S,
            "Q3_K_M" or "IQ3_M" => TensorType.Q4_K,
            "Q3_K_L" => TensorType.Q5_K,
            _ => mixture.Base,
        };
    }

    private TensorType GateOrUp(int layer) =>
        Is("IQ3_XS") && layer >= facts.Layers / 8 && layer < 7 * facts.Layers / 8 ? TensorType.IQ3_XXS : mixture.Base;
}
