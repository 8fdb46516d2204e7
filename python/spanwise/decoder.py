"""A decoder loaded by transformers, and where its layers are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel

from . import attention
from .attention import Call, current, mixed
from .errors import InputError
from .finite import check_state, largest

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
#: Tokens of the pass that finds out how a model is built.
PROBE_TOKENS = 4


@dataclass(frozen=True)
class Layer:
    """One layer: the module itself, its attention, and the projection that the attention's output goes through."""

    block: nn.Module
    attention: nn.Module
    projection: nn.Module | None
    sliding_window: int | None


@dataclass(frozen=True)
class Decoder:
    """A model with equally wide layers that all attend."""

    model: PreTrainedModel
    layers: tuple[Layer, ...]
    heads: int
    kv_heads: int
    head_dim: int
    block_outputs: int
    attention_outputs: int
    device: torch.device
    dtype: torch.dtype
    keeps_logits: bool

    @property
    def hidden(self) -> int:
        return int(self.model.config.get_text_config().hidden_size)

    @property
    def vocab(self) -> int:
        return len(embedding_weight(self.model))

    def logits(self, ids: torch.Tensor, last: int | None = None) -> torch.Tensor:
        """Runs windows [B, S] and returns the logits [B, S, vocab] in the model's dtype; of the `last` tokens alone where the
        family can leave out others."""
        kept = {"logits_to_keep": last} if last is not None and self.keeps_logits else {}
        return self.model(input_ids=ids, use_cache=False, **kept).logits


def load(folder: Path, device: str = "cpu", dtype: str = "float32") -> Decoder:
    """Loads a folder in Hugging Face layout. `device` is "cpu", "cuda", "cuda:1", "mps", or "auto" (all GPUs there are).

    Raises InputError where the folder, the device or the dtype is at fault, or a layer has no attention to share.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype {dtype}: allowed: {', '.join(DTYPES)}")
    target = check_device(device)
    options: dict[str, Any] = {"device_map": "auto"} if target is None else {}
    try:
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{folder}: transformers cannot load it: {first_line(error)}") from error
    refuse_other_attention(folder, config)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            str(folder),
            config=config,
            dtype=DTYPES[dtype],
            attn_implementation=attention.NAME,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            **options,
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{folder}: transformers cannot load it: {first_line(error)}") from error
    model, report = loaded
    # transformers would draw them at random, and say so in a report alone.
    for what in ("missing_keys", "mismatched_keys"):
        if report[what]:
            raise InputError(f"{folder}: transformers reports {what.replace('_', ' ')}: {sorted(map(str, report[what]))[0]}")
    if target is not None:
        model.to(target)  # type: ignore[arg-type]
    return inspect(model.eval())


def refuse_other_attention(folder: Path, config: PretrainedConfig) -> None:
    """Raises InputError where the family's attention does not go through transformers' AttentionInterface (Falcon, BLOOM,
    MPT): its classes are picked by name, and no function of ours is called."""
    family = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None)
    if family is None or getattr(family, "_supports_attention_backend", False):
        return
    # StableLM attends through it, and does not say so.
    if hasattr(sys.modules[family.__module__], "ALL_ATTENTION_FUNCTIONS"):
        return
    raise InputError(
        f"{folder}: {getattr(family, '__name__', family)} of transformers {transformers.__version__} "
        "does not attend through AttentionInterface, "
        "so that its probabilities can be neither read nor replaced; the PyTorch engine cannot run it"
    )


def embedding_weight(model: PreTrainedModel) -> torch.Tensor:
    """The weight of the input embedding, [vocab, hidden]."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    return weight


def input_device(model: PreTrainedModel) -> torch.device:
    """Returns the device for token ids: that of the input embedding, or of accelerate's hook when it is offloaded."""
    weight = embedding_weight(model)
    if weight.device.type != "meta":
        return weight.device
    hook: Any = getattr(model.get_input_embeddings(), "_hf_hook", None)
    return torch.device(getattr(hook, "execution_device", None) or "cpu")


def first_line(error: BaseException) -> str:
    """The first line of an error's message, at most 300 characters."""
    return (str(error) or type(error).__name__).strip().splitlines()[0][:300]


def check_device(device: str) -> torch.device | None:
    """Returns the device; None for "auto", several GPUs by accelerate. Raises InputError where it is not there."""
    if device == "auto":
        return None
    try:
        target = torch.device(device)
    except RuntimeError as error:
        raise InputError(f"device {device}: allowed: cpu, cuda, cuda:N, mps, auto") from error
    if target.type == "cuda" and (target.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device {device}: PyTorch sees {torch.cuda.device_count()} CUDA devices")
    if target.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"device {device}: PyTorch sees no Metal device")
    return target


