using System.Globalization;

namespace Harness.Engine.Tests;

/// <summary>
/// The forward pass written down once more from the papers, in float64 loops that share nothing with the engine: what
/// its logits are measured against. Slow on purpose.
/// </summary>
internal sealed class ReferenceForward(TinyModel model)
{
    private readonly TinyShape shape = model.Shape;

    /// <summary>Logits of every position.</summary>
    public float[] Logits(int[] ids)
    {
        int positions = ids.Length;
        double[][] stream = [.. ids.Select(id => Row("token_embd.weight", id, shape.Embedding))];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string block = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            double[][] normed = [.. stream.Select(x => RmsNorm(x, block + "attn_norm.weight"))];
            double[][] attended = Attend(layer, block, normed);
            for (int t = 0; t < positions; t++)
                AddTo(stream[t], Project(block + "attn_output", attended[t], shape.Embedding, scaleLast: false));

            for (int t = 0; t < positions; t++)
            {
                double[] x = RmsNorm(stream[t], block + "ffn_norm.weight");
                bool scales = shape.Architecture == "llama";
                double[] gate = Project(block + "ffn_gate", x, shape.FeedForward[layer], scaleLast: true, scales);
                double[] up = Project(block + "ffn_up", x, shape.FeedForward[layer], scaleLast: true, scales);
                double[] inner = [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)];
                AddTo(stream[t], Project(block + "ffn_down", inner, shape.Embedding, scaleLast: true, scales));
            }
        }

        string head = shape.Tied ? "token_embd" : "output";
        return
        [
            .. stream.SelectMany(x => Project(head, RmsNorm(x, "output_norm.weight"), shape.Vocabulary, scaleLast: false))
                .Select(logit => (float)logit),
        ];
    }

    private double[][] Attend(int layer, string block, double[][] normed)
    {
        int keyLength = shape.KeyLengthOrDefault;
        int valueLength = shape.ValueLengthOrDefault;
        int heads = shape.Heads[layer];
        int shared = shape.KeyValueHeads[layer];
        var queries = new double[normed.Length][];
        var keys = new double[normed.Length][];
        var values = new double[normed.Length][];
        for (int t = 0; t < normed.Length; t++)
        {
            if (shape.FusedQkv)
            {
                int width = (heads * keyLength) + (shared * (keyLength + valueLength));
                double[] all = Project(block + "attn_qkv", normed[t], width, scaleLast: false);
                queries[t] = all[..(heads * keyLength)];
                keys[t] = all[(heads * keyLength)..((heads + shared) * keyLength)];
                values[t] = all[((heads + shared) * keyLength)..];
            }
            else
            {
                queries[t] = Project(block + "attn_q", normed[t], heads * keyLength, scaleLast: false);
                keys[t] = Project(block + "attn_k", normed[t], shared * keyLength, scaleLast: false);
                values[t] = Project(block + "attn_v", normed[t], shared * valueLength, scaleLast: false);
            }

            Rotate(queries[t], heads, t);
            Rotate(keys[t], shared, t);
        }

        var outputs = new double[normed.Length][];
        for (int t = 0; t < normed.Length; t++)
        {
            outputs[t] = new double[heads * valueLength];
            for (int head = 0; head < heads; head++)
            {
                int from = head / (heads / shared);
                double[] weights = new double[t + 1];
                for (int p = 0; p <= t; p++)
                {
                    double score = 0;
                    for (int i = 0; i < keyLength; i++)
                        score += queries[t][(head * keyLength) + i] * keys[p][(from * keyLength) + i];
                    weights[p] = score / Math.Sqrt(keyLength);
                }

                double largest = weights.Max();
                double sum = weights.Sum(w => Math.Exp(w - largest));
                for (int p = 0; p <= t; p++)
                {
                    for (int i = 0; i < valueLength; i++)
                        outputs[t][(head * valueLength) + i] += Math.Exp(weights[p] - largest) / sum * values[p][(from * valueLength) + i];
                }
            }
        }

        return outputs;
    }

    private void Rotate(double[] vector, int heads, int position)
    {
        int length = shape.KeyLengthOrDefault;
        double scale = shape.LinearFactor == 0 ? 1 : 1 / shape.LinearFactor;
        for (int head = 0; head < heads; head++)
        {
            for (int pair = 0; pair < length / 2; pair++)
            {
                double angle = position * scale * Math.Pow(shape.Base, -2.0 * pair / length);
                if (shape.FrequencyFactors)
                    angle /= model.Values["rope_freqs.weight"][pair];
                bool halves = shape.Architecture == "qwen2";
                int first = (head * length) + (halves ? pair : 2 * pair);
                int second = halves ? first + (length / 2) : first + 1;
                (vector[first], vector[second]) = (
                    (vector[first] * Math.Cos(angle)) - (vector[second] * Math.Sin(angle)),
                    (vector[first] * Math.Sin(angle)) + (vector[second] * Math.Cos(angle)));
            }
        }
    }

    private double[] Project(string name, double[] input, int rows, bool scaleLast, bool scales = true)
    {
        float[] weight = model.Values[name + ".weight"];
        double scale = scales && model.Values.TryGetValue(name + ".scale", out float[]? s) ? s[0] : 1;
        float[]? bias = model.Values.GetValueOrDefault(name + ".bias");
        var output = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            double sum = 0;
            for (int column = 0; column < input.Length; column++)
                sum += weight[(row * input.Length) + column] * input[column];
            double b = bias is null ? 0 : bias[row];
            output[row] = scaleLast ? (sum + b) * scale : (sum * scale) + b;
        }

        return output;
    }

    private double[] RmsNorm(double[] x, string weight)
    {
        double root = Math.Sqrt((x.Sum(v => v * v) / x.Length) + 1e-5f);
        return [.. x.Select((v, i) => v / root * model.Values[weight][i])];
    }

    private double[] Row(string name, int row, int length) =>
        [.. model.Values[name].AsSpan(row * length, length).ToArray().Select(v => (double)v)];

    private static void AddTo(double[] target, double[] values)
    {
        for (int i = 0; i < target.Length; i++)
            target[i] += values[i];
    }
}
