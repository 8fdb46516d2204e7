"""The one check for values that are not numbers, in the words of the other engine."""

from __future__ import annotations

import math
from typing import Any

import torch

from .errors import InputError


def check_finite(value: float, model: str, what: str) -> None:
    """Raises InputError for a value that is NaN or infinite: everything computed from it would be wrong without a word.
    `what` says what it is."""
    if math.isfinite(value):
        return
    name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    raise InputError(
        f"{model}: {what} is {name}; expected a number: a weight is NaN or infinite, or the model overflows its type"
    )


def largest(result: Any) -> torch.Tensor:
    """The largest magnitude in what a layer's module returned, a tensor or a tuple that begins with one: NaN or infinite
    where a value is."""
    state = result if isinstance(result, torch.Tensor) else result[0]
    return state.detach().abs().amax()


def check_state(size: torch.Tensor, model: str | None, layer: int) -> None:
    """Raises InputError where `size`, the largest magnitude of the state after a layer, is NaN or infinite. `model`: its name;
    None: it has none."""
    check_finite(size.item(), model or "the model", f"the hidden state after layer {layer}")