class _Probe:
    """Notes every call of the attention function, and what the linear modules below it are given."""

    def __init__(self) -> None:
        self.calls: list[tuple[Call, torch.Tensor]] = []
        self.outputs: dict[int, torch.Tensor] = {}

    def attend(self, call: Call, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        output, weights = mixed(call, value)
        self.calls.append((call, value))
        self.outputs[call.layer] = output
        return output, weights


def inspect(model: PreTrainedModel) -> Decoder:
    """Runs a few tokens to find the layers, whatever a family calls them. Raises InputError where there is no such layer, or
    the state after one is NaN or infinite."""
    embedding = embedding_weight(model)
    device = input_device(model)
    ids = torch.arange(PROBE_TOKENS, device=device)[None] % len(embedding)
    probe = _Probe()
    inputs: dict[nn.Module, torch.Tensor] = {}
    results: dict[nn.Module, Any] = {}
    hooks = []
    for module in model.modules():
        hooks.append(module.register_forward_pre_hook(_note_input(inputs)))
        hooks.append(module.register_forward_hook(_note_output(results)))
    token = current.set(probe)
    try:
        with torch.inference_mode():
            model(input_ids=ids, use_cache=False)
    finally:
        current.reset(token)
        for hook in hooks:
            hook.remove()

    name = type(model).__name__
    count = int(model.config.get_text_config().num_hidden_layers)
    called = sorted(call.layer for call, _ in probe.calls)
    missing = sorted(set(range(count)) - set(called))
    if missing:
        raise InputError(f"{name}: no attention that transformers can replace in layers {missing}; all layers need one")
    if called != list(range(count)):
        raise InputError(f"{name}: its layers attend {len(called)} times, not once per layer ({count})")
    modules = {call.layer: call.module for call, _ in probe.calls}
    blocks = _blocks(model, [modules[layer] for layer in range(count)])
    for layer, block in enumerate(blocks):
        check_state(largest(results[block]), model.name_or_path, layer)
    sizes = {(call.query.shape[1], call.key.shape[1], value.shape[-1]) for call, value in probe.calls}
    if len(sizes) > 1:
        raise InputError(f"{name}: layers of different sizes (heads, KV heads, head dim): {sorted(sizes)}")
    [(heads, kv_heads, head_dim)] = sizes
    layers = []
    for call, _ in sorted(probe.calls, key=lambda each: each[0].layer):
        module = call.module
        projection = _projection(module, probe.outputs[call.layer], inputs)
        window = call.options.get("sliding_window") or getattr(module, "sliding_window", None)
        layers.append(Layer(blocks[call.layer], module, projection, window))
    return Decoder(
        model=model,
        layers=tuple(layers),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        block_outputs=_length(results[blocks[0]]),
        attention_outputs=_length(results[modules[0]]),
        device=device,
        dtype=model.dtype,
        keeps_logits="logits_to_keep" in signature(model.forward).parameters,
    )


def _note_input(inputs: dict[nn.Module, torch.Tensor]) -> Callable[..., None]:
    def note(module: nn.Module, given: tuple[Any, ...]) -> None:
        if given and isinstance(given[0], torch.Tensor):
            inputs[module] = given[0]

    return note


def _note_output(results: dict[nn.Module, Any]) -> Callable[..., None]:
    def note(module: nn.Module, given: Any, result: Any) -> None:
        results[module] = result

    return note


def _length(result: Any) -> int:
    """0: a bare tensor; else the length of the tuple."""
    return 0 if isinstance(result, torch.Tensor) else len(result)


def _blocks(model: PreTrainedModel, attentions: list[nn.Module]) -> list[nn.Module]:
    """The list of layers: each entry holds the attention of its index."""
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == len(attentions):
            blocks = list(module)
            if all(attention in set(block.modules()) for block, attention in zip(blocks, attentions, strict=True)):
                return blocks
    raise InputError(f"{type(model).__name__}: its layers are not in one list")


def _projection(module: nn.Module, output: torch.Tensor, inputs: dict[nn.Module, torch.Tensor]) -> nn.Module | None:
    """The module below the attention that takes exactly what it put out; None where something lies between."""
    flat = output.reshape(*output.shape[:2], -1)
    for child in module.children():
        given = inputs.get(child)
        if given is not None and given.shape == flat.shape and torch.equal(given, flat):
            return child
    return None
