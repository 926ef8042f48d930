namespace Harness.Matrix;

/// <summary>A model at one quantization: which files, and where they come from.</summary>
/// <param name="Model">The model.</param>
/// <param name="Quant">Name of the quantization.</param>
/// <param name="Source">How it is had; null when it cannot be (the cell is then blocked).</param>
/// <param name="Parent">The variant it is quantized from; else null.</param>
/// <param name="LocalFile">The file of a trained model carried with the catalogue, or of the user's own; the directory of a model to be
/// converted; else null.</param>
/// <param name="EstimatedFileBytes">Size estimated from the model's shape or its number of parameters; null without both. Never a measurement.</param>
public sealed record Variant(
    ModelEntry Model, string Quant, QuantSource? Source, Variant? Parent, string? LocalFile, long? EstimatedFileBytes)
{
    /// <summary>Its id, as <c>nano/Q8_0</c>.</summary>
    public string Id { get; } = Model.Id + "/" + Quant;

    /// <summary>The container; all of the catalogue is GGUF so far.</summary>
    public string Container { get; init; } = "gguf";

    /// <summary>Where its files come from.</summary>
    public VariantOrigin Origin => Source?.Origin ?? Model.Origin;

    /// <summary>A model of the catalogue at one quantization.</summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="model">The model.</param>
    /// <param name="quant">The quantization; one that cannot be had gives a variant without a source.</param>
    public static Variant Of(Catalogue catalogue, ModelEntry model, string quant) => Create(catalogue, model, quant);

    internal static Variant Create(Catalogue catalogue, ModelEntry model, string quant)
    {
        QuantSource? source = model.FindQuant(quant);
        string name = source?.Quantization.Name ?? quant;
        Variant? parent = source?.Parent is { } from ? Create(catalogue, model, from) : null;
        string? local = source is { Origin: VariantOrigin.Trained, File: { } file }
            ? Path.Combine([catalogue.Directory, .. file.Split('/')])
            : source is { Origin: VariantOrigin.Local or VariantOrigin.Converted } ? source.File : null;
        long? bytes = (source?.Quantization ?? Quantization.Find(name)) is { } quantization ? MemoryEstimate.FileBytes(model, quantization) : null;
        return new(model, name, source, parent, local, bytes);
    }
}
