"""Models that accelerate spreads: some layers offloaded to disk, whose weights are there only while a module runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import given, tiny
from test_modeling import ids_of, load, planned

from spanwise.attention import NAME
from spanwise.decoder import inspect
from spanwise.engine import Engine
from spanwise.forward import Runner
from spanwise.plan import Plan
from spanwise.planned import save_planned
from spanwise.sums import Wanted

OWN = (None,) * 4
#: Layers 0 and 2 are one kind and layers 1 and 3 another, where kinds take turns.
PLANS = [Plan((0, 1, 2, 3), OWN), Plan((0, 1, 0, 1), OWN), Plan((0, None, 0, 3), OWN)]


def spread(folder: Path, attn: str, **options: Any) -> Any:
    """Loads a folder with its embedding, its first and its third layer on disk."""
    places = {"model.embed_tokens": "disk", "model.norm": "cpu", "model.rotary_emb": "cpu", "lm_head": "cpu"}
    places |= {f"model.layers.{layer}": "disk" if layer % 2 == 0 else "cpu" for layer in range(4)}
    options = {"device_map": places, "offload_folder": str(folder / "offloaded"), "attn_implementation": attn, **options}
    model: Any = load(folder, **options)
    weights = dict(model.named_parameters())
    assert {name for name, weight in weights.items() if weight.device.type == "meta" and "layers.0." in name}
    assert not [name for name, weight in weights.items() if weight.device.type == "meta" and "layers.1." in name]
    return model.eval()


@pytest.mark.parametrize("family", ["llama-bias", "gpt-oss"])
def test_the_engine_gives_the_figures_of_the_whole_model(family: str, tmp_path: Path, windows: list[list[int]]) -> None:
    whole = tiny(family)
    whole.save_pretrained(tmp_path)
    engines = Engine(inspect(whole)), Engine(inspect(spread(tmp_path, NAME)))
    assert engines[1].decoder.device == torch.device("cpu")
    captured = [engine.capture(windows, Wanted()) for engine in engines]
    assert np.allclose(given(captured[1].sums[0].gram), given(captured[0].sums[0].gram), atol=1e-5)
    found = [np.zeros((3, 3, 23)) for _ in engines]
    for engine, losses in zip(engines, found, strict=True):

        def part(plan: int, some: range, values: np.ndarray, layers: int, losses: np.ndarray = losses) -> None:
            losses[plan, some.start : some.stop] = values

        engine.losses(PLANS, windows, part)
    assert np.allclose(found[1], found[0], atol=1e-6)
    assert np.ptp(found[0].mean((1, 2))) > 1e-2
    errors = [engine.output_errors([(0, 2)], windows)[0] for engine in engines]
    assert np.allclose(errors[1], errors[0], rtol=1e-5)


def test_refitted_projections_keep_a_bias_that_is_on_disk(tmp_path: Path, windows: list[list[int]]) -> None:
    whole = tiny("llama-bias")
    whole.save_pretrained(tmp_path)
    engines = Engine(inspect(whole)), Engine(inspect(spread(tmp_path, NAME)))
    plan = Plan((0, 1, 0, None), OWN)
    logits = []
    for engine in engines:
        [repairs] = engine.repair(plan, windows, [0.1])
        logits.append(engine.runner.logits(torch.tensor(windows), Plan(plan.sources, OWN, repairs, "fitted")).detach())
    assert torch.allclose(logits[1], logits[0], atol=1e-4)


@pytest.mark.parametrize("attn", ["sdpa", "eager"])
def test_a_planned_folder_runs_and_generates(attn: str, tmp_path: Path) -> None:
    whole = planned(attn=attn)
    save_planned(whole, tmp_path)
    model = spread(tmp_path, attn)
    assert torch.allclose(model(ids_of()).logits, whole(ids_of()).logits, atol=1e-5)
    settings: dict[str, Any] = {"max_new_tokens": 6, "min_new_tokens": 6, "do_sample": False}
    assert torch.equal(model.generate(ids_of(1), **settings), whole.generate(ids_of(1), **settings))


def test_sinks_of_a_source_on_disk_reach_its_follower(tmp_path: Path) -> None:
    plan = Plan((0, 1, 0, 3), OWN)
    expected = Runner(inspect(tiny("gpt-oss"))).logits(ids_of(), plan).detach()
    save_planned(planned("gpt-oss", plan.sources, "eager"), tmp_path)
    found = spread(tmp_path, "eager")(ids_of()).logits
    assert torch.allclose(found, expected, atol=1e-4)
