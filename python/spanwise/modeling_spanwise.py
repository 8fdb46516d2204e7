"""Decoders whose layers share attention weights by a plan, for transformers 5.

This file lies beside the weights that `spanwise apply --to transformers` writes, and is all that
`AutoModelForCausalLM.from_pretrained(FOLDER, trust_remote_code=True)` needs. config.json holds the plan under `spanwise`:
`sources[l]` is l (the layer computes its own attention), an earlier layer (a follower, which has no queries and keys), or null
(the layer's attention is dropped).

softmax(Q_s K_sᵀ)·V_f is one call of any fused kernel with the source's queries and keys and the follower's values. A follower
saves its query and key projections and its keys in the cache; QKᵀ is computed again.

`SpanwiseLlamaForCausalLM` and `SpanwiseLlamaConfig` are made on first use from transformers' own LlamaForCausalLM and
LlamaConfig, and so for every family whose attention has the modules q_proj, k_proj, v_proj and o_proj.
"""

import functools
import sys
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AttentionInterface
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

PREFIX, SUFFIX = "Spanwise", "ForCausalLM"
TAP = "spanwise-tap-"


class Held:
    """What the sources of one forward pass hold for their followers.

    Neither a mapping nor a list, so that nothing that copies containers on the way (FSDP2, accelerate) copies it.
    """

    def __init__(self) -> None:
        self.calls: dict[int, tuple[Any, torch.Tensor, torch.Tensor, dict[str, Any]]] = {}
        #: Weights of sources, which may be offloaded by the time that a follower attends.
        self.sinks: dict[int, torch.Tensor] = {}

    def to(self, *args: Any, **kwargs: Any) -> "Held":
        """Stays as it is: followers move what they use to their own device."""
        return self


def tapped(name: str) -> Any:
    """Returns the attention function `name`, which notes queries and keys of sources on its way."""

    def attention(
        module: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        shared_attention: Held | None = None,
        **options: Any,
    ) -> Any:
        if shared_attention is not None and module.spanwise_is_source:
            shared_attention.calls[module.layer_idx] = (module, query, key, options)
            if getattr(module, "sinks", None) is not None:
                shared_attention.sinks[module.layer_idx] = module.sinks
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(name, module.spanwise_eager)
        return attend(module, query, key, value, attention_mask, **options)

    return attention


def tap(name: str) -> str:
    """Returns the name under which the tapped attention function `name` is registered."""
    if TAP + name not in ALL_ATTENTION_FUNCTIONS:
        AttentionInterface.register(TAP + name, tapped(name))
    return TAP + name


for _name in ("eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention"):
    tap(_name)


class TappedConfig:
    """The model's configuration as a source's attention sees it: its attention function is the tapped one."""

    def __init__(self, config: Any) -> None:
        self.config = config

    @property
    def _attn_implementation(self) -> str:
        return tap(self.config._attn_implementation or "eager")

    def __getattr__(self, name: str) -> Any:
        if name == "config":
            raise AttributeError(name)
        return getattr(self.config, name)


class WithSinks:
    """A source's attention as its follower asks it, the sinks on the follower's device."""

    def __init__(self, module: Any, sinks: torch.Tensor) -> None:
        self.module, self.sinks = module, sinks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


