namespace Harness.Conversion.Values;

/// <summary>
/// The values of a tensor, wherever they come from: what is read, reordered, split, joined or computed. They are made when
/// asked for, some at a time, by any thread, so that a model passes through in little memory.
/// </summary>
/// <param name="shape">Its lengths, the one that lies together last; none for a single value.</param>
internal abstract class TensorValues(IReadOnlyList<long> shape)
{
    /// <summary>Its lengths, the one that lies together last.</summary>
    public IReadOnlyList<long> Shape { get; } = shape;

    /// <summary>How many values there are.</summary>
    public long Count { get; } = shape.Aggregate(1L, (product, length) => checked(product * length));

    /// <summary>Fills some values, in the order of memory.</summary>
    /// <param name="first">The first wanted.</param>
    /// <param name="destination">Filled to its end.</param>
    public abstract void Read(long first, Span<float> destination);

    /// <summary>The same values in another shape.</summary>
    public TensorValues As(params IReadOnlyList<long> shape) => new Reshaped(this, shape);

    /// <summary>Each value changed by itself.</summary>
    public TensorValues Each(Func<float, float> change) => new Changed(this, change);

    /// <summary>
    /// The slices along the first dimension in another order, or some of them: as many as <paramref name="map"/> is asked for.
    /// </summary>
    /// <param name="count">How many slices come out.</param>
    /// <param name="map">Which slice comes out at a place.</param>
    public TensorValues Select(long count, Func<long, long> map) => new Selected(this, [count, .. Shape.Skip(1)], Count / Math.Max(1, Shape[0]), map);

    /// <summary>Consecutive slices along the first dimension.</summary>
    public TensorValues Slices(long first, long count) => Select(count, i => first + i);

    /// <summary>
    /// The slices along the second dimension: of a stack of matrices, some rows of each.
    /// </summary>
    /// <param name="first">The first slice of each.</param>
    /// <param name="count">How many slices of each.</param>
    public TensorValues InnerSlices(long first, long count)
    {
        long all = Shape[1];
        return new Selected(
            this, [Shape[0], count, .. Shape.Skip(2)], Count / Math.Max(1, Shape[0] * all), i => (i / count * all) + first + (i % count));
    }

    /// <summary>A matrix turned over: what were columns are rows.</summary>
    public TensorValues Transposed() => new Turned(this);

    /// <summary>Each matrix of a stack turned over.</summary>
    public TensorValues EachTransposed() =>
        Joined([.. Range(Shape[0]).Select(i => Slices(i, 1).As(Shape[1], Shape[2]).Transposed())], [Shape[0], Shape[2], Shape[1]]);

    /// <summary>Tensors one behind the other.</summary>
    /// <param name="parts">The tensors, in order.</param>
    /// <param name="shape">The shape of the whole.</param>
    public static TensorValues Joined(IReadOnlyList<TensorValues> parts, IReadOnlyList<long> shape) => new Concatenated(parts, shape);

    /// <summary>Values at hand.</summary>
    public static TensorValues Of(float[] values) => new Given(values);

    private static IEnumerable<long> Range(long count)
    {
        for (long i = 0; i < count; i++)
            yield return i;
    }

    private sealed class Reshaped(TensorValues inner, IReadOnlyList<long> shape) : TensorValues(shape)
    {
        public override void Read(long first, Span<float> destination) => inner.Read(first, destination);
    }

    private sealed class Changed(TensorValues inner, Func<float, float> change) : TensorValues(inner.Shape)
    {
        public override void Read(long first, Span<float> destination)
        {
            inner.Read(first, destination);
            for (int i = 0; i < destination.Length; i++)
                destination[i] = change(destination[i]);
        }
    }

    private sealed class Selected(TensorValues inner, IReadOnlyList<long> shape, long unit, Func<long, long> map) : TensorValues(shape)
    {
        public override void Read(long first, Span<float> destination)
        {
            while (!destination.IsEmpty)
            {
                (long slice, long at) = Math.DivRem(first, unit);
                int length = (int)Math.Min(destination.Length, unit - at);
                inner.Read((map(slice) * unit) + at, destination[..length]);
                destination = destination[length..];
                first += length;
            }
        }
    }

    private sealed class Turned(TensorValues inner) : TensorValues([inner.Shape[1], inner.Shape[0]])
    {
        public override void Read(long first, Span<float> destination)
        {
            long columns = inner.Shape[1], rows = inner.Shape[0];
            for (int i = 0; i < destination.Length; i++, first++)
                inner.Read((first % rows * columns) + (first / rows), destination.Slice(i, 1));
        }
    }

    private sealed class Concatenated : TensorValues
    {
        private readonly IReadOnlyList<TensorValues> parts;
        private readonly long[] ends;

        public Concatenated(IReadOnlyList<TensorValues> parts, IReadOnlyList<long> shape)
            : base(shape)
        {
            this.parts = parts;
            long end = 0;
            ends = [.. parts.Select(p => end += p.Count)];
        }

        public override void Read(long first, Span<float> destination)
        {
            while (!destination.IsEmpty)
            {
                // The part behind the last that has ended at this place.
                int part = Array.BinarySearch(ends, first);
                part = part < 0 ? ~part : part + 1;
                int length = (int)Math.Min(destination.Length, ends[part] - first);
                parts[part].Read(first - (ends[part] - parts[part].Count), destination[..length]);
                destination = destination[length..];
                first += length;
            }
        }
    }

    private sealed class Given(float[] values) : TensorValues([values.Length])
    {
        public override void Read(long first, Span<float> destination) => values.AsSpan((int)first, destination.Length).CopyTo(destination);
    }
}
