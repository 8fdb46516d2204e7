"""The bundled miniatures, and SmolLM2 where SPANWISE_REAL_MODEL names its folder, against figures by transformers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from spanwise.decoder import load
from spanwise.engine import Engine
from spanwise.plan import Plan, baseline, parse_plan
from spanwise.sums import Wanted, cosine

ROOT = Path(__file__).parents[2]
REAL = os.environ.get("SPANWISE_REAL_MODEL")


@pytest.mark.parametrize("name", ["mini-llama2", "mini-llama3"])
def test_miniature(name: str) -> None:
    reference = json.loads((ROOT / "tests/fixtures/reference" / f"{name}.json").read_text())
    engine = Engine(load(ROOT / "models" / name))
    ids = reference["ids"]
    captured = engine.capture([ids], Wanted(js="all"))
    sums = captured.sums[0]
    assert sums.gram is not None and sums.js is not None
    assert captured.losses.mean() == pytest.approx(reference["nll"], abs=2e-5)
    assert np.abs(cosine(sums.gram, 16, 6) - reference["cos_flat"]).max() < 1e-5
    assert np.abs(cosine(sums.gram, 16, 6, mean=True) - reference["cos_mean"]).max() < 1e-5
    assert np.abs(sums.js[0] / sums.js[1] - reference["js"]).max() < 1e-5
    map_0_5 = engine.token_maps([0, 7], ids)
    assert np.abs(map_0_5[0, 5, 100] - reference["attn_rows"]["0.5"]).max() < 1e-6
    spans = {key: list(map(int, key.split("-"))) for key in reference["shared"]}
    plans = [
        parse_plan({"sources": [first if first <= at <= last else at for at in range(16)]}, 16, 6)
        for first, last in spans.values()
    ]
    found = losses(engine, plans, ids).mean(1)
    assert np.abs(found - list(reference["shared"].values())).max() < 2e-5


@pytest.mark.parametrize("name", ["gpt-oss", "fp8-block", "fp8-tensor"])
def test_quantised_weights_as_transformers_loads_them(name: str) -> None:
    folder = ROOT / "tests/fixtures/quantised" / name
    reference = json.loads((folder / "reference.json").read_text())
    engine = Engine(load(folder))
    ids = reference["ids"]
    dropped = parse_plan({"sources": [None, *range(1, engine.layers)]}, engine.layers, engine.decoder.heads)
    whole, planned = losses(engine, [baseline(engine.layers), dropped], ids).mean(1)
    assert whole == pytest.approx(reference["loss"], abs=1e-5)
    assert abs(planned - whole) > 1e-6


@pytest.mark.skipif(REAL is None, reason="SPANWISE_REAL_MODEL does not name the folder of SmolLM2-135M")
def test_real_model() -> None:
    from tokenizers import Tokenizer

    reference = json.loads((ROOT / "tests/real/reference.json").read_text())
    folder = Path(REAL or "")
    text = (ROOT / "static/samples/time-machine.txt").read_text()
    tokens = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text, add_special_tokens=False).ids
    window = tokens[:256]
    assert window[:16] == reference["firstIds"]
    engine = Engine(load(folder))
    captured = engine.capture([window], Wanted())
    gram = captured.sums[0].gram
    assert gram is not None
    assert captured.losses.mean() == pytest.approx(reference["loss"], abs=2e-5)
    assert np.abs(cosine(gram, 30, 9) - reference["cosine"]).max() < 1e-5
    assert np.abs(cosine(gram, 30, 9, mean=True) - reference["cosineMean"]).max() < 1e-5

    plans = [parse_plan(each, 30, 9) for each in reference["plans"]]
    recall = tokens[:64] + tokens[1024:1152] + tokens[:64]
    found = [losses(engine, plans, ids) for ids in (window, recall)]
    assert np.abs(found[0].mean(1) - [each["loss"] for each in reference["plans"]]).max() < 2e-5
    assert np.abs(found[1][:, -58:].mean(1) - [each["recall"] for each in reference["plans"]]).max() < 1e-4


def losses(engine: Engine, plans: list[Plan], ids: list[int]) -> np.ndarray:
    """Loss of each token under each plan, [plans, S − 1]."""
    found = np.zeros((len(plans), len(ids) - 1))

    def part(plan: int, some: range, values: np.ndarray, layers: int) -> None:
        found[plan] = values[0]

    engine.losses(plans, [ids], part)
    return found
