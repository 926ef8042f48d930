using System.Globalization;

namespace Harness.Engine.Blueprints;

/// <summary>A blueprint told as a flat list. Values that differ between layers are listed once each, joined by '/'.</summary>
internal static class BlueprintFeatures
{
    public static IReadOnlyList<Feature> Of(Blueprint blueprint)
    {
        var features = new FeatureList();
        features.Add("architecture", blueprint.Architecture);
        features.Add("layers", blueprint.Layers.Length);
        features.Add("embedding", blueprint.EmbeddingLength);
        features.Add("vocabulary", blueprint.VocabularySize);
        features.Add("context", blueprint.ContextLength);
        features.Add("norm", blueprint.OutputNorm.Name);
        features.Add("norm-epsilon", blueprint.OutputNorm.Epsilon);
        foreach (LayerBlueprint layer in blueprint.Layers)
        {
            features.AddUnless(layer.AltUp is null, "residual-streams", layer.AltUp?.Streams ?? 1);
            layer.AltUp?.Input.Describe(features);
            features.Add("residual", layer.Branches.Any(IsParallel) ? "parallel" : "sequential");
            features.AddUnless(layer.FinalNorm is null, "layer-final-norm", layer.FinalNorm?.Name);
            foreach (BranchBlueprint branch in layer.Branches)
            {
                features.Add("norm-place", PlaceOf(branch));
                features.AddUnless(branch.NormedResidual == 0, "normed-residual", branch.NormedResidual);
                features.AddUnless(branch.Scale == 1, "residual-scale", branch.Scale);
            }

            foreach (BlockBlueprint block in layer.Blocks)
                block.Describe(features);
        }

        int passes = blueprint.Layers.GroupBy(l => l.TensorIndex).Where(g => g.Key is not null).Select(g => g.Count()).Append(1).Max();
        features.AddUnless(passes == 1, "passes", passes);
        if (!features.Has("experts"))
            features.Add("experts", "none");
        features.AddUnless(blueprint.Embedding.LearnedPositions == 0, "learned-positions", blueprint.Embedding.LearnedPositions);
        features.AddUnless(
            blueprint.ActiveParameters == 0, "active-parameters", blueprint.ActiveParameters.ToString(CultureInfo.InvariantCulture));
        features.AddUnless(blueprint.HyperHead is null, "hyper-connections", blueprint.HyperHead?.Name);
        features.AddUnless(blueprint.LongestContext == 0, "longest-context", blueprint.LongestContext);
        features.AddUnless(blueprint.Embedding.Scale == 1, "embedding-scale", blueprint.Embedding.Scale);
        features.AddUnless(blueprint.Embedding.Norm is null, "embedding-norm", blueprint.Embedding.Norm?.Name);
        features.AddUnless(blueprint.Embedding.LowStreamTensor is null, "streams", "high and low");
        features.AddUnless(blueprint.LogitScale == 1, "logit-scale", blueprint.LogitScale);
        features.AddUnless(blueprint.LogitSoftCap == 0, "logit-soft-cap", blueprint.LogitSoftCap);
        features.Add("recurrent", blueprint.Recurrent);
        features.Add("tied-output", blueprint.TiedOutput);
        features.Add("output-bias", blueprint.OutputBias);
        return features.ToFeatures();
    }

    // Experts beside a shared one are a feed-forward of two parts, not two steps at once.
    private static bool IsParallel(BranchBlueprint branch) =>
        branch.Blocks.Length > 1 && branch.Blocks.Any(block => block is not (ExpertsBlueprint or FeedForwardBlueprint));

    private static string PlaceOf(BranchBlueprint branch) =>
        (branch.Blocks.Any(b => b.Norm is not null), branch.PostNorm is not null) switch
        {
            (true, false) => "pre",
            (false, true) => "post",
            (true, true) => "pre and post",
            _ => "none",
        };
}
