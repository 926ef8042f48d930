using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Harness.Formats.Gguf;
using Harness.Formats.Safetensors;
using Harness.Formats.Tensors;

namespace Harness.Conversion.Tests.HfModels;

/// <summary>A model directory in the making: what the transformers library would have saved, taken from a GGUF file.</summary>
internal sealed class HfModel
{
    private readonly GgufFile file;

    public HfModel(GgufFile file)
    {
        this.file = file;
        Architecture = file.Metadata.GetString("general.architecture");
    }

    public string Architecture { get; }

    public JsonObject Config { get; } = [];

    public List<HfTensor> Tensors { get; } = [];

    public int Layers => Int("block_count");

    public int Heads => Int("attention.head_count");

    public int KvHeads => Int("attention.head_count_kv");

    public int Head => Int("attention.key_length");

    public bool Has(string tensor) => file.TryGetTensor(tensor, out _);

    public int Int(string key) => file.Metadata.GetNumber<int>($"{Architecture}.{key}");

    public int? TryInt(string key) => file.Metadata.TryGetNumber($"{Architecture}.{key}", out int value) ? value : null;

    public double Number(string key) => file.Metadata.GetNumber<float>($"{Architecture}.{key}");

    public double? TryNumber(string key) => file.Metadata.TryGetNumber($"{Architecture}.{key}", out float value) ? value : null;

    public bool? TryFlag(string key) => file.Metadata.TryGetBoolean($"{Architecture}.{key}", out bool value) ? value : null;

    /// <summary>A tensor of the GGUF file, shape outermost first.</summary>
    public HfTensor Read(string name)
    {
        GgufTensor tensor = file.GetTensor(name);
        TensorFormats.TryGet(tensor.Type!.Value, out TensorFormat? format);
        var values = new float[tensor.ElementCount];
        format!.DecodeScalar(file.GetBytes(tensor), values);
        return new HfTensor(name, [.. tensor.Shape.Reverse()], values);
    }

    /// <summary>Gives a tensor the name the transformers library has for it; one that is not there may be missing.</summary>
    public void Add(string name, string gguf, Func<HfTensor, HfTensor>? change = null)
    {
        foreach (string suffix in (string[])[".weight", ".bias"])
        {
            if (!Has(gguf + suffix))
                continue;
            HfTensor tensor = Read(gguf + suffix).Named(name + suffix);
            Tensors.Add(change is null ? tensor : change(tensor));
        }
    }

    /// <summary>Writes the directory.</summary>
    /// <param name="directory">Where; made when it is not there.</param>
    /// <param name="shards">Into how many files; 1 for one without an index.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    public void Save(string directory, int shards = 1, SafetensorsType? type = null)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), Config.ToJsonString());
        var map = new JsonObject();
        for (int s = 0; s < shards; s++)
        {
            string name = shards == 1 ? "model.safetensors" : string.Create(CultureInfo.InvariantCulture, $"model-{s + 1:D5}-of-{shards:D5}.safetensors");
            var writer = new SafetensorsWriter().Set("format", "pt");
            foreach (HfTensor tensor in Tensors.Where((_, i) => i * shards / Tensors.Count == s))
            {
                writer.Add(tensor.Name, type ?? SafetensorsType.F32, tensor.Shape, Encoded(tensor.Values, type));
                map[tensor.Name] = name;
            }

            writer.Save(Path.Combine(directory, name));
        }

        if (shards > 1)
            File.WriteAllText(Path.Combine(directory, "model.safetensors.index.json"), new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());
    }

    private static ReadOnlyMemory<byte> Encoded(float[] values, SafetensorsType? type)
    {
        if (type is null || type == SafetensorsType.F32)
            return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        TensorFormats.TryGet(type == SafetensorsType.F16 ? TensorType.F16 : TensorType.BF16, out TensorFormat? format);
        var bytes = new byte[2 * values.Length];
        format!.Encode!(values, bytes);
        return bytes;
    }
}
