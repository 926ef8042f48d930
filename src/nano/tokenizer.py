"""Byte-level byte-pair encoding: learning the merges, and encoding with them.

Text is cut into pieces by the pattern that GGUF calls `qwen2` (every digit a
piece of its own), each piece becomes bytes, each byte a printable character
(the GPT-2 table), and merges join neighbours in the order they were learnt.
"""

import re
from collections import Counter

# The qwen2 pattern, with Python's spelling of "letter" and "number". The two
# agree on ASCII, and the corpus is ASCII.
LETTER, NUMBER = r"[^\W\d_]", r"\d"
PIECE = re.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    rf"|(?:(?!{LETTER}|{NUMBER})[^\r\n])?{LETTER}+"
    rf"|{NUMBER}"
    rf"| ?(?:(?!{LETTER}|{NUMBER})\S)+[\r\n]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+")

END = "<|endoftext|>"


def byte_characters():
    """The GPT-2 table: printable bytes stand for themselves, the others for U+0100 and up."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


BYTE = byte_characters()
UNBYTE = {character: byte for byte, character in BYTE.items()}
NEWLINE = BYTE[ord("\n")]


def pieces(text):
    """The pieces of a text, each a tuple of byte characters."""
    return [tuple(BYTE[b] for b in piece.encode()) for piece in PIECE.findall(text)]


def join(symbols, pair):
    """The symbols with every occurrence of the pair made one symbol."""
    out, i = [], 0
    while i < len(symbols):
        if symbols[i:i + 2] == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return tuple(out)


def learn(weighted_texts, vocabulary_size):
    """The merges that fill a vocabulary: always the most frequent pair, ties by spelling.

    A line break is never joined to what stands before it. The pattern keeps "):"
    and a following break in one piece, but a prompt that ends in "):" has to give
    the same tokens as the text it was taken from.
    """
    counts = Counter()
    for weight, text in weighted_texts:
        for piece in pieces(text):
            counts[piece] += weight
    merges, tokens = [], set(BYTE.values())
    while 256 + len(merges) + 1 < vocabulary_size:
        pairs = Counter()
        for symbols, count in counts.items():
            for pair in zip(symbols, symbols[1:]):
                token = pair[0] + pair[1]
                if NEWLINE not in token and token not in tokens:
                    pairs[pair] += count
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        tokens.add(best[0] + best[1])
        counts = Counter({join(symbols, best): count for symbols, count in counts.items()})
    return merges


class Tokenizer:
    """Ids for text and text for ids. Bytes come first, then merges, then the end token."""

    def __init__(self, merges):
        self.merges = merges
        self.tokens = [BYTE[b] for b in range(256)] + [a + b for a, b in merges] + [END]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.end = self.ids[END]
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.known = {}

    def encode_piece(self, symbols):
        """The ids of one piece: its best-ranked pair is joined until none is left."""
        if symbols not in self.known:
            joined = symbols
            while len(joined) > 1:
                pair = min(zip(joined, joined[1:]), key=lambda p: self.rank.get(p, len(self.rank)))
                if pair not in self.rank:
                    break
                joined = join(joined, pair)
            self.known[symbols] = [self.ids[symbol] for symbol in joined]
        return self.known[symbols]

    def encode(self, text):
        """The ids of a text; the spelling of the end token stands for the token."""
        ids = []
        for i, part in enumerate(text.split(END)):
            ids += [self.end] if i else []
            for piece in pieces(part):
                ids += self.encode_piece(piece)
        return ids

    def decode(self, ids):
        """The text of ids; bytes that are not UTF-8 become the replacement character."""
        characters = "".join(self.tokens[i] for i in ids if i != self.end)
        return bytes(UNBYTE[c] for c in characters).decode(errors="replace")