class FollowerAttention(nn.Module):
    """Attention without queries and keys: the source's weights on its own values."""

    def __init__(self, own: Any, config: Any, layer: int, source: int, head_map: list[int] | None) -> None:
        super().__init__()
        self.v_proj: nn.Module = own.v_proj
        self.o_proj: nn.Module = own.o_proj
        self.config, self.layer_idx, self.source, self.head_map = config, layer, source, head_map
        self.head_dim = own.head_dim
        self.is_causal = True
        self.spanwise_eager: Any = eager_of(own)
        # With a head map, queries, keys and values are given head by head.
        self.num_key_value_groups = 1
        self.groups: int = own.num_key_value_groups

    def forward(
        self,
        hidden_states: torch.Tensor,
        position_embeddings: Any = None,
        attention_mask: torch.Tensor | None = None,
        cache: Any = None,
        past_key_values: Any = None,
        shared_attention: Held | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        # Called past_key_values before transformers 5.24.
        cache = past_key_values if cache is None else cache
        if shared_attention is None or self.source not in shared_attention.calls:
            raise RuntimeError(
                f"layer {self.layer_idx} follows layer {self.source}, whose attention was not computed in this pass: "
                "run the whole model, not its layers"
            )
        module, query, key, options = shared_attention.calls[self.source]
        shape = hidden_states.shape[:-1]
        value = self.v_proj(hidden_states).view(*shape, -1, self.head_dim).transpose(1, 2)
        if cache is not None:
            _, value = cache.update(value[..., :0], value, self.layer_idx)
        query, key = query.to(value.device), key.to(value.device)
        sinks = shared_attention.sinks.get(self.source)
        if sinks is not None:
            module = WithSinks(module, sinks.to(value.device))
            if options.get("s_aux") is not None:
                options = {**options, "s_aux": options["s_aux"].to(value.device)}
        if self.head_map is not None:
            module = self
            query = query[:, self.head_map]
            key = key.repeat_interleave(self.groups, dim=1)[:, self.head_map]
            value = value.repeat_interleave(self.groups, dim=1)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, self.spanwise_eager)
        output, weights = attend(module, query, key, value, attention_mask, **options)
        return self.o_proj(output.reshape(*shape, -1).contiguous()), weights


class MeanOutput(nn.Module):
    """What stands in for a dropped layer's attention: the mean of its outputs."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(hidden))


class DroppedAttention(nn.Module):
    """No attention: zeros, or the mean output."""

    def __init__(self, hidden: int, layer: int, has_mean: bool, counts_tokens: bool) -> None:
        super().__init__()
        self.layer_idx, self.counts_tokens = layer, counts_tokens
        self.o_proj = MeanOutput(hidden) if has_mean else None

    def forward(
        self, hidden_states: torch.Tensor, *args: Any, cache: Any = None, past_key_values: Any = None, **kwargs: Any
    ) -> tuple[torch.Tensor, None]:
        cache = past_key_values if cache is None else cache
        output = torch.zeros_like(hidden_states)
        if self.o_proj is not None:
            output = output + self.o_proj.bias.to(output.dtype)
        if cache is not None and self.counts_tokens:
            # The cache takes its length from this layer: one number per token says it.
            token = hidden_states.new_zeros(hidden_states.shape[0], 1, hidden_states.shape[1], 1)
            cache.update(token, token[..., :0], self.layer_idx)
        return output, None


def eager_of(attention: nn.Module) -> Any:
    """The eager attention of the module's own family."""
    return sys.modules[type(attention).__module__].eager_attention_forward


def head_maps(plan: dict[str, Any]) -> dict[int, list[int]]:
    """Head map of each follower that has one."""
    return {
        follower: heads
        for span in plan["spans"]
        if span["headMap"] != "identity"
        for follower, heads in zip(span["followers"], span["headMap"], strict=True)
    }


