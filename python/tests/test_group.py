"""Two processes on CPU, started as torchrun starts them, give what one gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny
from safetensors.torch import load_file

from spanwise.errors import InputError
from spanwise.group import Group, own_device
from spanwise.planned import planned_model, save_planned
from spanwise.tune import Tuner, parse_settings

ROOT = Path(__file__).parents[1]
ALONE = [sys.executable, "-m", "spanwise.worker"]
TWO = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "spanwise.worker"]


def test_windows_are_shared_out_once_each() -> None:
    for count in (0, 1, 5, 8):
        parts = [list(Group(rank, 3).mine(count)) for rank in range(3)]
        assert [index for part in parts for index in part] == list(range(count))


def test_devices_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert [own_device(name) for name in ("cuda:all", "cpu:2", "cpu", "cuda:1")] == ["cuda:3", "cpu", "cpu", "cuda:1"]


def answers(command: list[str], requests: list[dict[str, Any]], cancel_at: int | None = None) -> list[dict[str, Any]]:
    """Returns all messages of a worker. `cancel_at`: value of "done" at which the first request is cancelled."""
    lines = "".join(json.dumps({"id": at, **request}) + "\n" for at, request in enumerate(requests, 1))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(lines)
    process.stdin.flush()
    found: list[dict[str, Any]] = []
    # A worker whose stdin ends stops what it runs.
    while sum(each["type"] in ("result", "error") for each in found) < len(requests):
        found.append(json.loads(process.stdout.readline()))
        if cancel_at is not None and found[-1].get("done") == cancel_at:
            process.stdin.write(json.dumps({"id": 1, "verb": "cancel"}) + "\n")
            process.stdin.flush()
    process.stdin.close()
    assert process.wait(60) == 0
    return found


def numbers(answer: Any) -> list[float]:
    """Every number of an answer in order, those in files and in base64 among them."""
    if isinstance(answer, dict) and "shape" in answer:
        import base64

        raw = Path(answer["file"]).read_bytes() if "file" in answer else base64.b64decode(answer["base64"])
        return np.frombuffer(raw, "<f8").tolist()
    if isinstance(answer, dict):
        return [number for name in sorted(answer) if "econds" not in name for number in numbers(answer[name])]
    if isinstance(answer, list):
        return [number for each in answer for number in numbers(each)]
    return [float(answer)] if isinstance(answer, int | float) else []


def test_two_processes_give_what_one_gives(tmp_path: Path, windows: list[list[int]]) -> None:
    model = tmp_path / "model"
    tiny("llama-bias").save_pretrained(model)
    plan = {"sources": [0, 0, None, 3]}

    def requests(folder: str, device: str) -> list[dict[str, Any]]:
        given = {"windows": windows, "folder": str(tmp_path / folder)}
        return [
            {"verb": "open", "model": str(model), "device": device},
            {"verb": "capture", "views": ["all", "no-sink"], "sqrt": True, "js": "all", **given},
            {"verb": "induction", "first": 1, "length": 8, **given},
            {"verb": "losses", "plans": [{"sources": [0, 1, 2, 3]}, plan], "scored": 10, **given},
            {"verb": "compare", "plan": plan, **given},
            {"verb": "ask", "plan": plan, "questions": [[{"place": 3, "candidates": [5, 6]}]] * 3, **given},
            {"verb": "outputErrors", "pairs": [[0, 1], [1, 3]], **given},
            {"verb": "turned", "plan": {"sources": [0, None, 2, 3]}, **given},
            {"verb": "repair", "plan": plan, "strengths": [0.1], **given},
            {"verb": "tokenMaps", "layers": [1], "window": windows[0], "folder": str(tmp_path / folder)},
            {"verb": "losses", "plans": [{"sources": [0]}], **given},
        ]

    one, two = answers(ALONE, requests("one", "cpu")), answers(TWO, requests("two", "cpu:2"))
    for id in range(2, 11):
        found = [[each for each in given if each.get("id") == id and each["type"] != "progress"] for given in (one, two)]
        # Parts come by plan in one process and by process in two.
        alone, together = (
            sorted(each, key=lambda part: (part["type"], part.get("plan", 0), str(part.get("windows")))) for each in found
        )
        assert [each["type"] for each in alone] == [each["type"] for each in together]
        for expected, got in zip(alone, together, strict=True):
            for name in ("result", "nll", "comparison", "losses", "windows"):
                if isinstance(expected.get(name), dict) and "done" in expected[name]:
                    continue
                a, b = numbers(expected.get(name)), numbers(got.get(name))
                assert len(a) == len(b)
                assert np.allclose(a, b, atol=1e-5, rtol=1e-5), (id, name)
    refusals = [each["message"] for each in two if each["type"] == "error"]
    assert refusals == ["plan: sources must be a list of 4 entries, one per layer"]


def tuning(folder: Path, out: str, **settings: Any) -> dict[str, Any]:
    """A request to tune the model in `folder`, which `save_both` wrote."""
    windows = [[1, *range(start, start + 11)] for start in range(3, 11)]
    choices = [{"ids": windows[at][:7], "scored": 2} for at in range(3)]
    part = {"windows": windows[:3], "probes": windows[3:4], "scored": 4, "choices": choices}
    given = {"steps": 4, "batch": 3, "learningRate": 3e-3, "distill": 0.5, "every": 2, "patience": 9, **settings}
    return {
        **{"verb": "tune", "model": str(folder / "planned"), "teacher": str(folder / "model"), "settings": given},
        **{"train": windows, "stop": part, "report": part, "baseline": True},
        **{"checkpoint": str(folder / f"{out}.pt"), "out": str(folder / f"{out}.safetensors")},
    }


def save_both(folder: Path, **config: Any) -> None:
    """Writes a baseline model and a planned one."""
    model: Any = tiny("llama", "sdpa", **config)
    model.save_pretrained(folder / "model")
    plan = {"sources": [0, 0, 2, None], "spans": [{"source": 0, "followers": [1], "headMap": "identity"}]}
    save_planned(planned_model(model, plan), folder / "planned")


@pytest.mark.parametrize("lora", [None, 2])
@pytest.mark.parametrize("tied", [False, True])
def test_two_processes_tune_to_the_weights_of_one(lora: int | None, tied: bool, tmp_path: Path) -> None:
    save_both(tmp_path, tie_word_embeddings=tied)
    one = answers(ALONE, [tuning(tmp_path, "one", device="cpu", lora=lora)])
    two = answers(TWO, [tuning(tmp_path, "two", device="cpu:2", lora=lora)])
    assert [each["type"] for each in one] == [each["type"] for each in two]
    assert np.allclose(numbers(two[-1]["result"]), numbers(one[-1]["result"]), atol=1e-5)
    before, expected, found = (
        load_file(tmp_path / name) for name in ("planned/model.safetensors", "one.safetensors", "two.safetensors")
    )
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert torch.allclose(found[name], tensor, atol=1e-4), name
    assert any(not torch.allclose(found[name], before[name], atol=1e-4) for name in before)


def test_two_processes_go_on_with_a_tuning_that_was_stopped(tmp_path: Path) -> None:
    save_both(tmp_path)
    whole = answers(TWO, [tuning(tmp_path, "whole", device="cpu:2", steps=20, every=10)])
    request = tuning(tmp_path, "parts", device="cpu:2", steps=20, every=10)
    stopped = answers(TWO, [request], cancel_at=11)
    assert stopped[-1]["kind"] == "cancelled"
    again = answers(TWO, [request])
    assert next(each["done"] for each in again if each["type"] == "progress") == 10
    assert np.allclose(numbers(again[-1]["result"]), numbers(whole[-1]["result"]), atol=1e-9)
    expected, found = load_file(tmp_path / "whole.safetensors"), load_file(tmp_path / "parts.safetensors")
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"batch": 1}, "batch 1: allowed: at least 2, a window for each process"),
        ({"dtype": "float16"}, "dtype float16: allowed with several processes: float32, bfloat16"),
    ],
)
def test_two_processes_refuse_what_they_cannot_share(settings: dict[str, Any], message: str) -> None:
    given = parse_settings({"steps": 1, "batch": 3, "learningRate": 1e-3, "distill": 1, "every": 1, "patience": 1, **settings})
    with pytest.raises(InputError, match=message):
        Tuner(Path("none"), Path("none"), given, Group(0, 2))
