namespace Harness.Text.Templates.Values;

/// <summary>
/// A stable sort that only asks what is less, as Python's does. .NET's own may fail in its own way when the order of a
/// template's values is none, and wraps what a comparison throws.
/// </summary>
internal static class MergeSort
{
    /// <summary>Sorts in place.</summary>
    public static T[] Sort<T>(T[] items, Func<T, T, bool> less)
    {
        if (items.Length > 1) Sort(items, new T[items.Length], 0, items.Length, less);
        return items;
    }

    private static void Sort<T>(T[] items, T[] spare, int from, int to, Func<T, T, bool> less)
    {
        if (to - from < 2) return;
        int middle = (from + to) / 2;
        Sort(items, spare, from, middle, less);
        Sort(items, spare, middle, to, less);
        Array.Copy(items, from, spare, from, to - from);
        for (int left = from, right = middle, at = from; at < to; at++)
            items[at] = right < to && (left >= middle || less(spare[right], spare[left])) ? spare[right++] : spare[left++];
    }
}
