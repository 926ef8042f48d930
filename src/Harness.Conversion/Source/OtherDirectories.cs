using System.Text.Json;

namespace Harness.Conversion.Source;

/// <summary>Says what a directory without a config.json seems to be instead, and what to do with it.</summary>
internal static class OtherDirectories
{
    private const string Usual = "Give a directory as the transformers library saves it: config.json, a tokenizer and safetensors files.";

    /// <summary>The error of a directory that lacks a file every model has.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The file that is not there.</param>
    /// <param name="step">What is being done.</param>
    public static ConversionException Explain(string directory, string name, string step)
    {
        (string what, string remedy) = Kind(directory);
        return new ConversionException(step, $"there is no {name}{what}", directory, remedy);
    }

    /// <summary>What a directory seems to be, to follow a word about the missing file, or empty; and what to do.</summary>
    public static (string What, string Remedy) Kind(string directory)
    {
        if (!Directory.Exists(directory))
            return ("", "There is no such directory.");
        if (File.Exists(Path.Combine(directory, "adapter_config.json")))
        {
            string name = BaseModel(directory) is { } known ? $" ({known})" : "";
            return ($": the directory holds an adapter (LoRA), not a model{name}",
                $"Merge it into the model it was trained on{name}, as peft's merge_and_unload or mlx_lm.fuse does, save the whole, and convert that.");
        }

        if (File.Exists(Path.Combine(directory, "params.json")))
            return (": the directory has the layout of the model's makers (params.json), not that of the transformers library", Usual);
        return Directory.EnumerateFiles(directory, "*.gguf").FirstOrDefault() is { } file
            ? (", but there is a GGUF file", $"It needs no conversion: give {Path.GetFileName(file)} itself.")
            : ("", Usual);
    }

    private static string? BaseModel(string directory)
    {
        try
        {
            JsonElement? adapter = ModelConfig.ReadObject(directory, "adapter_config.json", "read adapter_config.json");
            return adapter is { } json && json.TryGetProperty("base_model_name_or_path", out JsonElement name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        }
        catch (ConversionException)
        {
            // That it is an adapter is known all the same.
            return null;
        }
    }
}
