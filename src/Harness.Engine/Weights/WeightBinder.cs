using System.Globalization;
using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Engine.Weights;

/// <summary>
/// Finds the tensors a blueprint needs in a file. Every name, shape and type is checked against the header before a
/// weight is read; a tensor nobody asked for means that the model computes something this engine does not, and is
/// refused too.
/// </summary>
internal sealed unsafe class WeightBinder
{
    private readonly IReadOnlyDictionary<string, GgufTensor> tensors;
    private readonly Func<GgufTensor, nint>? locate;
    private readonly List<TensorFault>? faults;
    private readonly HashSet<string> bound = new(StringComparer.Ordinal);
    private readonly List<WeightMatrix> matrices = [];
    private readonly Dictionary<string, WeightMatrix[]> known = new(StringComparer.Ordinal);
    private readonly HashSet<WeightMatrix> multiplied = [];

    private WeightBinder(IReadOnlyDictionary<string, GgufTensor> tensors, Func<GgufTensor, nint>? locate, List<TensorFault>? faults = null)
    {
        this.tensors = tensors;
        this.locate = locate;
        this.faults = faults;
    }

    /// <summary>Binds all weights.</summary>
    /// <exception cref="ModelException">A tensor is missing, or has another shape than the metadata asks for.</exception>
    /// <exception cref="UnsupportedModelException">A tensor's type is unknown, or a tensor has no place in the blueprint.</exception>
    public static ModelWeights Bind(GgufFile file, Blueprint blueprint)
    {
        var tensors = file.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        return new WeightBinder(tensors, tensor => (nint)file.GetPointer(tensor)).BindAll(blueprint);
    }

    /// <summary>Makes every check of <see cref="Bind"/> on a header alone.</summary>
    /// <inheritdoc cref="Bind" path="/exception"/>
    public static void Check(ModelHeader header, Blueprint blueprint) => _ = Layout(header, blueprint);

    /// <summary>The weights as <see cref="Bind"/> gives them, with no data behind them: for what depends on shapes and types alone.</summary>
    /// <inheritdoc cref="Bind" path="/exception"/>
    public static ModelWeights Layout(ModelHeader header, Blueprint blueprint) => new WeightBinder(header.Tensors, null).BindAll(blueprint);

    private const int MostStandIns = 4096;

    // Whoever collects faults asks about names and shapes, not about types: any format stands for all.
    private static TensorFormat StandIn => TensorFormats.TryGet(TensorType.F32, out TensorFormat? format) ? format : throw new InvalidOperationException();

    /// <summary>Everything that is wrong with a header's tensors, in the order they would be bound; what is extra last.</summary>
    public static IReadOnlyList<TensorFault> Faults(ModelHeader header, Blueprint blueprint)
    {
        var faults = new List<TensorFault>();
        try
        {
            _ = new WeightBinder(header.Tensors, null, faults).BindAll(blueprint);
        }
        catch (ModelException)
        {
            // What contradicts itself so far that no binding can go on; the faults until there are true.
        }

        return faults;
    }

    /// <summary>Tokens: rows of the embedding matrix.</summary>
    public int VocabularySize { get; private set; }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>A matrix; shape [columns, rows] as GGUF writes it.</summary>
    public WeightMatrix Matrix(string name, int rows, int columns) => Matrices(name, [columns, rows], 1, rows, columns)[0];

    /// <summary>The matrices of a tensor of three dimensions, [columns, rows, count]: one for each expert or head.</summary>
    public WeightMatrix[] Matrices(string name, int count, int rows, int columns) =>
        Matrices(name, [columns, rows, count], count, rows, columns);

    /// <summary>A vector of float32.</summary>
    public float* Vector(string name, int length) => Find(name, [length]) is { } tensor ? Data(name, tensor) : null;

