"""Makes a tiny random model as the transformers library would save it, and computes its logits as that library's modeling
code does: an account of names, layouts and arithmetic that shares nothing with the conversion it is held against.

    python3 hf_forward.py FAMILY DIR ID ID ...

writes DIR/config.json, DIR/model.safetensors and DIR/logits.f32 (ids x vocabulary, float32). Needs numpy."""
import json, os, struct, sys
import numpy as np

VOCABULARY, CONTEXT = 96, 512


class Model:
    """Weights by name, and a configuration."""

    def __init__(self, seed, **config):
        self.random = np.random.default_rng(seed)
        self.weights = {}
        self.config = config
        self.saved = config

    def __getattr__(self, name):
        return self.config[name]

    def linear(self, name, outputs, inputs, bias=False):
        self.weights[name + ".weight"] = self.random.normal(0, 1 / np.sqrt(inputs), (outputs, inputs))
        if bias:
            self.weights[name + ".bias"] = self.random.normal(0, 0.3, outputs)

    def vector(self, name, length, around):
        self.weights[name] = around + self.random.normal(0, 0.2, length)

    def embedding(self, name, count, length):
        self.weights[name + ".weight"] = self.random.normal(0, 1, (count, length))

    def finish(self):
        self.weights = {n: w.astype(np.float32) for n, w in self.weights.items()}

    def w(self, name):
        return self.weights[name].astype(np.float64)

    def apply(self, name, x):
        y = x @ self.w(name + ".weight").T
        return y + self.w(name + ".bias") if name + ".bias" in self.weights else y

    def stored(self):
        return self.weights

    def save(self, directory):
        os.makedirs(directory, exist_ok=True)
        header, data = {}, b""
        for name, w in self.stored().items():
            dtype = {"float32": "F32", "uint16": "BF16", "uint8": "F8_E4M3"}[str(w.dtype)]
            raw = np.ascontiguousarray(w).tobytes()
            header[name] = {"dtype": dtype, "shape": list(w.shape), "data_offsets": [len(data), len(data) + len(raw)]}
            data += raw
        text = json.dumps(header).encode()
        with open(os.path.join(directory, "model.safetensors"), "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + data)
        with open(os.path.join(directory, "config.json"), "w") as f:
            json.dump(self.saved, f)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rms(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def layer_norm(x, weight, bias, eps):
    c = x - x.mean(-1, keepdims=True)
    return c / np.sqrt((c * c).mean(-1, keepdims=True) + eps) * weight + bias


def inverse_frequencies(m, dims, base):
    inv = 1.0 / base ** (np.arange(0, dims, 2) / dims)
    scaling = m.config.get("rope_scaling")
    if not scaling:
        return inv, 1.0
    kind = scaling.get("rope_type") or scaling.get("type")
    if kind == "linear":
        return inv / scaling["factor"], 1.0
    if kind == "llama3":
        wavelength = 2 * np.pi / inv
        low = scaling["original_max_position_embeddings"] / scaling["low_freq_factor"]
        high = scaling["original_max_position_embeddings"] / scaling["high_freq_factor"]
        scaled = np.where(wavelength > low, inv / scaling["factor"], inv)
        smooth = (scaling["original_max_position_embeddings"] / wavelength - scaling["low_freq_factor"]) / (scaling["high_freq_factor"] - scaling["low_freq_factor"])
        smoothed = (1 - smooth) * scaled / scaling["factor"] + smooth * scaled
        return np.where((wavelength >= high) & (wavelength <= low), smoothed, scaled), 1.0
    if kind == "yarn":
        # From the paper: frequencies that turn often enough within the original length stay, slow ones are stretched.
        turns = lambda n: dims * np.log(scaling["original_max_position_embeddings"] / (n * 2 * np.pi)) / (2 * np.log(base))
        low, high = max(np.floor(turns(scaling.get("beta_fast", 32))), 0), min(np.ceil(turns(scaling.get("beta_slow", 1))), dims - 1)
        stretched = np.clip((np.arange(dims // 2) - low) / max(high - low, 0.001), 0, 1)
        return inv / scaling["factor"] * stretched + inv * (1 - stretched), 0.1 * np.log(scaling["factor"]) + 1
    if kind == "longrope":
        original = m.config["original_max_position_embeddings"]
        ratio = m.config["max_position_embeddings"] / original
        return inv / np.array(scaling["short_factor"]), np.sqrt(1 + np.log(ratio) / np.log(original))
    raise ValueError(kind)


def rotate(x, inv, scale):
    """x: heads x positions x head. Halves of the first 2 * len(inv) values turn together."""
    dims = 2 * len(inv)
    angle = np.arange(x.shape[1])[:, None] * inv[None, :]
    cos, sin = np.cos(np.concatenate([angle, angle], -1)) * scale, np.sin(np.concatenate([angle, angle], -1)) * scale
    part, rest = x[..., :dims], x[..., dims:]
    turned = np.concatenate([-part[..., dims // 2:], part[..., :dims // 2]], -1)
    return np.concatenate([part * cos + turned * sin, rest], -1)


def heads_of(x, count, head):
    return x.reshape(x.shape[0], count, head).transpose(1, 0, 2)


def attend(q, k, v, scale, window=None, cap=None):
    groups = q.shape[0] // k.shape[0]
    k, v = np.repeat(k, groups, 0), np.repeat(v, groups, 0)
    scores = q @ k.transpose(0, 2, 1) * scale
    if cap:
        scores = np.tanh(scores / cap) * cap
    i, j = np.arange(q.shape[1])[:, None], np.arange(q.shape[1])[None, :]
    hidden = (j > i) | ((i - j >= window) if window else False)
    out = softmax(np.where(hidden, -np.inf, scores)) @ v
    return out.transpose(1, 0, 2).reshape(q.shape[1], -1)


# ---- families: each makes its weights under the library's names, and runs them

BASE = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2, intermediate_size=80, vocab_size=VOCABULARY,
            max_position_embeddings=CONTEXT, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False, head_dim=16)


def llama_like(name, seed, qkv_bias=False, qk_norm=False, norm_around=1.0, gemma=0, **changes):
    m = Model(seed, **{**BASE, "architectures": [name], **changes})
    d, h, kv, hd = m.hidden_size, m.num_attention_heads, m.num_key_value_heads, m.head_dim
    m.embedding("model.embed_tokens", VOCABULARY, d)
    for i in range(m.num_hidden_layers):
        p = f"model.layers.{i}."
        m.vector(p + "input_layernorm.weight", d, norm_around)
        m.vector(p + "post_attention_layernorm.weight", d, norm_around)
        if gemma:
            m.vector(p + "pre_feedforward_layernorm.weight", d, norm_around)
            m.vector(p + "post_feedforward_layernorm.weight", d, norm_around)
        m.linear(p + "self_attn.q_proj", h * hd, d, qkv_bias)
        m.linear(p + "self_attn.k_proj", kv * hd, d, qkv_bias)
        m.linear(p + "self_attn.v_proj", kv * hd, d, qkv_bias)
        m.linear(p + "self_attn.o_proj", d, h * hd)
        if qk_norm:
            m.vector(p + "self_attn.q_norm.weight", hd, norm_around)
            m.vector(p + "self_attn.k_norm.weight", hd, norm_around)
        experts = m.config.get("num_local_experts") or m.config.get("num_experts")
        if name == "MixtralForCausalLM":
            m.linear(p + "block_sparse_moe.gate", experts, d)
            for x in range(experts):
                m.linear(p + f"block_sparse_moe.experts.{x}.w1", m.intermediate_size, d)
                m.linear(p + f"block_sparse_moe.experts.{x}.w3", m.intermediate_size, d)
                m.linear(p + f"block_sparse_moe.experts.{x}.w2", d, m.intermediate_size)
        elif experts:
            m.linear(p + "mlp.gate", experts, d)
            for x in range(experts):
                for part, shape in (("gate", (m.moe_intermediate_size, d)), ("up", (m.moe_intermediate_size, d)), ("down", (d, m.moe_intermediate_size))):
                    m.linear(p + f"mlp.experts.{x}.{part}_proj", *shape)
            if name == "Qwen2MoeForCausalLM":
                shared = m.shared_expert_intermediate_size
                for part, shape in (("gate", (shared, d)), ("up", (shared, d)), ("down", (d, shared))):
                    m.linear(p + f"mlp.shared_expert.{part}_proj", *shape)
                m.linear(p + "mlp.shared_expert_gate", 1, d)
        else:
            m.linear(p + "mlp.gate_proj", m.intermediate_size, d)
            m.linear(p + "mlp.up_proj", m.intermediate_size, d)
            m.linear(p + "mlp.down_proj", d, m.intermediate_size)
    m.vector("model.norm.weight", d, norm_around)
    if not m.tie_word_embeddings:
        m.linear("lm_head", VOCABULARY, d)
    m.finish()

    def gated(x, prefix, act, names=("gate_proj", "up_proj", "down_proj")):
        return m.apply(prefix + names[2], act(m.apply(prefix + names[0], x)) * m.apply(prefix + names[1], x))

    def forward(ids):
        eps, plus = m.rms_norm_eps, 1 if gemma else 0
        norm = lambda x, n: rms(x, m.w(n) + plus, eps)
        act = gelu_tanh if gemma else silu
        x = m.w("model.embed_tokens.weight")[ids]
        if gemma:
            x = x * np.float32(np.sqrt(d))
        x = x * m.config.get("embedding_multiplier", 1.0)
        residual = m.config.get("residual_multiplier", 1.0)
        for i in range(m.num_hidden_layers):
            p = f"model.layers.{i}."
            local = gemma == 2 and i % 2 == 0 or gemma == 3 and (i + 1) % 6 != 0
            base = m.rope_local_base_freq if gemma == 3 and local else m.rope_theta
            if gemma == 3 and local:
                inv, scale = 1.0 / base ** (np.arange(0, hd, 2) / hd), 1.0
            else:
                inv, scale = inverse_frequencies(m, hd, base)
            a = norm(x, p + "input_layernorm.weight")
            q, k = heads_of(m.apply(p + "self_attn.q_proj", a), h, hd), heads_of(m.apply(p + "self_attn.k_proj", a), kv, hd)
            v = heads_of(m.apply(p + "self_attn.v_proj", a), kv, hd)
            if qk_norm:
                q, k = norm(q, p + "self_attn.q_norm.weight"), norm(k, p + "self_attn.k_norm.weight")
            o = attend(rotate(q, inv, scale), rotate(k, inv, scale), v, m.config.get("attention_multiplier", hd ** -0.5),
                       m.config.get("sliding_window") if local else None, m.config.get("attn_logit_softcapping"))
            o = m.apply(p + "self_attn.o_proj", o)
            if gemma:
                x = x + norm(o, p + "post_attention_layernorm.weight")
                f = gated(norm(x, p + "pre_feedforward_layernorm.weight"), p + "mlp.", act)
                x = x + norm(f, p + "post_feedforward_layernorm.weight")
                continue
            x = x + o * residual
            f = norm(x, p + "post_attention_layernorm.weight")
            if "num_experts_per_tok" not in m.config:
                x = x + gated(f, p + "mlp.", act) * residual
                continue
            mixtral = name == "MixtralForCausalLM"
            weights = softmax(m.apply(p + ("block_sparse_moe.gate" if mixtral else "mlp.gate"), f))
            out = np.zeros_like(f)
            for t in range(len(f)):
                best = np.argsort(-weights[t])[: m.num_experts_per_tok]
                chosen = weights[t][best]
                if mixtral or m.config.get("norm_topk_prob"):
                    chosen = chosen / chosen.sum()
                for x_, w_ in zip(best, chosen):
                    prefix, names = (p + f"block_sparse_moe.experts.{x_}.", ("w1", "w3", "w2")) if mixtral else (p + f"mlp.experts.{x_}.", ("gate_proj", "up_proj", "down_proj"))
                    out[t] += w_ * gated(f[t:t + 1], prefix, act, names)[0]
            if name == "Qwen2MoeForCausalLM":
                out = out + sigmoid(m.apply(p + "mlp.shared_expert_gate", f)) * gated(f, p + "mlp.shared_expert.", act)
            x = x + out
        x = norm(x, "model.norm.weight")
        logits = x @ m.w("model.embed_tokens.weight" if m.tie_word_embeddings else "lm_head.weight").T
        logits = logits / m.config.get("logits_scaling", 1.0)
        cap = m.config.get("final_logit_softcapping")
        return np.tanh(logits / cap) * cap if cap else logits

    return m, forward


def gpt_neox(seed):
    m = Model(seed, architectures=["GPTNeoXForCausalLM"], hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=80, vocab_size=VOCABULARY,
              max_position_embeddings=CONTEXT, layer_norm_eps=1e-5, rotary_pct=0.25, rotary_emb_base=10000, use_parallel_residual=True, tie_word_embeddings=False)
    d, h = 48, 3
    hd = d // h
    m.embedding("gpt_neox.embed_in", VOCABULARY, d)
    norms = [f"gpt_neox.layers.{i}.{n}" for i in range(3) for n in ("input_layernorm", "post_attention_layernorm")] + ["gpt_neox.final_layer_norm"]
    for n in norms:
        m.vector(n + ".weight", d, 1.0)
        m.vector(n + ".bias", d, 0.0)
    for i in range(3):
        p = f"gpt_neox.layers.{i}."
        m.linear(p + "attention.query_key_value", 3 * d, d, True)
        m.linear(p + "attention.dense", d, d, True)
        m.linear(p + "mlp.dense_h_to_4h", 80, d, True)
        m.linear(p + "mlp.dense_4h_to_h", d, 80, True)
    m.linear("embed_out", VOCABULARY, d)
    m.finish()

    def forward(ids):
        norm = lambda x, n: layer_norm(x, m.w(n + ".weight"), m.w(n + ".bias"), 1e-5)
        x = m.w("gpt_neox.embed_in.weight")[ids]
        dims = int(hd * 0.25)
        inv = 1.0 / 10000 ** (np.arange(0, dims, 2) / dims)
        for i in range(3):
            p = f"gpt_neox.layers.{i}."
            qkv = m.apply(p + "attention.query_key_value", norm(x, p + "input_layernorm")).reshape(len(ids), h, 3 * hd).transpose(1, 0, 2)
            q, k, v = qkv[..., :hd], qkv[..., hd:2 * hd], qkv[..., 2 * hd:]
            a = m.apply(p + "attention.dense", attend(rotate(q, inv, 1), rotate(k, inv, 1), v, hd ** -0.5))
            # The tanh form of GELU: GGUF engines have no other.
            f = m.apply(p + "mlp.dense_4h_to_h", gelu_tanh(m.apply(p + "mlp.dense_h_to_4h", norm(x, p + "post_attention_layernorm"))))
            x = x + a + f
        return norm(x, "gpt_neox.final_layer_norm") @ m.w("embed_out.weight").T

    return m, forward


def phi3(seed):
    m = Model(seed, **{**BASE, "architectures": ["Phi3ForCausalLM"], "head_dim": None, "original_max_position_embeddings": 128, "sliding_window": None,
                       "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.1, 1.25, 1.5], "long_factor": [1.0, 2.0, 4.0, 8.0]}})
    d, h, kv = 48, 6, 2
    hd = d // h
    m.embedding("model.embed_tokens", VOCABULARY, d)
    for i in range(3):
        p = f"model.layers.{i}."
        m.vector(p + "input_layernorm.weight", d, 1.0)
        m.vector(p + "post_attention_layernorm.weight", d, 1.0)
        m.linear(p + "self_attn.qkv_proj", (h + 2 * kv) * hd, d)
        m.linear(p + "self_attn.o_proj", d, h * hd)
        m.linear(p + "mlp.gate_up_proj", 160, d)
        m.linear(p + "mlp.down_proj", d, 80)
    m.vector("model.norm.weight", d, 1.0)
    m.linear("lm_head", VOCABULARY, d)
    m.finish()

    def forward(ids):
        inv, scale = inverse_frequencies(m, hd, m.rope_theta)
        x = m.w("model.embed_tokens.weight")[ids]
        for i in range(3):
            p = f"model.layers.{i}."
            qkv = m.apply(p + "self_attn.qkv_proj", rms(x, m.w(p + "input_layernorm.weight"), 1e-5))
            q, k, v = np.split(qkv, [h * hd, (h + kv) * hd], -1)
            q, k, v = heads_of(q, h, hd), heads_of(k, kv, hd), heads_of(v, kv, hd)
            x = x + m.apply(p + "self_attn.o_proj", attend(rotate(q, inv, scale), rotate(k, inv, scale), v, hd ** -0.5))
            gate, up = np.split(m.apply(p + "mlp.gate_up_proj", rms(x, m.w(p + "post_attention_layernorm.weight"), 1e-5)), 2, -1)
            x = x + m.apply(p + "mlp.down_proj", silu(gate) * up)
        return rms(x, m.w("model.norm.weight"), 1e-5) @ m.w("lm_head.weight").T

    return m, forward


# ---- the same models as they are published too: of 8-bit floats with scales, as the text side of one that sees

def e4m3(code):
    exponent, mantissa = code >> 3 & 15, (code & 7) / 8
    return (-1) ** (code >> 7) * (mantissa * 2.0 ** -6 if exponent == 0 else (1 + mantissa) * 2.0 ** (exponent - 7))


FLOATS = np.array([e4m3(c) for c in range(127)])


def eight_bits(family, quantization, block):
    """Projections become codes and a scale for each block; block(shape) gives a block's rows and columns."""
    m, forward = family
    stored = {}
    for name, w in m.weights.items():
        stored[name] = w
        if "_proj." not in name:
            continue
        rows, columns = block(w.shape)
        scales = np.array([[np.abs(w[r:r + rows, c:c + columns]).max() / 448 for c in range(0, w.shape[1], columns)] for r in range(0, w.shape[0], rows)], np.float32)
        spread = np.repeat(np.repeat(scales, rows, 0), columns, 1)[:w.shape[0], :w.shape[1]]
        codes = np.abs(np.abs(w / spread)[..., None] - FLOATS).argmin(-1).astype(np.uint8)
        m.weights[name] = (np.sign(w) * FLOATS[codes] * spread).astype(np.float32)
        stored[name] = codes | np.where(w < 0, 128, 0).astype(np.uint8)
        stored[name + ("_scale_inv" if quantization["quant_method"] == "fp8" and scales.size > 1 else "_scale")] = scales.reshape(()) if scales.size == 1 else scales
    m.config["quantization_config"] = quantization
    m.stored = lambda: stored
    return m, forward


def sighted(family, name, prefix):
    """The configuration goes inside, the language model's names get a prefix, and parts that see stand beside."""
    m, forward = family
    text = dict(m.config)
    del text["architectures"]
    m.saved = {"architectures": [name], "text_config": text, "vision_config": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}}
    renamed = {prefix(n): w for n, w in m.weights.items()}
    for part in ("vision_tower.vision_model.embeddings.patch_embedding.weight", "multi_modal_projector.mm_soft_emb_norm.weight"):
        renamed[("model." if prefix("model.x").startswith("model.") else "") + part] = np.ones(8, np.float32)
    m.stored = lambda: renamed
    return m, forward


FAMILIES = {
    "llama": lambda: llama_like("LlamaForCausalLM", 1),
    "llama3": lambda: llama_like("LlamaForCausalLM", 2, rope_theta=500.0, rope_scaling={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}),
    "mistral": lambda: llama_like("MistralForCausalLM", 3, rope_scaling={"rope_type": "linear", "factor": 4.0}),
    "mixtral": lambda: llama_like("MixtralForCausalLM", 4, num_local_experts=5, num_experts_per_tok=2),
    "qwen2": lambda: llama_like("Qwen2ForCausalLM", 5, qkv_bias=True, tie_word_embeddings=True),
    "qwen2moe": lambda: llama_like("Qwen2MoeForCausalLM", 6, qkv_bias=True, num_experts=6, num_experts_per_tok=3, moe_intermediate_size=40,
                                   shared_expert_intermediate_size=56, norm_topk_prob=False),
    "qwen3": lambda: llama_like("Qwen3ForCausalLM", 7, qk_norm=True),
    "qwen3moe": lambda: llama_like("Qwen3MoeForCausalLM", 8, qk_norm=True, num_experts=6, num_experts_per_tok=3, moe_intermediate_size=40, norm_topk_prob=True),
    "granite": lambda: llama_like("GraniteForCausalLM", 9, attention_multiplier=0.2, embedding_multiplier=3.0, residual_multiplier=0.6, logits_scaling=2.0, head_dim=8),
    "gemma2": lambda: llama_like("Gemma2ForCausalLM", 10, gemma=2, norm_around=0.0, tie_word_embeddings=True, sliding_window=5,
                                 attn_logit_softcapping=3.0, final_logit_softcapping=8.0, query_pre_attn_scalar=16),
    "gemma3": lambda: llama_like("Gemma3ForCausalLM", 11, gemma=3, qk_norm=True, norm_around=0.0, tie_word_embeddings=True, sliding_window=5, num_hidden_layers=7,
                                 rope_theta=1000000.0, rope_local_base_freq=5000.0, rope_scaling={"rope_type": "linear", "factor": 8.0}),
    "gemma3-sighted": lambda: sighted(FAMILIES["gemma3"](), "Gemma3ForConditionalGeneration", lambda n: "language_model." + n),
    "gemma3-sighted-newer": lambda: sighted(FAMILIES["gemma3"](), "Gemma3ForConditionalGeneration", lambda n: n.replace("model.", "model.language_model.", 1)),
    "qwen3-yarn": lambda: llama_like("Qwen3ForCausalLM", 14, qk_norm=True, rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}),
    "llama-fp8-blocks": lambda: eight_bits(FAMILIES["llama"](), {"quant_method": "fp8", "weight_block_size": [32, 32]}, lambda shape: (32, 32)),
    "llama-fp8-rows": lambda: eight_bits(FAMILIES["llama"](), {"quant_method": "compressed-tensors", "format": "float-quantized"}, lambda shape: (1, shape[1])),
    "llama-fp8-tensors": lambda: eight_bits(FAMILIES["llama"](), {"quant_method": "fp8", "activation_scheme": "static"}, lambda shape: shape),
    "gptneox": lambda: gpt_neox(12),
    "phi3": lambda: phi3(13),
}

if __name__ == "__main__":
    model, forward = FAMILIES[sys.argv[1]]()
    model.save(sys.argv[2])
    logits = forward(np.array([int(i) for i in sys.argv[3:]]))
    logits.astype(np.float32).tofile(os.path.join(sys.argv[2], "logits.f32"))
