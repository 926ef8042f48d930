"""nano itself: a decoder of the llama architecture, in the order the data flows.

Norm before each block, grouped-query attention with interleaved rotary
positions (pairs 2i and 2i+1, as llama's GGUF stores them), SwiGLU, no biases,
and an output head of its own.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 768
    context: int = 256
    embedding: int = 256
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    head: int = 64
    feed_forward: int = 512
    norm_epsilon: float = 1e-5
    rope_base: float = 10000.0


class Norm(nn.Module):
    """Root-mean-square norm with a learnt scale."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.embedding))
        self.epsilon = shape.norm_epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


def rotation(shape):
    """Cosines and sines of every position's angles, each [context, head / 2]."""
    frequency = shape.rope_base ** (-torch.arange(0, shape.head, 2) / shape.head)
    angle = torch.arange(shape.context)[:, None] * frequency
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Turns the pairs (2i, 2i+1) of x [rows, heads, tokens, head] by their position's angles."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
        self.attn_norm = Norm(shape)
        self.attn_q = nn.Linear(shape.embedding, queries, bias=False)
        self.attn_k = nn.Linear(shape.embedding, keys, bias=False)
        self.attn_v = nn.Linear(shape.embedding, keys, bias=False)
        self.attn_output = nn.Linear(queries, shape.embedding, bias=False)
        self.ffn_norm = Norm(shape)
        self.ffn_gate = nn.Linear(shape.embedding, shape.feed_forward, bias=False)
        self.ffn_up = nn.Linear(shape.embedding, shape.feed_forward, bias=False)
        self.ffn_down = nn.Linear(shape.feed_forward, shape.embedding, bias=False)

    def attend(self, x, cos, sin, hidden):
        rows, tokens, _ = x.shape
        split = lambda y: y.view(rows, tokens, -1, self.shape.head).transpose(1, 2)
        q = rotate(split(self.attn_q(x)), cos, sin)
        k = rotate(split(self.attn_k(x)), cos, sin)
        v = split(self.attn_v(x))
        group = self.shape.heads // self.shape.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        scores = q @ k.transpose(2, 3) / math.sqrt(self.shape.head)
        mixed = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
        return self.attn_output(mixed.transpose(1, 2).reshape(rows, tokens, -1))

    def forward(self, x, cos, sin, hidden):
        x = x + self.attend(self.attn_norm(x), cos, sin, hidden)
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Nano(nn.Module):
    """Module names are the GGUF tensor names, less ".weight" and with `blk` for the layers."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.embedding)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape)
        self.output = nn.Linear(shape.embedding, shape.vocabulary, bias=False)
        self.cos, self.sin = rotation(shape)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, std=0.05 / (math.sqrt(2 * shape.layers) if deep else 1))

    def forward(self, ids, hidden=None):
        """Logits [rows, tokens, vocabulary] of ids [rows, tokens]. `hidden` [rows, 1, tokens, tokens]
        is true where a token may not look; by default, ahead of itself."""
        tokens = ids.shape[1]
        if hidden is None:
            hidden = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        cos, sin = self.cos[:tokens], self.sin[:tokens]
        x = self.token_embd(ids)
        for layer in self.blk:
            x = layer(x, cos, sin, hidden)
        return self.output(self.output_norm(x))