    /// <summary>So many values of float32 whose shape may be written in several ways.</summary>
    public float* Values(string name, long count)
    {
        if (!tensors.TryGetValue(name, out GgufTensor? tensor))
        {
            Complain(TensorFaultKind.Missing, name, [count], [], Missing(name, [count]));
            return null;
        }

        long found = 1;
        foreach (long extent in tensor.Shape)
            found = checked(found * extent);
        _ = bound.Add(name);
        if (found != count)
        {
            Complain(TensorFaultKind.Misshapen, name, [count], tensor.Shape.AsSpan(), new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The tensor '{name}' has the shape {Text(tensor.Shape.AsSpan())}, {found} values; the metadata asks for {count}.")));
        }

        return Data(name, tensor);
    }

    /// <summary>How many values a tensor has; 0 when there is none.</summary>
    public long Count(string name)
    {
        if (!tensors.TryGetValue(name, out GgufTensor? tensor))
            return 0;
        long count = 1;
        foreach (long extent in tensor.Shape)
            count = checked(count * extent);
        return count;
    }

    /// <summary>A linear map by a matrix.</summary>
    /// <inheritdoc cref="Projection" path="/param"/>
    public Projection Map(WeightMatrix weight, float scale = 1, float* bias = null, bool scaleAfterBias = false)
    {
        _ = multiplied.Add(weight);
        return new Projection(weight, scale, bias, scaleAfterBias);
    }

    /// <summary>A linear map: <c>NAME.weight</c>, its scale, and <c>NAME.bias</c> where it is wanted and there.</summary>
    public Projection Project(string name, int rows, int columns, bool bias, bool scaleAfterBias = false, bool tensorScale = true)
    {
        // A blueprint says that a block has biases; which of its projections have one, the file says.
        bool hasBias = bias && Has(name + ".bias");
        return Map(
            Matrix(name + ".weight", rows, columns),
            Scale(name, tensorScale),
            hasBias ? Vector(name + ".bias", rows) : null,
            scaleAfterBias);
    }

    /// <summary>A norm of vectors of a length; its tensor's name may lack <c>.weight</c>.</summary>
    public Norm Norm(NormBlueprint norm, string prefix, int length)
    {
        if (norm.Tensor is null)
            return new Norm(norm, length, null, null);
        string name = prefix + norm.Tensor;
        string weight = Has(name) ? name : name + ".weight";
        string bias = name + ".bias";
        return new Norm(norm, length, Values(weight, length), Has(bias) ? Values(bias, length) : null);
    }

    private ModelWeights BindAll(Blueprint blueprint)
    {
        ModelWeights weights = BindModel(blueprint);
        RefuseUnbound(blueprint);
        return weights;
    }

    private ModelWeights BindModel(Blueprint blueprint)
    {
        int embedding = blueprint.EmbeddingLength;
        VocabularySize = blueprint.VocabularySize;
        WeightMatrix tokens = Matrix(blueprint.EmbeddingTensor, blueprint.VocabularySize, embedding);
        int positions = blueprint.Embedding.LearnedPositions;
        var layers = new LayerWeights[blueprint.Layers.Length];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = LayerWeights.Bind(blueprint.Layers[i], new LayerBinder(this, i, blueprint.Layers[i].TensorIndex ?? i, embedding));

        return new ModelWeights
        {
            TokenEmbedding = tokens,
            PositionEmbedding = positions > 0 ? Matrix("position_embd.weight", positions, embedding) : null,
            EmbeddingNorm = blueprint.Embedding.Norm is { } norm ? Norm(norm, string.Empty, embedding) : null,
            HyperHead = blueprint.HyperHead is { } hyper ? HyperConnectionWeights.Bind(hyper, string.Empty, embedding, this) : null,
            LowStream = blueprint.Embedding.LowStreamTensor is { } low ? Vector(low, embedding) : null,
            AltUp = blueprint.Layers.FirstOrDefault()?.AltUp is { } altUp ? AltUpWeights.Bind(altUp, this, embedding) : null,
            OutputNorm = Norm(blueprint.OutputNorm, string.Empty, embedding),
            Output = Map(
                blueprint.TiedOutput || blueprint.EmbeddingTensor == "output.weight" ? tokens : Matrix("output.weight", blueprint.VocabularySize, embedding),
                Scale("output", heeded: true),
                blueprint.OutputBias ? Vector("output.bias", blueprint.VocabularySize) : null,
                scaleAfterBias: false),
            RotaryFactors = BindRotaryFactors(blueprint),
            Layers = layers,
            Matrices = matrices,
            Multiplied = multiplied,
        };
    }

    private Dictionary<string, nint> BindRotaryFactors(Blueprint blueprint)
    {
        var factors = new Dictionary<string, nint>(StringComparer.Ordinal);
        foreach (RotaryBlueprint rotary in blueprint.Layers.SelectMany(l => l.Blocks).SelectMany(b => b.Rotaries))
        {
            foreach (string? name in (ReadOnlySpan<string?>)[rotary.FactorsTensor, rotary.LongFactorsTensor])
            {
                if (name is not null && !factors.ContainsKey(name))
                    factors.Add(name, (nint)Vector(name, rotary.Dimensions / 2));
            }
        }

        return factors;
    }

    private WeightMatrix[] Matrices(string name, ReadOnlySpan<long> shape, int count, int rows, int columns)
    {
        GgufTensor? tensor = Find(name, shape);
        if (faults is not null)
        {
            // A count that no tensor bears out is only the metadata's word: nothing of that size is made.
            if (tensor is null && count > MostStandIns)
                throw new ModelException($"The metadata ask for {count.ToString(CultureInfo.InvariantCulture)} matrices in '{name}'.");
            var stand = new WeightMatrix(name, StandIn, rows, columns, null);
            return [.. Enumerable.Repeat(stand, count)];
        }

        if (tensor!.Type is not { } type || !TensorFormats.TryGet(type, out TensorFormat? format))
            throw new UnsupportedModelException($"The built-in engine does not read the tensor type {tensor.TypeName} (tensor '{name}').");
        if (columns % format.BlockLength != 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The tensor '{name}' has rows of {columns} values, no multiple of {type}'s blocks of {format.BlockLength}."));
        }

        byte* data = locate is null ? null : (byte*)locate(tensor);
        long bytes = (long)columns / format.BlockLength * format.BlockBytes * rows;
        // What several layers share is one matrix: packed once, and counted once.
        if (known.TryGetValue(name, out WeightMatrix[]? shared) && shared.Length == count)
            return shared;
        var slices = new WeightMatrix[count];
        for (int i = 0; i < count; i++)
            slices[i] = new WeightMatrix(name, format, rows, columns, data + (i * bytes));
        matrices.Add(slices[0]);
        known[name] = slices;
        return slices;
    }

    private float* Data(string name, GgufTensor tensor)
    {
        if (tensor.Type != TensorType.F32 && faults is null)
            throw new UnsupportedModelException($"The tensor '{name}' is {tensor.TypeName}; the built-in engine reads norms, biases and factors as F32.");
        return locate is null ? null : (float*)locate(tensor);
    }

    private float Scale(string name, bool heeded)
    {
        name += ".scale";
        if (!Has(name))
            return 1;
        float* scale = Vector(name, 1);
        return heeded && scale is not null ? *scale : 1;
    }

    /// <summary>A tensor in a shape; null only where faults are collected.</summary>
    private GgufTensor? Find(string name, ReadOnlySpan<long> expected)
    {
        if (!tensors.TryGetValue(name, out GgufTensor? tensor))
        {
            Complain(TensorFaultKind.Missing, name, expected, [], Missing(name, expected));
            return null;
        }

        _ = bound.Add(name);
        ReadOnlySpan<long> found = tensor.Shape.AsSpan();
        int significant = found.Length;
        while (significant > expected.Length && found[significant - 1] == 1)
            significant--;
        int wanted = expected.Length;
        while (wanted > significant && expected[wanted - 1] == 1)
            wanted--;
        if (!found[..significant].SequenceEqual(expected[..wanted]))
        {
            Complain(
                TensorFaultKind.Misshapen, name, expected, found,
                new ModelException($"The tensor '{name}' has the shape {Text(found)}; the metadata asks for {Text(expected)}."));
            return null;
        }

        return tensor;
    }

    /// <summary>Notes what is wrong where faults are collected; elsewhere the first ends the binding.</summary>
    private void Complain(TensorFaultKind kind, string name, ReadOnlySpan<long> expected, ReadOnlySpan<long> found, ModelException exception)
    {
        if (faults is null)
            throw exception;
        faults.Add(new TensorFault(kind, name, [.. expected], [.. found], exception.Message));
    }

    private static ModelException Missing(string name, ReadOnlySpan<long> expected) =>
        new($"The tensor '{name}' is missing; expected with the shape {Text(expected)}.");

    private void RefuseUnbound(Blueprint blueprint)
    {
        List<string> unbound =
        [
            .. tensors.Keys.Where(name => !bound.Contains(name) && !IsWithoutEffect(name)
                && !blueprint.UnusedTensors.Any(unused => name.StartsWith(unused, StringComparison.Ordinal))),
        ];
        if (unbound.Count == 0)
            return;
        if (faults is not null)
        {
            faults.AddRange(unbound.Select(name => new TensorFault(
                TensorFaultKind.Extra, name, [], tensors[name].Shape, $"The tensor '{name}' has no use in '{blueprint.Architecture}'.")));
            return;
        }

        string more = unbound.Count > 3
            ? string.Create(CultureInfo.InvariantCulture, $" and {unbound.Count - 3} more")
            : string.Empty;
        throw new UnsupportedModelException(
            $"The file has tensors that '{blueprint.Architecture}' has no use for in the built-in engine: "
            + $"{string.Join(", ", unbound.Take(3))}{more}.");
    }

    // Scales of activations quantized to a low type, and frequencies that early converters stored, change nothing here.
    private static bool IsWithoutEffect(string name) =>
        name.EndsWith(".input_scale", StringComparison.Ordinal)
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || name.EndsWith(".attn_rot_embd.weight", StringComparison.Ordinal);

    private static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
