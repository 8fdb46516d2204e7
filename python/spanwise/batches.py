"""Windows in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from .errors import InputError

Ids = list[int]


def check_windows(windows: Sequence[Ids], vocab: int) -> int:
    """Returns the length that all windows have. Raises InputError where they differ or hold no id of the vocabulary."""
    if not windows:
        raise InputError("windows: none; expected at least one")
    length = len(windows[0])
    for index, ids in enumerate(windows):
        if len(ids) != length or length < 2:
            raise InputError(f"windows: window {index} has {len(ids)} tokens; all need the same number, 2 or more")
        if not all(type(token) is int and 0 <= token < vocab for token in ids):
            raise InputError(f"windows: window {index} has a token outside the vocabulary (0 to {vocab - 1})")
    return length


def in_batches(count: int, batch: int, run: Callable[[range], None]) -> None:
    """Calls `run` with ranges of at most `batch` of `count` windows; halves the batch where a GPU's memory is short."""
    first = 0
    while first < count:
        some = range(first, min(first + batch, count))
        try:
            run(some)
        except torch.OutOfMemoryError as error:
            if len(some) == 1:
                raise InputError(f"memory: one window does not fit on the device: {str(error).splitlines()[0]}") from error
            torch.cuda.empty_cache()
            batch = max(1, len(some) // 2)
            continue
        first = some.stop


def free_bytes(device: torch.device) -> int | None:
    """Bytes that are free on a GPU; None elsewhere."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None
