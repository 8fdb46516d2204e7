"""Writes a tiny random model for every architecture of docs/models.md, with the figures of Hugging Face transformers.

    python3 tests/python/models.py FOLDER

Each folder gets config.json, model.safetensors and reference.json: ids, mean loss, and the cosine similarity of the
layers' attention (eager attention, float32); under `torch` the same by the PyTorch engine of python/, or its refusal.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python"))

from spanwise.decoder import load
from spanwise.engine import Engine
from spanwise.errors import InputError
from spanwise.sums import Wanted

TOKENS = 40
USUAL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
    "initializer_range": 0.3,
}
EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 24}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 1000000.0,
    "factor": 2.0,
    "original_max_position_embeddings": 64,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.1,
}
#: Settings of each architecture beside, or in place of, the usual sizes; None takes a key away.
ARCHITECTURES = {
    "LlamaForCausalLM": {},
    "Qwen2ForCausalLM": {},
    "Qwen3ForCausalLM": {"head_dim": 8},
    "MistralForCausalLM": {"sliding_window": 11},
    "Ministral3ForCausalLM": {"head_dim": 8, "rope_parameters": YARN},
    "GPT2LMHeadModel": {},
    "GPTNeoXForCausalLM": {},
    "GPTJForCausalLM": {"rotary_dim": 4},
    "OPTForCausalLM": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "BloomForCausalLM": {},
    "FalconForCausalLM": {},
    "GemmaForCausalLM": {"head_dim": 8},
    "Gemma2ForCausalLM": {"head_dim": 8, "sliding_window": 11, "query_pre_attn_scalar": 8},
    "Gemma3ForCausalLM": {"head_dim": 8, "sliding_window": 11, "query_pre_attn_scalar": 8},
    "Phi3ForCausalLM": {},
    "PhiForCausalLM": {},
    "StableLmForCausalLM": {},
    "Starcoder2ForCausalLM": {},
    "Cohere2ForCausalLM": {"sliding_window": 11},
    "GraniteForCausalLM": {"attention_multiplier": 0.3, "residual_multiplier": 0.3, "logits_scaling": 2.0},
    "OlmoForCausalLM": {},
    "Olmo2ForCausalLM": {},
    "Olmo3ForCausalLM": {"sliding_window": 11},
    "SmolLM3ForCausalLM": {},
    "Glm4ForCausalLM": {"head_dim": 8},
    "Ernie4_5ForCausalLM": {"head_dim": 8},
    "HunYuanDenseV1ForCausalLM": {"head_dim": 8},
    "MixtralForCausalLM": {**EXPERTS, "num_local_experts": 4},
    "Qwen3MoeForCausalLM": {**EXPERTS, "num_experts": 4, "head_dim": 8},
    "GptOssForCausalLM": {**EXPERTS, "num_local_experts": 4, "head_dim": 8, "sliding_window": 11},
    "SeedOssForCausalLM": {"head_dim": 8},
    "GlmForCausalLM": {"head_dim": 8},
    "CohereForCausalLM": {},
    "Qwen2MoeForCausalLM": {**EXPERTS, "num_experts": 4, "shared_expert_intermediate_size": 24},
    "DeepseekV3ForCausalLM": {
        **EXPERTS,
        "num_key_value_heads": 4,
        "n_routed_experts": 4,
        "n_group": 1,
        "topk_group": 1,
        "first_k_dense_replace": 1,
        "q_lora_rank": 16,
        "kv_lora_rank": 16,
        "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 4,
        "v_head_dim": 8,
    },
}


def settings(kind, more):
    """The usual sizes under the names that the configuration class has for them, and what the architecture has beside."""
    names = getattr(kind, "attribute_map", {})
    known = {**USUAL, **more}
    return {names.get(key, key): value for key, value in known.items() if value is not None}


def write(name, more, folder):
    """Writes one model; its figures."""
    made = getattr(transformers, name)
    config = made.config_class(**settings(made.config_class, more))
    config._attn_implementation = "eager"
    torch.manual_seed(7)
    model = made(config).eval()
    with torch.no_grad():
        for value in model.parameters():
            if value.dim() == 1:
                value.add_(torch.randn_like(value) * 0.2)
    model.save_pretrained(folder)
    ids = torch.randint(1, USUAL["vocab_size"], (1, TOKENS))
    with torch.no_grad():
        out = model(ids, labels=ids, output_attentions=True, use_cache=False)
    rows = torch.stack([weights[0].double().flatten() for weights in out.attentions])
    unit = rows / rows.norm(dim=1, keepdim=True)
    return {"ids": ids[0].tolist(), "loss": out.loss.item(), "cosine": (unit @ unit.T).tolist()}


def by_engine(folder, ids):
    """The same figures by the PyTorch engine, or why it does not run the model."""
    try:
        engine = Engine(load(folder))
        captured = engine.capture([ids], Wanted(("all",)))
    except InputError as error:
        return {"refused": str(error)}
    gram = captured.sums[0].gram.reshape(engine.layers, engine.decoder.heads, engine.layers, engine.decoder.heads)
    shared = np.einsum("lhmh->lm", gram)
    size = np.sqrt(np.diag(shared))
    return {"loss": float(captured.losses.mean()), "cosine": (shared / np.outer(size, size)).tolist()}


def main(out):
    for name, more in ARCHITECTURES.items():
        folder = out / name
        folder.mkdir(parents=True)
        reference = write(name, more, folder)
        found = {**reference, "torch": by_engine(folder, reference["ids"])}
        (folder / "reference.json").write_text(json.dumps(found))
        print(name, flush=True)


main(pathlib.Path(sys.argv[1]))
