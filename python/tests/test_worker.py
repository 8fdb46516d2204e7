"""The worker as a process of its own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import given, tiny

from spanwise.decoder import inspect
from spanwise.engine import Engine
from spanwise.plan import Plan
from spanwise.sums import Wanted


class Client:
    """Speaks to a worker."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "spanwise.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.read()
        self._id = 0

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, verb: str, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The last answer, and those before it."""
        self._id += 1
        self.write(json.dumps({"id": self._id, "verb": verb, **fields}))
        before = []
        while (answer := self.read())["type"] not in ("result", "error"):
            assert answer["id"] == self._id
            before.append(answer)
        return answer, before


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny("qwen3").save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def client(model: Path) -> Iterator[Client]:
    client = Client()
    try:
        answer, _ = client.ask("open", model=str(model))
        assert answer["result"]["architecture"] == "Qwen3ForCausalLM"
        yield client
    finally:
        assert client.process.stdin is not None
        client.process.stdin.close()
        # It ends where its stdin ends.
        assert client.process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def engine(model: Path) -> Engine:
    return Engine(inspect(tiny("qwen3")))


def numbers(array: dict[str, Any]) -> np.ndarray:
    if "file" in array:
        return np.fromfile(array["file"], dtype="<f8").reshape(array["shape"])
    return np.frombuffer(base64.b64decode(array["base64"]), dtype="<f8").reshape(array["shape"])


def test_says_what_it_is(client: Client) -> None:
    assert client.ready["type"] == "ready"
    assert client.ready["devices"][0] == "cpu"
    assert {"spanwise", "torch", "transformers"} <= client.ready.keys()


def test_captures_into_files(client: Client, engine: Engine, windows: list[list[int]], tmp_path: Path) -> None:
    answer, before = client.ask("capture", windows=windows, views=["no-sink"], js=8, folder=str(tmp_path))
    files = answer["result"]["files"]
    # PyTorch alone takes more.
    assert answer["use"]["rssBytes"] > 100e6 and answer["use"]["cpuSeconds"] > 0.5
    assert set(files) == {f"no-sink.{part}" for part in ("gram", "null", "windows", "js")}
    expected = engine.capture(windows, Wanted(("no-sink",), js=8))
    assert np.allclose(numbers(files["no-sink.gram"]), given(expected.sums[0].gram), atol=1e-5)
    assert numbers(files["no-sink.windows"]).shape == (3, 2, 4, 4)
    assert np.allclose(numbers(answer["result"]["nll"]), expected.losses, atol=1e-5)
    assert [each["done"] for each in before if each["stage"] == "layers"] == [0, 1, 2]


def test_streams_losses(client: Client, engine: Engine, windows: list[list[int]], tmp_path: Path) -> None:
    plans = [{"sources": [0, 1, 2, 3]}, {"sources": [0, 0, None, 3]}]
    answer, before = client.ask("losses", plans=plans, windows=windows, folder=str(tmp_path))
    parts = [each for each in before if each["type"] == "part"]
    assert sorted((each["plan"], *each["windows"]) for each in parts) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    found = np.zeros((2, 3, 23))
    for each in parts:
        found[each["plan"], each["windows"]] = numbers(each["nll"])
    assert np.allclose(found[0], engine.capture(windows, Wanted()).losses, atol=1e-5)
    # Baseline and plan part at layer 1: 4 + 3 layers for each of 3 windows.
    assert answer["result"] == {"done": 21, "naive": 24}


def test_compares(client: Client, engine: Engine, windows: list[list[int]], tmp_path: Path) -> None:
    plan = {"sources": [0, 0, 2, 3]}
    answer, before = client.ask("compare", plan=plan, windows=windows, folder=str(tmp_path))
    parts = [each for each in before if each["type"] == "part"]
    found = np.concatenate([numbers(each["comparison"]) for each in parts])
    assert answer["result"]["rows"] == ["baseline", "planned", "kl", "agree"] and found.shape == (3, 4, 23)
    kept: list[Any] = []
    engine.compare(Plan((0, 0, 2, 3), (None,) * 4), windows, lambda some, each, seconds: kept.append(each.kl[0].numpy()))
    assert np.allclose(found[:, 2], kept, atol=1e-5)


def test_answers_the_other_verbs(client: Client, engine: Engine, windows: list[list[int]], tmp_path: Path) -> None:
    scores = client.ask("induction", windows=windows, first=0, length=6)[0]["result"]
    assert np.allclose(scores, engine.induction(windows, 0, 6), atol=1e-6)
    errors = client.ask("outputErrors", pairs=[[0, 1]], windows=windows)[0]["result"]
    assert np.allclose(errors["apart"], engine.output_errors([(0, 1)], windows)[0], rtol=1e-4)
    maps = client.ask("tokenMaps", layers=[3], window=windows[0], folder=str(tmp_path))[0]["result"]["maps"]
    assert np.allclose(numbers(maps), engine.token_maps([3], windows[0]), atol=1e-6)
    plan = {"sources": [0, 0, None, 3]}
    repairs = client.ask("repair", plan=plan, windows=windows, strengths=[0.1, 1], folder=str(tmp_path))[0]["result"]
    assert [[each["layer"] for each in found] for found in repairs] == [[1, 2], [1, 2]]
    assert numbers(repairs[0][0]["projection"]).shape == (32, 32) and numbers(repairs[0][1]["mean"]).shape == (32,)


def test_refuses_in_one_line_and_goes_on(client: Client, windows: list[list[int]], tmp_path: Path) -> None:
    for verb, fields, message in [
        ("sing", {}, "verb sing: allowed: open, capture"),
        ("losses", {"plans": [], "folder": str(tmp_path)}, "request: 'windows' is missing"),
        (
            "capture",
            {"windows": windows, "views": ["x"], "folder": str(tmp_path)},
            "views ['x']: allowed: all, no-sink",
        ),
        (
            "losses",
            {"plans": [{"sources": [0]}], "windows": windows, "folder": str(tmp_path)},
            "sources must be a list of 4",
        ),
    ]:
        answer, _ = client.ask(verb, **fields)
        assert answer["type"] == "error" and answer["kind"] == "input"
        assert message in answer["message"]
    client.write("not json")
    answer = client.read()
    assert answer["type"] == "error" and answer["id"] is None
    assert client.ask("tokenMaps", layers=[0], window=windows[0], folder=str(tmp_path))[0]["type"] == "result"


def test_cancels(client: Client, windows: list[list[int]], tmp_path: Path) -> None:
    client.write(json.dumps({"verb": "cancel", "id": 1000}))
    client._id = 999
    plans = [{"sources": [0, 1, 2, 3]}]
    answer, before = client.ask("losses", plans=plans, windows=windows, folder=str(tmp_path))
    assert answer["type"] == "error" and answer["kind"] == "cancelled" and before == []
