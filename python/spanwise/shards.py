"""A model of whose weights each process holds a part: FSDP2 brings those of one layer together while it runs."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import nn


def shard(model: nn.Module, device: torch.device) -> None:
    """Shards every layer of a transformers model, and then what is left of it, over all processes, in place. The weights must
    be the same in every process; those of a GPU move there layer by layer."""
    # Imported here: torch has them since 2.6, and one process does without.
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    layers: Any = getattr(model, "_no_split_modules", None) or ()
    for each in [each for each in model.modules() if type(each).__name__ in layers]:
        fully_shard(each, mesh=mesh)
    fully_shard(model, mesh=mesh)


def whole(tensor: torch.Tensor, keep: bool = True) -> torch.Tensor:
    """A copy of a tensor on the CPU, put together where processes hold parts of it: all of them must call. `keep`: whether
    this process wants it; else it gets an empty one, for a copy takes memory."""
    together: Any = getattr(tensor, "full_tensor", None)
    full = (tensor if together is None else together()).detach()
    return full.cpu().clone() if keep else torch.empty(0)


def like(tensor: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Whole `values` on the device of `tensor`, and in parts where it is in parts: those that the first process has."""
    mesh: Any = getattr(tensor, "device_mesh", None)
    if mesh is None:
        return values.to(tensor.device)
    from torch.distributed.tensor import distribute_tensor

    placed: Any = tensor
    sent = values if dist.get_rank() == 0 else torch.empty(tensor.shape, dtype=values.dtype)
    return distribute_tensor(sent.to(tensor.device), mesh, placed.placements)


def whole_state(optimizer: Any, keep: bool) -> dict[str, Any]:
    """The state of an optimizer with whole tensors, as `whole` has them: the same however many processes hold it."""
    state = optimizer.state_dict()
    moments = {at: {name: whole(each, keep) for name, each in of.items()} for at, of in state["state"].items()}
    return {**state, "state": moments}


def set_whole_state(optimizer: Any, parameters: list[nn.Parameter], state: dict[str, Any]) -> None:
    """Takes back what `whole_state` gave. `parameters`: in the optimizer's order."""
    moments = {
        at: {name: like(parameters[at], each) if each.dim() > 0 else each for name, each in of.items()}
        for at, of in state["state"].items()
    }
    optimizer.load_state_dict({**state, "state": moments})
