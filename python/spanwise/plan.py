"""Plans as the engine runs them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from .errors import InputError


@dataclass(frozen=True)
class Repair:
    """Refitted weights of one layer: a follower's output projection [hidden, heads·headDim], or what stands in for a
    dropped layer's attention [hidden]."""

    projection: torch.Tensor | None = None
    mean: torch.Tensor | None = None


@dataclass(frozen=True)
class Plan:
    """`sources[l]` is l (computes its own attention), an earlier source (follower) or None (dropped)."""

    sources: tuple[int | None, ...]
    head_maps: tuple[tuple[int, ...] | None, ...]
    repairs: Mapping[int, Repair] = field(default_factory=dict)
    repair_name: str | None = None

    def key(self, layer: int) -> tuple[Any, ...]:
        """All that decides how a layer runs; equal keys of all layers before it give equal states."""
        repaired = self.repair_name if layer in self.repairs else None
        source = self.sources[layer]
        return (-1 if source is None else source, self.head_maps[layer] or (), repaired or "")

    @property
    def first_change(self) -> int:
        """The first layer that it changes; the number of layers where it changes none."""
        changed = (layer for layer, source in enumerate(self.sources) if source != layer)
        return next(changed, len(self.sources))

    @property
    def is_baseline(self) -> bool:
        return all(source == layer for layer, source in enumerate(self.sources))


def running_order(plans: Sequence[Plan]) -> list[int]:
    """Indices of plans in an order in which neighbours have most layers in common; layers with their own attention first."""

    def key(plan: Plan) -> list[tuple[Any, ...]]:
        return [(source != layer, *plan.key(layer)) for layer, source in enumerate(plan.sources)]

    return sorted(range(len(plans)), key=lambda at: key(plans[at]))


def baseline(layers: int) -> Plan:
    """Returns the plan that changes nothing."""
    return Plan(tuple(range(layers)), (None,) * layers)


def parse_plan(given: Mapping[str, Any], layers: int, heads: int) -> Plan:
    """Returns the plan of a request (`sources`, optional `headMaps` per layer, optional `repair`: a safetensors file).

    Raises InputError where it does not fit a model of these sizes.
    """
    sources = given.get("sources")
    if not isinstance(sources, list) or len(sources) != layers:
        raise InputError(f"plan: sources must be a list of {layers} entries, one per layer")
    for layer, source in enumerate(sources):
        _check_source(layer, source, sources)
    maps: list[Any] = given.get("headMaps") or [None] * layers
    if len(maps) != layers:
        raise InputError(f"plan: headMaps has {len(maps)} entries; expected {layers}, one per layer")
    for layer, head_map in enumerate(maps):
        if head_map is not None and (len(head_map) != heads or not all(0 <= head < heads for head in head_map)):
            raise InputError(f"plan: head map of layer {layer}: expected {heads} heads from 0 to {heads - 1}")
    repair = given.get("repair")
    repairs = {} if repair is None else read_repairs(Path(repair))
    for layer in repairs:
        if layer >= layers or sources[layer] == layer:
            raise InputError(f"{repair}: layer {layer} is neither follower nor dropped in the plan")
    return Plan(tuple(sources), tuple(None if m is None else tuple(m) for m in maps), repairs, repair)


def _check_source(layer: int, source: object, sources: Sequence[object]) -> None:
    if source is None or (source == layer and type(source) is int):
        return
    if type(source) is not int or not 0 <= source < layer or sources[source] != source:
        raise InputError(
            f"plan: layer {layer} has the source {source}; allowed: {layer}, null, or an earlier layer that is its own source"
        )


def read_repairs(file: Path) -> dict[int, Repair]:
    """Reads refitted weights under Hugging Face's names: `….layers.N.….weight` of followers, `.bias` of dropped layers."""
    try:
        tensors = load_file(str(file))
    except Exception as error:
        raise InputError(f"{file}: refitted weights cannot be read: {error}") from error
    repairs: dict[int, Repair] = {}
    for name, tensor in tensors.items():
        found = re.search(r"\.(?:layers|h|blocks)\.(\d+)\..*\.(weight|bias)$", name)
        if found is None:
            raise InputError(f"{file}: tensor {name}: expected the output projection of a layer")
        layer = int(found[1])
        repairs[layer] = Repair(projection=tensor) if found[2] == "weight" else Repair(mean=tensor)
    return repairs
