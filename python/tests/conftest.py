"""Tiny random models of many families."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import PreTrainedModel

from spanwise.attention import NAME

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

VOCAB = 96
COMMON: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MOE = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
#: Per family: configuration class and what differs from COMMON.
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {}),
    "llama-bias": ("LlamaConfig", {"attention_bias": True}),
    "mistral": ("MistralConfig", {"sliding_window": 6}),
    "qwen2": ("Qwen2Config", {}),
    "qwen3": ("Qwen3Config", {"head_dim": 8}),
    "gemma2": ("Gemma2Config", {"head_dim": 8, "sliding_window": 6, "query_pre_attn_scalar": 8}),
    "gemma3": ("Gemma3TextConfig", {"head_dim": 8, "sliding_window": 6, "query_pre_attn_scalar": 8}),
    "phi3": ("Phi3Config", {}),
    "gpt-neox": ("GPTNeoXConfig", {}),
    "gpt2": ("GPT2Config", {}),
    "stablelm": ("StableLmConfig", {"use_qkv_bias": True}),
    "olmo2": ("Olmo2Config", {}),
    "granite": ("GraniteConfig", {"attention_multiplier": 0.2, "residual_multiplier": 0.5, "logits_scaling": 2.0}),
    "qwen3-moe": ("Qwen3MoeConfig", {"head_dim": 8, **MOE}),
    "gpt-oss": (
        "GptOssConfig",
        {"head_dim": 8, "sliding_window": 6, "num_local_experts": 4, "num_experts_per_tok": 2, "rope_parameters": None},
    ),
}


def tiny(family: str, attn: str = NAME, **changes: Any) -> PreTrainedModel:
    """A model with random weights, the same for the same arguments; biases and norms are random too."""
    name, own = FAMILIES[family]
    settings = {**COMMON, **own, **changes}
    if settings.get("rope_parameters", 0) is None:
        del settings["rope_parameters"]
    config = getattr(transformers, name)(**settings)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation=attn)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() < 2:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    return model.eval()


def given(values: np.ndarray | None) -> np.ndarray:
    """Sums that must have been collected."""
    assert values is not None
    return values


@pytest.fixture
def windows() -> list[list[int]]:
    """Three windows of 24 made-up ids."""
    generator = torch.Generator().manual_seed(3)
    return torch.randint(3, VOCAB, (3, 24), generator=generator).tolist()
