using System.Text;
using Harness.Text.BytePair;
using Harness.Text.RegularExpressions;

namespace Harness.Text.HuggingFace;

/// <summary>A step that turns tokens' texts into text again.</summary>
internal abstract class TokenDecoder
{
    /// <summary>Decodes.</summary>
    /// <param name="tokens">Texts of tokens, in order.</param>
    /// <returns>Texts that, one after the other, are the text.</returns>
    public abstract IReadOnlyList<string> Decode(IReadOnlyList<string> tokens);

    /// <summary>Reads the <c>decoder</c> of a <c>tokenizer.json</c>.</summary>
    public static TokenDecoder Read(JsonPlace json) => json.Type switch
    {
        "Sequence" => new DecoderSequence([.. json.Get("decoders").Items().Select(Read)]),
        "ByteLevel" => new Whole(tokens => ByteLevel(string.Concat(tokens))),
        "ByteFallback" => new ByteFallback(),
        "Fuse" => new Whole(string.Concat),
        "Metaspace" => ReadMetaspace(json),
        "WordPiece" => new WordPieceDecoder(json.Text("prefix") ?? "##", json.Flag("cleanup", true)),
        "BPEDecoder" => ReadSuffix(json.Text("suffix") ?? "</w>"),
        "Strip" => new StripDecoder(json.Text("content") ?? " ", json.Number("start") ?? 0, json.Number("stop") ?? 0),
        "Replace" => new ReplaceDecoder(TextPattern.Read(json.Get("pattern")), json.Get("content").AsText()),
        "CTC" => new CtcDecoder(json.Text("pad_token") ?? "<pad>", json.Text("word_delimiter_token") ?? "|", json.Flag("cleanup", true)),
        _ => throw json.Unknown("decoder"),
    };

    /// <summary>Takes away the spaces that tokenizing put in front of signs.</summary>
    internal static string CleanUp(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal).Replace(" ?", "?", StringComparison.Ordinal).Replace(" !", "!", StringComparison.Ordinal)
        .Replace(" ,", ",", StringComparison.Ordinal).Replace(" ' ", "'", StringComparison.Ordinal).Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal).Replace(" do not", " don't", StringComparison.Ordinal)
        .Replace(" 's", "'s", StringComparison.Ordinal).Replace(" 've", "'ve", StringComparison.Ordinal).Replace(" 're", "'re", StringComparison.Ordinal);

    // What is no byte letter stands for itself.
    private static string ByteLevel(string letters)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(letters);
        byte[] bytes = new byte[utf8.Length];
        int count = ByteAlphabet.Decode(utf8, bytes);
        return count < 0 ? letters : Encoding.UTF8.GetString(bytes, 0, count);
    }

    private static EachDecoder ReadMetaspace(JsonPlace json)
    {
        string mark = json.Text("replacement") ?? "▁";
        bool strips = json.Text("prepend_scheme") is { } scheme ? scheme != "never" : json.Flag("add_prefix_space", true);
        return new EachDecoder((token, index, _) =>
        {
            string text = token.Replace(mark, " ", StringComparison.Ordinal);
            return index == 0 && strips && text.StartsWith(' ') ? text[1..] : text;
        });
    }

    private static EachDecoder ReadSuffix(string suffix) => new(
        (token, index, count) => suffix.Length == 0 ? token : token.Replace(suffix, index == count - 1 ? string.Empty : " ", StringComparison.Ordinal));

    private sealed class DecoderSequence(TokenDecoder[] steps) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) =>
            steps.Aggregate(tokens, (current, step) => step.Decode(current));
    }

    private sealed class Whole(Func<IReadOnlyList<string>, string> decode) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => [decode(tokens)];
    }

    private sealed class EachDecoder(Func<string, int, int, string> decode) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) =>
            [.. tokens.Select((token, index) => decode(token, index, tokens.Count))];
    }

    private sealed class WordPieceDecoder(string prefix, bool cleansUp) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) =>
        [
            .. tokens.Select((token, index) =>
            {
                string text = index == 0 ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
                return cleansUp ? CleanUp(text) : text;
            }),
        ];
    }

    private sealed class ByteFallback : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
        {
            var texts = new List<string>(tokens.Count);
            var bytes = new List<byte>();
            foreach (string token in tokens)
            {
                if (token.Length == 6 && Tokenizer.IsByte(Encoding.UTF8.GetBytes(token), out byte value) && token.StartsWith("<0x", StringComparison.Ordinal))
                {
                    bytes.Add(value);
                    continue;
                }

                Flush();
                texts.Add(token);
            }

            Flush();
            return texts;

            // Bytes that are no text are marked one by one.
            void Flush()
            {
                if (bytes.Count == 0)
                    return;
                byte[] run = [.. bytes];
                bool valid = System.Text.Unicode.Utf8.IsValid(run);
                texts.Add(valid ? Encoding.UTF8.GetString(run) : new string('\uFFFD', run.Length));
                bytes.Clear();
            }
        }
    }

    private sealed class StripDecoder(string content, int start, int stop) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => [.. tokens.Select(Strip)];

        private string Strip(string token)
        {
            int from = 0;
            while (from < start && from < token.Length && content.Length > 0 && token[from] == content[0])
                from++;
            int to = token.Length;
            while (token.Length - to < stop && to > from && content.Length > 0 && token[to - 1] == content[0])
                to--;
            return token[from..to];
        }
    }

    private sealed class ReplaceDecoder(TextPattern pattern, string content) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => [.. tokens.Select(Replace)];

        private string Replace(string token)
        {
            if (!pattern.IsRegex)
                return pattern.Source.Length == 0 ? token : token.Replace(pattern.Source, content, StringComparison.Ordinal);
            int[] text = CodePoints.Of(token);
            var matches = new List<RegexMatch>();
            pattern.FindAll(text, matches);
            var result = new StringBuilder();
            int last = 0;
            foreach (RegexMatch match in matches)
            {
                result.Append(CodePoints.Text([.. text[last..match.Start]])).Append(content);
                last = match.End;
            }

            return result.Append(CodePoints.Text([.. text[last..]])).ToString();
        }
    }

    private sealed class CtcDecoder(string padding, string delimiter, bool cleansUp) : TokenDecoder
    {
        public override IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
        {
            IEnumerable<string> kept = tokens.Where((token, index) => (index == 0 || token != tokens[index - 1]) && token != padding);
            return [.. kept.Select(token => cleansUp ? CleanUp(token).Replace(delimiter, " ", StringComparison.Ordinal) : token)];
        }
    }
}
