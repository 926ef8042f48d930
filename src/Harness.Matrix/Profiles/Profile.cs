namespace Harness.Matrix;

/// <summary>A named choice of cells.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is for, or null.</param>
/// <param name="Blocks">The cells: each block is the product of its lists; their union is taken.</param>
/// <param name="Exclude">Sets taken out again.</param>
/// <param name="Prompts">Globs over the prompts that are asked.</param>
/// <param name="Options">How cells are run.</param>
public sealed record Profile(
    string Name,
    string? Description,
    IReadOnlyList<ProfileBlock> Blocks,
    IReadOnlyList<CellPattern> Exclude,
    IReadOnlyList<Glob> Prompts,
    RunOptions Options);

/// <summary>A product of models, quantizations, backends and hardware.</summary>
/// <param name="Models">Globs over model ids.</param>
/// <param name="Quants">
/// Globs over quantizations; the word <c>default</c> means each model's default ones. A name without wildcards that a
/// model does not have makes a blocked cell; a pattern takes only what there is.
/// </param>
/// <param name="Backends">Globs over backends; unversioned means every version the catalogue lists.</param>
/// <param name="Hardware">Globs over hardware APIs.</param>
public sealed record ProfileBlock(
    IReadOnlyList<Glob> Models, IReadOnlyList<Glob> Quants, IReadOnlyList<Glob> Backends, IReadOnlyList<Glob> Hardware);
