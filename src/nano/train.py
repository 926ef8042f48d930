"""Trains nano from nothing and writes it as GGUF: python3 train.py (see README.md)."""

import argparse
import csv
import math
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch.nn import functional as F

import corpus
import gguf
from model import Nano, Shape
from tokenizer import Tokenizer, learn

HERE = Path(__file__).resolve().parent

# Batches are rows × tokens; every fourth one has rows as long as the context.
SHORT, LONG = (32, 96), (12, 256)
WARMUP, PEAK, FLOOR = 100, 2e-3, 2e-5

PROMPTS = ["1+1=", "2+2=", "The capital of France is", "The capital of Germany is",
           "def fibonacci(n):", "[INST] What is 1+1? [/INST]"]

# Renders the one form of conversation that the corpus has.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}[INST] {{ message['content'] }} [/INST]"
    "{% elif message['role'] == 'assistant' %} {{ message['content'] }}<|endoftext|>"
    "{% else %}{{ raise_exception('nano knows only the roles user and assistant') }}{% endif %}"
    "{% endfor %}")


class Batches:
    """Rows of documents drawn by their share, each row beginning with a document.

    In half of the rows, documents do not see each other: each is read as from
    the start of an empty context. In the other half they do, as in a long text.
    """

    def __init__(self, kinds, tokenizer, seed):
        self.random = Random(seed)
        self.shares = [share for share, _ in kinds]
        self.kinds = [[tokenizer.encode(text) + [tokenizer.end] for text in documents] for _, documents in kinds]

    def row(self, tokens):
        ids, documents = [], []
        while len(ids) <= tokens:
            document = self.random.choice(self.random.choices(self.kinds, self.shares)[0])
            documents += [len(documents)] * len(document)
            ids += document
        return ids[:tokens + 1], documents[:tokens + 1]

    def draw(self, rows, tokens):
        """Inputs and targets [rows, tokens] and the mask of what each token may not see."""
        drawn = [self.row(tokens) for _ in range(rows)]
        ids = torch.tensor([ids for ids, _ in drawn])
        documents = torch.tensor([documents for _, documents in drawn])
        documents[rows // 2:] = 0
        targets = ids[:, 1:].masked_fill(documents[:, 1:] != documents[:, :-1], -100)
        seen = documents[:, :-1]
        ahead = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        hidden = ahead | (seen[:, :, None] != seen[:, None, :])
        return ids[:, :-1], targets, hidden[:, None]


def learning_rate(step, steps):
    """Linear warm-up, then half a cosine down to the floor."""
    if step < WARMUP:
        return PEAK * (step + 1) / WARMUP
    progress = (step - WARMUP) / (steps - WARMUP)
    return FLOOR + (PEAK - FLOOR) * (1 + math.cos(math.pi * progress)) / 2


def train(model, batches, steps, log):
    """Minimises the loss for some steps; returns the mean loss of the last log interval."""
    optimizer = torch.optim.AdamW([
        {"params": [w for w in model.parameters() if w.dim() == 2], "weight_decay": 0.1},
        {"params": [w for w in model.parameters() if w.dim() == 1], "weight_decay": 0.0},
    ], betas=(0.9, 0.98))
    losses, mean = [], math.nan
    with open(log, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["step", "loss", "learning_rate"])
        for step in range(steps):
            rate = learning_rate(step, steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            ids, targets, hidden = batches.draw(*(LONG if step % 4 == 3 else SHORT))
            loss = F.cross_entropy(model(ids, hidden).flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            if (step + 1) % 50 == 0 or step + 1 == steps:
                mean, losses = sum(losses) / len(losses), []
                table.writerow([step + 1, f"{mean:.4f}", f"{rate:.2e}"])
                file.flush()
                print(f"step {step + 1:5}  loss {mean:.4f}  {time.process_time():6.0f} s of CPU time", flush=True)
    return mean


@torch.no_grad()
def answer(model, tokenizer, prompt, most=40):
    """The greedy answer to a prompt, and the smallest lead a chosen logit had over the next."""
    ids, lead = tokenizer.encode(prompt), math.inf
    begin = len(ids)
    while len(ids) < begin + most:
        best = model(torch.tensor([ids]))[0, -1].topk(2)
        lead = min(lead, float(best.values[0] - best.values[1]))
        if best.indices[0] == tokenizer.end:
            break
        ids.append(int(best.indices[0]))
    return tokenizer.decode(ids[begin:]), lead


def metadata(shape, tokenizer, seed, steps, loss):
    return {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "nano",
        "general.description": "A two-million-parameter model that adds small numbers, names capitals and "
                               "writes short functions. Trained from scratch for the tests of harness.",
        "general.license": "MIT",
        "general.file_type": 1,
        "general.quantization_version": 2,
        "llama.vocab_size": shape.vocabulary,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.embedding,
        "llama.block_count": shape.layers,
        "llama.feed_forward_length": shape.feed_forward,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.kv_heads,
        "llama.attention.key_length": shape.head,
        "llama.attention.value_length": shape.head,
        "llama.attention.layer_norm_rms_epsilon": shape.norm_epsilon,
        "llama.rope.dimension_count": shape.head,
        "llama.rope.freq_base": shape.rope_base,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokenizer.tokens,
        "tokenizer.ggml.token_type": [3 if i == tokenizer.end else 1 for i in range(len(tokenizer.tokens))],
        "tokenizer.ggml.merges": [f"{a} {b}" for a, b in tokenizer.merges],
        "tokenizer.ggml.bos_token_id": tokenizer.end,
        "tokenizer.ggml.eos_token_id": tokenizer.end,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": CHAT_TEMPLATE,
        "harness.origin": "trained",
        "harness.trained.script": "src/nano/train.py",
        "harness.trained.seed": seed,
        "harness.trained.steps": steps,
        "harness.trained.loss": loss,
    }


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--steps", type=int, default=2000)
    options.add_argument("--threads", type=int, default=1, help="CPU threads; another number adds in another order")
    options.add_argument("--out", type=Path, default=HERE.parent.parent / "matrix/weights/nano-f16.gguf")
    options.add_argument("--log", type=Path, default=HERE / "loss.csv")
    chosen = options.parse_args()

    torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    shape = Shape()
    kinds = corpus.build(chosen.seed)
    tokenizer = Tokenizer(learn(corpus.weighted(kinds), shape.vocabulary))
    model = Nano(shape)
    print(f"{sum(w.numel() for w in model.parameters()):,} parameters")
    loss = train(model, Batches(kinds, tokenizer, chosen.seed), chosen.steps, chosen.log)

    tensors = {}
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            weight.data = weight.data.half().float()
        tensors[name] = weight.detach().numpy().astype("<f2" if weight.dim() == 2 else "<f4")
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    gguf.write(chosen.out, metadata(shape, tokenizer, chosen.seed, chosen.steps, loss), tensors)
    print(f"{chosen.out.name}: {chosen.out.stat().st_size:,} bytes")
    for prompt in PROMPTS:
        text, lead = answer(model, tokenizer, prompt)
        print(f"{prompt!r} -> {text!r}, least lead {lead:.1f}")


if __name__ == "__main__":
    main()