def share(model: Any, config: Any) -> None:
    """Gives each layer the attention that the plan in `config.spanwise` means. Raises ValueError where it cannot."""
    plan = config.spanwise
    sources, maps = plan["sources"], head_maps(plan)
    layers = model.base_model.layers
    if len(sources) != len(layers):
        raise ValueError(f"spanwise.sources names {len(sources)} layers; the model has {len(layers)}")
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * len(layers)
    means = set(getattr(config, "spanwise_mean_outputs", None) or ())
    for index, layer in enumerate(layers):
        own, source = layer.self_attn, sources[index]
        missing = [name for name in ("q_proj", "k_proj", "v_proj", "o_proj") if not hasattr(own, name)]
        if missing and source != index:
            raise ValueError(f"{type(own).__name__}: has no {', '.join(missing)}; its attention cannot be shared here")
        if source == index:
            own.spanwise_is_source = sources.count(index) > 1
            own.spanwise_eager = eager_of(own)
            own.config = TappedConfig(own.config)
        elif source is None:
            layer.self_attn = DroppedAttention(config.hidden_size, index, index in means, index == kinds.index(kinds[index]))
            if hasattr(layer, "input_layernorm") and hasattr(layer, "post_attention_layernorm"):
                layer.input_layernorm = nn.Identity()
        else:
            if kinds[source] != kinds[index]:
                raise ValueError(f"layer {index} ({kinds[index]}) cannot follow layer {source} ({kinds[source]})")
            if index in maps and hasattr(own, "sinks"):
                raise ValueError(f"layer {index}: head maps and attention sinks do not go together")
            layer.self_attn = FollowerAttention(own, config, index, source, maps.get(index))


REENTRANT = (
    "use_reentrant=True gives wrong gradients without an error where layers share attention; "
    'use {"use_reentrant": False}, which is the default'
)


@functools.cache
def config_class(family: str) -> Any:
    """Makes the configuration class of a family ("Llama"): transformers' own with a model_type of its own, so that nothing
    loads the folder as the plain model."""
    plain = getattr(transformers, family + SUFFIX).config_class
    attributes = {
        "__module__": __name__,
        "model_type": f"spanwise_{plain.model_type}",
        # Tensor-parallel plans name projections that followers do not have.
        "base_model_tp_plan": None,
    }
    join_experts(plain.model_type)
    return type(f"{PREFIX}{family}Config", (plain,), attributes)


def join_experts(model_type: str) -> None:
    """Has transformers rename and join the tensors of a file for a planned model as for the plain one: it goes by the
    `model_type`, and mixtures store their experts one by one."""
    try:
        from transformers.conversion_mapping import (
            get_checkpoint_conversion_mapping,
            register_checkpoint_conversion_mapping,
        )
    except ImportError:
        return
    mapping = get_checkpoint_conversion_mapping(model_type)
    if mapping is not None:
        register_checkpoint_conversion_mapping(f"spanwise_{model_type}", mapping, overwrite=True)


@functools.cache
def model_class(family: str) -> Any:
    """Makes the model class of a family ("Llama")."""
    plain = getattr(transformers, family + SUFFIX)

    def __init__(self: Any, config: Any, *args: Any, **kwargs: Any) -> None:
        plain.__init__(self, config, *args, **kwargs)
        share(self, config)
        self.post_init()

    @functools.wraps(plain.forward)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return plain.forward(self, *args, shared_attention=Held(), **kwargs)

    def _set_gradient_checkpointing(self: Any, enable: bool = True, *args: Any, **kwargs: Any) -> None:
        function = kwargs.get("gradient_checkpointing_func", args[0] if args else None)
        if enable and getattr(function, "keywords", {}).get("use_reentrant", False):
            raise ValueError(REENTRANT)
        plain._set_gradient_checkpointing(self, enable, *args, **kwargs)

    attributes = {
        "__module__": __name__,
        "__init__": __init__,
        "forward": forward,
        "_set_gradient_checkpointing": _set_gradient_checkpointing,
        "config_class": config_class(family),
        "_tp_plan": None,
    }
    return type(f"{PREFIX}{family}{SUFFIX}", (plain,), attributes)


def __getattr__(name: str) -> Any:
    """`SpanwiseLlamaForCausalLM`, `SpanwiseLlamaConfig` and the same of other families."""
    if name.startswith(PREFIX):
        for suffix, make in ((SUFFIX, model_class), ("Config", config_class)):
            family = name.removeprefix(PREFIX).removesuffix(suffix)
            if name.endswith(suffix) and hasattr(transformers, family + SUFFIX):
                return make(family)
    raise AttributeError(f"module {__name__} has no attribute {name}")
