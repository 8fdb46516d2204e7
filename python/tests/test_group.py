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
from conftest import tiny

from spanwise.group import Group, own_device

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


def answers(command: list[str], requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
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
