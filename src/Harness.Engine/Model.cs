using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Weights;
using Harness.Formats.Gguf;

namespace Harness.Engine;

/// <summary>
/// A model ready to run: its blueprint, its weights where they lie in the mapped file or packed as kernels read them, and
/// the threads that compute.
/// Sessions of a model share its threads and run one at a time; dispose them first.
/// </summary>
public sealed class Model : IDisposable
{
    private readonly GgufFile file;
    private readonly bool ownsFile;
    private readonly NativeBuffer packed;

    private Model(GgufFile file, bool ownsFile, Blueprint blueprint, ModelWeights weights, NativeBuffer packed, ComputePool pool)
    {
        this.packed = packed;
        this.file = file;
        this.ownsFile = ownsFile;
        Blueprint = blueprint;
        Weights = weights;
        Pool = pool;
    }

    /// <summary>The widest instruction set the kernels use on this machine.</summary>
    public static string InstructionSet =>
        Vector512.IsHardwareAccelerated ? "AVX-512"
        : Vector256.IsHardwareAccelerated ? "AVX2"
        : AdvSimd.IsSupported ? "AdvSimd"
        : Sse42.IsSupported ? "SSE4.2"
        : Vector128.IsHardwareAccelerated ? "Vector128"
        : "scalar";

    /// <summary>What the model is.</summary>
    public Blueprint Blueprint { get; }

    /// <summary>The file's metadata.</summary>
    public GgufMetadata Metadata => file.Metadata;

    /// <summary>Threads that compute.</summary>
    public int Threads => Pool.Workers;

    internal ModelWeights Weights { get; }

    internal ComputePool Pool { get; }

    /// <summary>
    /// Maps a file, checks everything a run needs, and packs the weights whose kernels read them in another order; of what
    /// is packed, the mapping's pages are given back as it goes.
    /// </summary>
    /// <param name="path">The file; of a sharded model, any shard.</param>
    /// <param name="threads">Threads that compute, at least 1.</param>
    /// <returns>The model, which owns the mapping.</returns>
    /// <exception cref="GgufException">The file is no sound GGUF.</exception>
    /// <exception cref="UnsupportedModelException">The engine lacks what the model needs; the message names it.</exception>
    /// <exception cref="ModelException">The header contradicts itself, a tensor is missing or misshapen, or a scale is no finite number.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for the packed weights.</exception>
    public static Model Load(string path, int threads)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            return Load(file, threads, ownsFile: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The same for a file that is already open and stays the caller's; it must outlive the model.</summary>
    /// <param name="file">The file.</param>
    /// <param name="threads">Threads that compute, at least 1.</param>
    /// <returns>The model.</returns>
    /// <inheritdoc cref="Load(string, int)" path="/exception"/>
    public static Model Load(GgufFile file, int threads)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Load(file, threads, ownsFile: false);
    }

    /// <summary>Reads a model's blueprint without running anything.</summary>
    /// <param name="file">The file.</param>
    /// <returns>The blueprint.</returns>
    /// <inheritdoc cref="Load(string, int)" path="/exception"/>
    public static Blueprint ReadBlueprint(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return ArchitectureTable.Read(new ModelHeader(file.Metadata, file.Tensors));
    }

    /// <summary>Checks on a header alone that each tensor a blueprint needs is there, in its shape and in a type that is read.</summary>
    /// <param name="header">The header.</param>
    /// <param name="blueprint">Its blueprint.</param>
    /// <exception cref="UnsupportedModelException">The engine lacks what the model needs; the message names it.</exception>
    /// <exception cref="ModelException">A tensor is missing or misshapen.</exception>
    public static void CheckTensors(ModelHeader header, Blueprint blueprint)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(blueprint);
        WeightBinder.Check(header, blueprint);
    }

    /// <summary>Finds everything that is wrong with a header's tensors: missing, misshapen, or of no use.</summary>
    /// <param name="header">The header.</param>
    /// <param name="blueprint">Its blueprint.</param>
    /// <returns>The faults, in the order the tensors would be bound; what is extra last.</returns>
    /// <exception cref="ModelException">The blueprint itself contradicts the header.</exception>
    public static IReadOnlyList<TensorFault> FindTensorFaults(ModelHeader header, Blueprint blueprint)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(blueprint);
        return WeightBinder.Faults(header, blueprint);
    }

    /// <summary>Ends the threads and unmaps the file.</summary>
    public void Dispose()
    {
        Pool.Dispose();
        packed.Dispose();
        if (ownsFile)
            file.Dispose();
    }

    private static Model Load(GgufFile file, int threads, bool ownsFile)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Blueprint blueprint = ReadBlueprint(file);
        ModelWeights weights = WeightBinder.Bind(file, blueprint);
        var pool = new ComputePool(threads);
        try
        {
            return new Model(file, ownsFile, blueprint, weights, WeightPacking.Pack(weights.Multiplied, pool), pool);
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }
}
