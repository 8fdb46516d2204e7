"""Every family against transformers' own eager attention and against a plain run by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from conftest import FAMILIES, given, tiny

from spanwise.decoder import inspect
from spanwise.engine import Engine
from spanwise.plan import Plan, baseline
from spanwise.sums import Wanted


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


def engine_of(family: str) -> Engine:
    return Engine(inspect(tiny(family)))


def plan_of(*sources: int | None) -> Plan:
    return Plan(sources, (None,) * len(sources))


def test_probabilities_and_losses_are_those_of_transformers(family: str, windows: list[list[int]]) -> None:
    engine = engine_of(family)
    reference = tiny(family, "eager")
    captured = engine.capture(windows, Wanted(("all",)))
    rows, nll = [], []
    with torch.no_grad():
        for ids in windows:
            tokens = torch.tensor([ids])
            out = reference(tokens, output_attentions=True, use_cache=False)
            rows.append(torch.cat([weights[0].flatten(1) for weights in out.attentions]).double())
            nll.append(torch.nn.functional.cross_entropy(out.logits[0, :-1], tokens[0, 1:], reduction="none"))
            assert np.allclose(engine.token_maps([2], ids)[0], out.attentions[2][0], atol=1e-6)
    gram = sum(each @ each.T for each in rows)
    assert np.allclose(given(captured.sums[0].gram), gram, atol=1e-4)
    assert np.allclose(captured.losses, torch.stack(nll), atol=2e-5)
    total = torch.stack(rows).sum(0)
    assert np.allclose(given(captured.sums[0].null), total @ total.T, atol=1e-4)


def test_a_dropped_layer_contributes_exactly_nothing(family: str, windows: list[list[int]]) -> None:
    engine = engine_of(family)
    found = losses(engine, [plan_of(0, None, 2, 3)], windows)[0]
    reference = tiny(family, "eager")
    attention = attention_modules(reference)[1]

    def nothing(module: torch.nn.Module, given: object, output: tuple[torch.Tensor, ...]) -> tuple[object, ...]:
        return (torch.zeros_like(output[0]), *output[1:])

    attention.register_forward_hook(nothing)
    assert np.allclose(found, plain_losses(reference, windows), atol=2e-5)


def test_a_follower_mixes_its_values_by_the_probabilities_of_its_source(family: str, windows: list[list[int]]) -> None:
    # Layers of one kind: sliding and full layers take turns in some families.
    engine = engine_of(family)
    found = losses(engine, [plan_of(0, 1, 0, 3)], windows)[0]
    assert np.allclose(found, plain_losses(reusing(family, 0, 2), windows), atol=2e-5)


def test_plans_that_begin_alike_give_what_each_gives_alone(family: str, windows: list[list[int]]) -> None:
    engine = engine_of(family)
    plans = [baseline(4), plan_of(0, 1, 0, 0), plan_of(0, 1, None, 3), plan_of(0, 1, 0, None), plan_of(None, 1, 2, 1)]
    together = losses(engine, plans, windows)
    for plan, found in zip(plans, together, strict=True):
        assert np.allclose(found, losses(engine_of(family), [plan], windows)[0], atol=1e-6)
    assert not np.allclose(together[1], together[0], atol=1e-3)


def losses(engine: Engine, plans: list[Plan], windows: list[list[int]]) -> np.ndarray:
    found = np.zeros((len(plans), len(windows), len(windows[0]) - 1))

    def part(plan: int, some: range, values: np.ndarray, layers: int) -> None:
        found[plan, some.start : some.stop] = values

    engine.losses(plans, windows, part)
    return found


def attention_modules(model: torch.nn.Module) -> list[torch.nn.Module]:
    return [
        module
        for name, module in model.named_modules()
        if name.endswith((".self_attn", ".attention", ".attn")) and hasattr(module, "layer_idx")
    ]


def plain_losses(model: torch.nn.Module, windows: list[list[int]]) -> np.ndarray:
    ids = torch.tensor(windows)
    with torch.no_grad():
        logits = model(ids, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none").numpy()


def reusing(family: str, source: int, follower: int) -> torch.nn.Module:
    """The model in eager attention whose follower mixes by the weights that its source's softmax gave."""
    model = tiny(family, "eager")
    modules = attention_modules(model)
    home = sys.modules[type(modules[0]).__module__]
    original = home.eager_attention_forward
    kept: dict[int, torch.Tensor] = {}

    def eager(module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *rest, **kwargs):
        if module is modules[follower]:
            groups = kept[0].shape[1] // value.shape[1]
            return (kept[0] @ value.repeat_interleave(groups, 1)).transpose(1, 2), kept[0]
        output, weights = original(module, query, key, value, *rest, **kwargs)
        if module is modules[source]:
            kept[0] = weights
        return output, weights

    forward = model.forward

    def patched(*args, **kwargs):
        home.eager_attention_forward = eager  # type: ignore[attr-defined]
        try:
            return forward(*args, **kwargs)
        finally:
            home.eager_attention_forward = original  # type: ignore[attr-defined]

    model.forward = patched  # type: ignore[method-assign]
    return model
