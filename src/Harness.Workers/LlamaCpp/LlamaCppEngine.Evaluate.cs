using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Harness.Workers.LlamaCpp;

public sealed unsafe partial class LlamaCppEngine
{
    /// <summary>Most bytes of logits llama.cpp is asked to hold at once while scoring.</summary>
    private const long LargestLogits = 256L << 20;

    /// <inheritdoc/>
    public Generation Generate(GenerateRequest request, Action<GeneratedToken> onToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(onToken);
        CheckIds(request.PromptIds);
        if (request.PromptIds.Length > _contextLength)
            throw TooLong(request.PromptIds.Length);
        _api.Clear(_context);
        _log.Clear();
        var watch = Stopwatch.StartNew();
        int position = 0;
        foreach (ReadOnlyMemory<int> chunk in Chunks(request.PromptIds, _batchLength))
        {
            position += chunk.Length;
            Decode(chunk.Span, position - chunk.Length, position == request.PromptIds.Length ? Outputs.Last : Outputs.None);
        }

        int output = (request.PromptIds.Length - 1) % _batchLength;
        ReadOnlySpan<float> logits = Logits(output);
        int next = Likeliest.Index(logits);
        TimeSpan prefill = watch.Elapsed;
        watch.Restart();
        int generated = 0;
        string reason = "length";
        while (generated < request.MaxTokens)
        {
            // Without a tokenizer llama.cpp aborts when asked about a token.
            bool end = _hasTokenizer && _api.IsEndOfGeneration(_vocabulary, next) != 0;
            (int[] ids, float[] logProbabilities) = Likeliest.Top(logits, request.TopLogProbabilities);
            onToken(new GeneratedToken(next, Piece(next), ids, logProbabilities));
            generated++;
            if (end && !request.IgnoreEndOfGeneration)
            {
                reason = "end-of-generation";
                break;
            }

            if (generated == request.MaxTokens)
                break;
            if (position == _contextLength)
            {
                reason = "context-full";
                break;
            }

            Decode([next], position++, Outputs.Last);
            logits = Logits(0);
            next = Likeliest.Index(logits);
        }

        return new Generation(request.PromptIds.Length, generated, reason, prefill, watch.Elapsed);
    }

    /// <inheritdoc/>
    public Scoring Score(ReadOnlySpan<int> ids, Stream logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        CheckIds(ids);
        if (ids.Length > _contextLength)
            throw TooLong(ids.Length);
        _api.Clear(_context);
        _log.Clear();
        long affordable = LargestLogits / ((long)_vocabularySize * sizeof(float));
        int chunkLength = (int)Math.Clamp(affordable, 1, _batchLength);
        var watch = new Stopwatch();
        int position = 0;
        foreach (ReadOnlyMemory<int> chunk in Chunks(ids.ToArray(), chunkLength))
        {
            watch.Start();
            Decode(chunk.Span, position, Outputs.All);
            // Reading the first row waits for the computation; writing the file is not part of it.
            _ = Logits(0);
            watch.Stop();
            for (int i = 0; i < chunk.Length; i++)
                logits.Write(MemoryMarshal.AsBytes(Logits(i)));
            position += chunk.Length;
        }

        return new Scoring(ids.Length, _vocabularySize, watch.Elapsed);
    }

    private enum Outputs
    {
        None,
        Last,
        All,
    }

    private void Decode(ReadOnlySpan<int> ids, int position, Outputs outputs)
    {
        int count = ids.Length;
        int[] positions = new int[count];
        int[] sequenceCounts = new int[count];
        nint[] sequences = new nint[count];
        sbyte[] wanted = new sbyte[count];
        int sequence = 0;
        for (int i = 0; i < count; i++)
        {
            positions[i] = position + i;
            sequenceCounts[i] = 1;
            sequences[i] = (nint)(&sequence);
            wanted[i] = (sbyte)(outputs == Outputs.All || (outputs == Outputs.Last && i == count - 1) ? 1 : 0);
        }

        fixed (int* tokens = ids, place = positions, counts = sequenceCounts)
        fixed (nint* lists = sequences)
        fixed (sbyte* flags = wanted)
        {
            int status = _api.Decode(_context, new LlamaBatch
            {
                TokenCount = count,
                Tokens = tokens,
                Positions = place,
                SequenceCounts = counts,
                Sequences = (int**)lists,
                Outputs = flags,
            });
            if (status != 0)
                throw LlamaFailure.From($"llama_decode returned {status}", _log.Errors());
        }
    }

    private ReadOnlySpan<float> Logits(int index)
    {
        float* logits = _api.Logits(_context, index);
        return logits is null
            ? throw LlamaFailure.From($"llama.cpp gave no logits for token {index} of the batch", _log.Errors())
            : new ReadOnlySpan<float>(logits, _vocabularySize);
    }

    private byte[] Piece(int id)
    {
        if (!_hasTokenizer)
            return [];
        byte[] bytes = new byte[64];
        for (int attempt = 0; attempt < 2; attempt++)
        {
            int length;
            fixed (byte* text = bytes)
                length = _api.TokenToPiece(_vocabulary, id, text, bytes.Length, 0, 0);
            if (length >= 0)
                return bytes[..length];
            bytes = new byte[-length];
        }

        return [];
    }

    private static IEnumerable<ReadOnlyMemory<int>> Chunks(int[] ids, int length)
    {
        for (int start = 0; start < ids.Length; start += length)
            yield return ids.AsMemory(start, Math.Min(length, ids.Length - start));
    }

    // llama.cpp answers a wrong id with -1 and a line in the log, or aborts, depending on the release.
    private void CheckIds(ReadOnlySpan<int> ids)
    {
        RequireModel();
        if (ids.IsEmpty)
            throw new InferenceException(InferenceFailure.Error, "no token ids to evaluate: at least one is needed");
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)_vocabularySize)
            {
                throw new InferenceException(
                    InferenceFailure.Error, $"token id {id} is outside the vocabulary of {_vocabularySize}");
            }
        }
    }

    private InferenceException TooLong(int count) => new(
        InferenceFailure.Error, $"{count} token ids do not fit the context of {_contextLength} positions");
}
