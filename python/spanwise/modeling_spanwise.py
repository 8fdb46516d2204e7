"""Decoders whose layers share attention weights by a plan, for transformers 5.

This file lies beside the weights that `spanwise apply --to transformers` writes, and is all that
`AutoModelForCausalLM.from_pretrained(FOLDER, trust_remote_code=True)` needs. config.json holds the plan under `spanwise`:
`sources[l]` is l (the layer computes its own attention), an earlier layer (a follower, which has no queries and keys), or null
(the layer's attention is dropped).

softmax(Q_s K_sᵀ)·V_f is one call of any fused kernel with the source's queries and keys and the follower's values. A follower
saves its query and key projections and its keys in the cache; QKᵀ is computed again.

`SpanwiseLlamaForCausalLM` and `SpanwiseLlamaConfig` are made on first use from transformers' own LlamaForCausalLM and
LlamaConfig, and so for every family whose attention has the modules q_proj, k_proj, v_proj and o_proj. Families of `FUSED` keep
q, k and v in one tensor: their followers have a v_proj of its own.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import transformers
from torch import nn
from transformers import AttentionInterface
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

PREFIX, SUFFIXES = "Spanwise", ("ForCausalLM", "LMHeadModel")
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


class Fused(NamedTuple):
    """How an attention keeps queries, keys and values in one tensor."""

    projection: str
    #: What its output projection is called.
    output: str
    #: From the attention and rows [outputs, ...] of the tensor: those of values.
    values: Callable[[Any, torch.Tensor], torch.Tensor]


FUSED = {
    "Phi3Attention": Fused("qkv_proj", "o_proj", lambda own, rows: rows[-own.num_key_value_heads * own.head_dim :]),
    # One head's queries, keys and values after the other's.
    "GPTNeoXAttention": Fused(
        "query_key_value", "dense", lambda own, rows: rows.unflatten(0, (-1, 3, own.head_size))[:, 2].flatten(0, 1)
    ),
    "GPT2Attention": Fused("c_attn", "c_proj", lambda own, rows: rows[-own.embed_dim :]),
}

#: What a layer calls its attention.
ATTENTION = ("self_attn", "attention", "attn")

#: Layers that give their attention named arguments alone, so that what sources hold goes with the positions.
HANDING_NOTHING_ON = ("StableLmDecoderLayer",)


def attention_name(layer: nn.Module) -> str:
    """Name of a layer's attention. Raises ValueError where there is none."""
    for name in ATTENTION:
        if hasattr(layer, name):
            return name
    raise ValueError(f"{type(layer).__name__}: has no {' or '.join(ATTENTION)}; its attention cannot be shared here")


def output_name(own: nn.Module) -> str:
    """What an attention calls its output projection."""
    fused = FUSED.get(type(own).__name__)
    return "o_proj" if fused is None else fused.output


def value_projection(own: Any) -> nn.Module:
    """The value projection of an attention; where the tensor has queries and keys too, a copy of its part."""
    fused = FUSED.get(type(own).__name__)
    if fused is None:
        return own.v_proj
    joint = getattr(own, fused.projection)
    # The other module there is, GPT-2's Conv1D, has its weight as [inputs, outputs].
    weight = fused.values(own, joint.weight if isinstance(joint, nn.Linear) else joint.weight.T).detach().clone()
    values = nn.Linear(weight.shape[1], weight.shape[0], bias=joint.bias is not None, device="meta")
    values.weight = nn.Parameter(weight.contiguous())
    if joint.bias is not None:
        values.bias = nn.Parameter(fused.values(own, joint.bias).detach().clone())
    return values


