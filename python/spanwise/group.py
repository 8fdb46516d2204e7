"""Processes that share the windows of a request: `torchrun` starts them, and what they add up is one process's figures."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist

from .errors import Cancelled, InputError

Result = TypeVar("Result")


class Group:
    """All processes that run the same request, each on windows of its own. Of one process it does nothing."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    def mine(self, count: int) -> range:
        """The windows of this process: neighbouring ones, shared out evenly."""
        return range(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def run(self, compute: Callable[[], Result]) -> Result:
        """Computes in every process. What one of them refuses is raised in all, so that none waits for it."""
        if self.size == 1:
            return compute()
        problem: InputError | Cancelled | None = None
        result: Any = None
        try:
            result = compute()
        except (InputError, Cancelled) as error:
            problem = error
        problems = [each for each in self.gather(problem) if each is not None]
        if problems:
            raise problems[0]
        return result

    def sum(self, values: np.ndarray) -> np.ndarray:
        """The sum over processes, in all of them."""
        if self.size == 1:
            return values
        total = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64))
        dist.all_reduce(total)
        return total.numpy()

    def sum_tensor(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over processes, on the tensor's own device."""
        if self.size == 1:
            return values
        total = values.cpu()
        dist.all_reduce(total)
        return total.to(values.device)

    def gather(self, value: Result) -> list[Result]:
        """Gathers the value of every process, by rank, in all of them."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value)
        return found

    def ask(self, request: dict[str, Any] | None) -> dict[str, Any] | None:
        """The request of the first process, in all of them; None: there are no more."""
        if self.size == 1:
            return request
        sent = [request]
        dist.broadcast_object_list(sent, src=0)
        return sent[0]

    def leave(self) -> None:
        """Ends this process at once where there are others: gloo's threads, cleared away at its end, now and then abort it."""
        if self.size > 1:
            sys.stderr.flush()
            os._exit(0)


def joined() -> Group:
    """Joins the processes that torchrun started; alone where it did not. Threads are shared out among them."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Group()
    rank = int(os.environ["RANK"])
    # Sums are float64 and small: they go through memory, whatever the device. Weights in parts go from GPU to GPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // size))
    return Group(rank, size)


def own_device(device: str) -> str:
    """The device of this process: "cuda:all" is a GPU each, "cpu:N" the CPU."""
    if device == "cuda:all":
        return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    return "cpu" if device.startswith("cpu:") else device
