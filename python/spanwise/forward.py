"""Runs of a decoder under a plan, from any layer on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .attention import Call, by_heads, current, mixed, probabilities
from .decoder import Decoder
from .finite import check_state, largest
from .plan import Plan

#: Called with layer, probabilities [B, heads, S, S].
OnProbabilities = Callable[[int, torch.Tensor], None]
#: Called with the attention call of a layer that computes its own attention, its value and its own output.
OnValue = Callable[[Call, torch.Tensor, torch.Tensor], None]


class Path:
    """States before layers and calls of sources on some windows, of the baseline and of the plan that ran last, so that the
    next begins where it differs from either."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._change = 0
        self._baseline: dict[int, torch.Tensor] = {}
        self._baseline_calls: dict[int, Call] = {}
        self._states: dict[int, torch.Tensor] = {}
        self._calls: dict[int, Call] = {}

    def start(self, plan: Plan) -> int:
        """The layer from which `plan` must run, whose state is known; 0 where nothing is."""
        layers = len(plan.sources)
        change = plan.first_change
        common = 0
        if self._plan is not None:
            known = self._plan
            common = next((layer for layer in range(layers) if known.key(layer) != plan.key(layer)), layers)
        # Only plans that begin with the same change have more than the baseline in common.
        known_to = common if common > change else min(change, max(self._baseline, default=0))
        first = min(known_to, layers - 1)
        self._plan, self._change = plan, change
        self._states = {layer: state for layer, state in self._states.items() if change < layer <= first}
        self._calls = {layer: call for layer, call in self._calls.items() if change < layer < first}
        return first

    def before(self, layer: int) -> torch.Tensor:
        """The state before a layer. Raises KeyError where it is not known."""
        return (self._baseline if layer <= self._change else self._states)[layer]

    def keep(self, layer: int, state: torch.Tensor) -> None:
        """Keeps the state before a layer; up to the first layer that a plan changes it is the baseline's."""
        (self._baseline if layer <= self._change else self._states)[layer] = state

    def call(self, layer: int) -> Call:
        """The call of a layer that others follow."""
        return (self._baseline_calls if layer < self._change else self._calls)[layer]

    def keep_call(self, layer: int, call: Call) -> None:
        """Keeps the call of a layer that attends itself."""
        (self._baseline_calls if layer < self._change else self._calls)[layer] = call

    def forget(self) -> None:
        """Forgets the plan that ran last: it did not run to its end."""
        self._plan = None


class Runner:
    """Runs windows under plans. One at a time: the model's modules are wrapped."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self._plan: Plan | None = None
        self._path = Path()
        self._start = 0
        self._keep_states = False
        self._on_probabilities: OnProbabilities | None = None
        self._on_value: OnValue | None = None
        self._largest: list[tuple[int, torch.Tensor]] = []
        self.layers_run = 0
        for index, layer in enumerate(decoder.layers):
            _wrap(layer.block, self._block(index))
            _wrap(layer.attention, self._attention(index))
            if layer.projection is not None:
                _wrap(layer.projection, self._projection(index))

    def logits(
        self,
        ids: torch.Tensor,
        plan: Plan,
        *,
        path: Path | None = None,
        on_probabilities: OnProbabilities | None = None,
        on_value: OnValue | None = None,
        last: int | None = None,
    ) -> torch.Tensor:
        """Logits [B, S, vocab] of windows [B, S], of the `last` tokens alone where the family can. With a `path` it begins at
        the first layer that differs from what ran before on the same windows. Raises InputError where the state after a layer
        is NaN or infinite."""
        self._path = path or Path()
        self._keep_states = path is not None
        self._start = self._path.start(plan)
        self._plan = plan
        self._on_probabilities = on_probabilities
        self._on_value = on_value
        with self._running():
            logits = self.decoder.logits(ids, last)
            self._check()
            return logits

    def _check(self) -> None:
        """Raises InputError for the first layer after which the state is not finite."""
        for layer, size in self._largest:
            check_state(size, self.decoder.model.name_or_path, layer)

    @contextmanager
    def _running(self) -> Iterator[None]:
        token = current.set(self)
        try:
            yield
        except BaseException:
            self._path.forget()
            raise
        finally:
            current.reset(token)
            self._largest = []
            self._plan = None
            self._path = Path()

    def attend(self, call: Call, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Attends as the plan says: with the layer's own queries and keys, or with its source's."""
        plan = self._planned()
        layer = call.layer
        source = plan.sources[layer]
        if source == layer:
            self._path.keep_call(layer, call)
        elif source is not None:
            call = self._path.call(source).to(value.device)
        head_map = plan.head_maps[layer]
        if self._on_probabilities is None and head_map is None:
            output, weights = mixed(call, value)
        else:
            output, weights = probabilities(call, value)
            if head_map is not None:
                output = by_heads(weights, value, head_map)
            if self._on_probabilities is not None:
                self._on_probabilities(layer, weights)
        if self._on_value is not None:
            self._on_value(call, value, output)
        return output, weights

    def _planned(self) -> Plan:
        if self._plan is None:
            raise RuntimeError("no plan runs")
        return self._plan

    def _block(self, index: int) -> Callable[..., Any]:
        """Leaves out layers before the first that is to run, and notes the state before every other."""

        def forward(original: Callable[..., Any], hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            if self._plan is None:
                return original(hidden_states, *args, **kwargs)
            if index < self._start:
                return _filled(hidden_states, self.decoder.block_outputs)
            if index == self._start and index > 0:
                hidden_states = self._path.before(index)
            elif self._keep_states:
                self._path.keep(index, hidden_states)
            self.layers_run += 1
            found = original(hidden_states, *args, **kwargs)
            # Read in the end, so that a GPU is not waited for layer by layer.
            self._largest.append((index, largest(found)))
            return found

        return forward

    def _attention(self, index: int) -> Callable[..., Any]:
        """Puts out zeros, or the mean output, where a layer is dropped: biases of its projection included."""

        def forward(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            plan = self._plan
            if plan is None or plan.sources[index] is not None:
                return original(*args, **kwargs)
            hidden = args[0] if args else kwargs["hidden_states"]
            output = torch.zeros_like(hidden)
            repair = plan.repairs.get(index)
            if repair is not None and repair.mean is not None:
                output = output + repair.mean.to(hidden)
            return _filled(output, self.decoder.attention_outputs)

        return forward

    def _projection(self, index: int) -> Callable[..., Any]:
        """Uses a refitted projection where the plan has one."""

        def forward(original: Callable[..., Any], mixed_heads: torch.Tensor) -> torch.Tensor:
            repair = None if self._plan is None else self._plan.repairs.get(index)
            if repair is None or repair.projection is None:
                return original(mixed_heads)
            # Not its weight `bias`, which is not there where the model is offloaded.
            bias = original(torch.zeros_like(mixed_heads[:1, :1]))
            return nn.functional.linear(mixed_heads, repair.projection.to(mixed_heads)) + bias

        return forward


def _wrap(module: nn.Module, forward: Callable[..., Any]) -> None:
    original = module.forward

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return forward(original, *args, **kwargs)

    module.forward = wrapped


def _filled(output: torch.Tensor, length: int) -> Any:
    """`output` as the module returns it: bare, or first of a tuple."""
    return output if length == 0 else (output, *[None] * (length - 1))
