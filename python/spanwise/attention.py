"""One attention function for every family that transformers loads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

from .errors import InputError

#: The name under which models are loaded (`attn_implementation=`).
NAME = "spanwise"


@dataclass(frozen=True)
class Call:
    """All but the value of one call of an attention function: it decides the probabilities."""

    module: torch.nn.Module
    query: torch.Tensor
    key: torch.Tensor
    mask: torch.Tensor | None
    options: dict[str, Any]

    @property
    def layer(self) -> int:
        return int(self.module.layer_idx)  # type: ignore[arg-type]

    def to(self, device: torch.device) -> Call:
        """The call on another device, where layers are spread over several: sinks, which are weights, go along."""
        if self.query.device == device:
            return self
        options = {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in self.options.items()}
        mask = None if self.mask is None else self.mask.to(device)
        return Call(self.module, self.query.to(device), self.key.to(device), mask, options)


class Attend(Protocol):
    """Answers a call of an attention function: [B, S, heads, headDim] and the probabilities or None."""

    def attend(self, call: Call, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]: ...


#: The pass that runs now; None outside of one, where models attend as usual.
current: ContextVar[Attend | None] = ContextVar("current", default=None)


def attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attends as the pass that runs now says. Registered with transformers under `NAME`."""
    call = Call(module, query, key, attention_mask, options)
    running = current.get()
    return mixed(call, value) if running is None else running.attend(call, value)


def mixed(call: Call, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Mixes `value` by the call's probabilities, by the fused kernel where the family allows it."""
    if _needs_eager(call):
        return probabilities(call, value)
    return sdpa_attention_forward(call.module, call.query, call.key, value, call.mask, **call.options)


def probabilities(call: Call, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixes `value` by the family's own eager attention, which also gives the probabilities [B, heads, S, S]."""
    mask = additive_mask(call)
    eager = family_eager(call.module)
    sinks = call.options.get("s_aux")
    module = call.module if sinks is None else WithSinks(call.module, sinks)
    return eager(module, call.query, call.key, value, mask, **call.options)


class WithSinks:
    """An attention module as it was when it was called. Weights may be elsewhere by the time that a follower attends: on the
    source's device, or offloaded."""

    def __init__(self, module: torch.nn.Module, sinks: torch.Tensor) -> None:
        self.module, self.sinks = module, sinks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


def by_heads(weights: torch.Tensor, value: torch.Tensor, head_map: tuple[int, ...]) -> torch.Tensor:
    """Mixes `value` [B, kvHeads, S, D] by the source's probabilities, head h of the follower taking `head_map[h]`."""
    groups = weights.shape[1] // value.shape[1]
    values = value.repeat_interleave(groups, dim=1)
    return (weights[:, list(head_map)] @ values).transpose(1, 2)


def additive_mask(call: Call) -> torch.Tensor:
    """The call's mask as eager attention takes it: 0 where a query sees a key, else the lowest number."""
    mask, query, key = call.mask, call.query, call.key
    if mask is None:
        rows = torch.arange(query.shape[2], device=query.device)[:, None] + key.shape[2] - query.shape[2]
        mask = (torch.arange(key.shape[2], device=query.device)[None] <= rows)[None, None]
    if mask.dtype != torch.bool:
        return mask
    lowest = torch.finfo(query.dtype).min
    return torch.zeros(mask.shape, dtype=query.dtype, device=query.device).masked_fill(~mask, lowest)


def family_eager(module: torch.nn.Module) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """The eager attention of the module's own family: the definition of its probabilities."""
    for cls in type(module).__mro__:
        eager = getattr(sys.modules.get(cls.__module__), "eager_attention_forward", None)
        if eager is not None:
            return eager
    raise InputError(
        f"{type(module).__name__}: has no eager attention of transformers' form; its probabilities are not available"
    )


def _needs_eager(call: Call) -> bool:
    """Soft-capped scores and sinks are beyond the fused kernel."""
    options = call.options
    return options.get("softcap") is not None or options.get("s_aux") is not None or hasattr(call.module, "sinks")


AttentionInterface.register(NAME, attention)
# Without a mask function of the same name the mask is None, whatever was padded.
AttentionMaskInterface.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
