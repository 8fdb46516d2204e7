"""Windows in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from .errors import InputError

Ids = list[int]


def check_windows(windows: Sequence[Ids], vocab: int) -> int:
    """Returns the length of the longest window. Raises InputError where there is none, or a token is not in the vocabulary."""
    if not windows:
        raise InputError("windows: none; expected at least one")
    for index, ids in enumerate(windows):
        if len(ids) < 2:
            raise InputError(f"windows: window {index} has {len(ids)} tokens; allowed: 2 or more")
        if not all(type(token) is int and 0 <= token < vocab for token in ids):
            raise InputError(f"windows: window {index} has a token outside the vocabulary (0 to {vocab - 1})")
    return max(map(len, windows))


def one_length(windows: Sequence[Ids], vocab: int) -> int:
    """Returns the length that all windows have. Raises InputError where they differ too."""
    length = check_windows(windows, vocab)
    for index, ids in enumerate(windows):
        if len(ids) != length:
            raise InputError(f"windows: window {index} has {len(ids)} tokens, another {length}; all need the same number")
    return length


def in_batches(windows: Sequence[Ids], batch: int, run: Callable[[range], None]) -> None:
    """Calls `run` with ranges of at most `batch` windows of one length; halves the batch where a GPU's memory is short."""
    first = 0
    while first < len(windows):
        end = first + 1
        while end < min(first + batch, len(windows)) and len(windows[end]) == len(windows[first]):
            end += 1
        try:
            run(range(first, end))
        except torch.OutOfMemoryError as error:
            if end - first == 1:
                raise InputError(f"memory: one window does not fit on the device: {str(error).splitlines()[0]}") from error
            torch.cuda.empty_cache()
            batch = max(1, (end - first) // 2)
            continue
        first = end


def free_bytes(device: torch.device) -> int | None:
    """Bytes that are free on a GPU; None elsewhere."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None