def hand_on(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Puts what sources hold beside the positions, before a layer that would not hand it on."""
    held = kwargs.get("shared_attention")
    rest = {name: value for name, value in kwargs.items() if name != "shared_attention"}
    return args, {**rest, "position_embeddings": (*kwargs["position_embeddings"], held)}


def take_over(own: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Takes from the positions what `hand_on` put there, before the layer's attention."""
    cosines, sines, held = kwargs["position_embeddings"]
    return args, {**kwargs, "position_embeddings": (cosines, sines), "shared_attention": held}


class WithSinks:
    """An attention as a follower asks it: with its source's sinks, on the follower's device."""

    def __init__(self, module: Any, sinks: torch.Tensor) -> None:
        self.module, self.sinks = module, sinks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


class FollowerAttention(nn.Module):
    """Attention without queries and keys: the source's weights on its own values."""

    def __init__(self, own: Any, config: Any, layer: int, source: int, head_map: list[int] | None) -> None:
        super().__init__()
        self.v_proj = value_projection(own)
        self.output_name = output_name(own)
        setattr(self, self.output_name, getattr(own, self.output_name))
        self.config, self.layer_idx, self.source, self.head_map = config, layer, source, head_map
        # Of GPT-NeoX a head_size, of GPT-2 and GPT-NeoX no grouped queries.
        self.head_dim: int = own.head_dim if hasattr(own, "head_dim") else own.head_size
        self.is_causal = True
        self.spanwise_eager: Any = eager_of(own)
        # With a head map, queries, keys and values are given head by head.
        self.num_key_value_groups = 1
        self.groups: int = getattr(own, "num_key_value_groups", 1)

    def forward(
        self,
        hidden_states: torch.Tensor,
        position_embeddings: Any = None,
        attention_mask: torch.Tensor | None = None,
        cache: Any = None,
        past_key_values: Any = None,
        layer_past: Any = None,
        shared_attention: Held | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        cache = given_cache(cache, past_key_values, layer_past)
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
        if self.head_map is not None:
            module = self
            query = query[:, self.head_map]
            key = key.repeat_interleave(self.groups, dim=1)[:, self.head_map]
            value = value.repeat_interleave(self.groups, dim=1)
            sinks = None if sinks is None else sinks[self.head_map]
        if sinks is not None:
            sinks = sinks.to(value.device)
            module = WithSinks(module, sinks)
            if options.get("s_aux") is not None:
                options = {**options, "s_aux": sinks}
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, self.spanwise_eager)
        output, weights = attend(module, query, key, value, attention_mask, **options)
        project = getattr(self, self.output_name)
        return project(output.reshape(*shape, -1).contiguous()), weights


def given_cache(cache: Any, past_key_values: Any, layer_past: Any) -> Any:
    """The cache under the name that a layer gives it by: past_key_values before transformers 5.24, layer_past in GPT-NeoX."""
    return next((each for each in (cache, past_key_values, layer_past) if each is not None), None)


class MeanOutput(nn.Module):
    """What stands in for a dropped layer's attention: the mean of its outputs."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(hidden))


class DroppedAttention(nn.Module):
    """No attention: zeros, or the mean output."""

    def __init__(self, hidden: int, layer: int, mean_name: str | None, counts_tokens: bool) -> None:
        super().__init__()
        self.layer_idx, self.mean_name, self.counts_tokens = layer, mean_name, counts_tokens
        if mean_name is not None:
            setattr(self, mean_name, MeanOutput(hidden))

    def forward(
        self,
        hidden_states: torch.Tensor,
        *args: Any,
        cache: Any = None,
        past_key_values: Any = None,
        layer_past: Any = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, None]:
        cache = given_cache(cache, past_key_values, layer_past)
        output = torch.zeros_like(hidden_states)
        if self.mean_name is not None:
            output = output + getattr(self, self.mean_name).bias.to(output.dtype)
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
    layers = layers_of(model)
    if len(sources) != len(layers):
        raise ValueError(f"spanwise.sources names {len(sources)} layers; the model has {len(layers)}")
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * len(layers)
    means = set(getattr(config, "spanwise_mean_outputs", None) or ())
    for index, layer in enumerate(layers):
        name, source = attention_name(layer), sources[index]
        own = getattr(layer, name)
        missing = [part for part in ("q_proj", "k_proj", "v_proj", "o_proj") if not hasattr(own, part)]
        if missing and source != index and type(own).__name__ not in FUSED:
            raise ValueError(f"{type(own).__name__}: has no {', '.join(missing)}; its attention cannot be shared here")
        if source == index:
            own.spanwise_is_source = sources.count(index) > 1
            own.spanwise_eager = eager_of(own)
            own.config = TappedConfig(own.config)
        elif source is None:
            mean_name = output_name(own) if index in means else None
            counts_tokens = index == kinds.index(kinds[index])
            setattr(layer, name, DroppedAttention(config.hidden_size, index, mean_name, counts_tokens))
            leave_out_norm(layer)
        else:
            if kinds[source] != kinds[index]:
                raise ValueError(f"layer {index} ({kinds[index]}) cannot follow layer {source} ({kinds[source]})")
            setattr(layer, name, FollowerAttention(own, config, index, source, maps.get(index)))
        if type(layer).__name__ in HANDING_NOTHING_ON:
            layer.register_forward_pre_hook(hand_on, with_kwargs=True)
            getattr(layer, name).register_forward_pre_hook(take_over, with_kwargs=True)


def layers_of(model: Any) -> Any:
    """The layers of a model, which GPT-2 calls h."""
    base = model.base_model
    return base.layers if hasattr(base, "layers") else base.h


def leave_out_norm(layer: Any) -> None:
    """Takes away the norm before the attention of a layer, where nothing else reads what it gives."""
    for norm, other in (("input_layernorm", "post_attention_layernorm"), ("ln_1", "ln_2")):
        if hasattr(layer, norm) and getattr(layer, other, None) is not None:
            setattr(layer, norm, nn.Identity())


REENTRANT = (
    "use_reentrant=True gives wrong gradients without an error where layers share attention; "
    'use {"use_reentrant": False}, which is the default'
)


@functools.cache
def config_class(architecture: str) -> Any:
    """Makes the configuration class of an architecture ("LlamaForCausalLM"): transformers' own with a model_type of its own, so
    that nothing loads the folder as the plain model."""
    plain = getattr(transformers, architecture).config_class
    attributes = {
        "__module__": __name__,
        "model_type": f"spanwise_{plain.model_type}",
        # Tensor-parallel plans name projections that followers do not have.
        "base_model_tp_plan": None,
    }
    convert_alike(architecture, plain.model_type)
    return type(config_name(architecture), (plain,), attributes)


def config_name(architecture: str) -> str:
    """Name of the configuration class of an architecture ("LlamaForCausalLM")."""
    for suffix in SUFFIXES:
        architecture = architecture.removesuffix(suffix)
    return f"{PREFIX}{architecture}Config"


def convert_alike(architecture: str, model_type: str) -> None:
    """Has transformers rename and join the tensors of a file for a planned model as for the plain one: it goes by the class or
    the `model_type`. Mixtures store their experts one by one, and GPT-NeoX calls its output embedding otherwise."""
    try:
        from transformers.conversion_mapping import (
            get_checkpoint_conversion_mapping,
            register_checkpoint_conversion_mapping,
        )
    except ImportError:
        return
    for plain, planned in ((architecture, f"{PREFIX}{architecture}"), (model_type, f"spanwise_{model_type}")):
        mapping = get_checkpoint_conversion_mapping(plain)
        if mapping is not None:
            register_checkpoint_conversion_mapping(planned, mapping, overwrite=True)


@functools.cache
def model_class(architecture: str) -> Any:
    """Makes the model class of an architecture ("LlamaForCausalLM")."""
    plain = getattr(transformers, architecture)

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
        "config_class": config_class(architecture),
        "_tp_plan": None,
    }
    return type(f"{PREFIX}{architecture}", (plain,), attributes)


def __getattr__(name: str) -> Any:
    """`SpanwiseLlamaForCausalLM`, `SpanwiseLlamaConfig` and the same of other families."""
    plain = name.removeprefix(PREFIX)
    if plain != name:
        if plain.endswith(SUFFIXES) and hasattr(transformers, plain):
            return model_class(plain)
        family = plain.removesuffix("Config")
        for suffix in SUFFIXES if family != plain else ():
            if hasattr(transformers, family + suffix):
                return config_class(family + suffix)
    raise AttributeError(f"module {__name__} has no attribute {name}")
