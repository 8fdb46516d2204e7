"""Lines of JSON on stdin and stdout, and files of numbers.

A request is one line: {"id": 1, "verb": "losses", …}. Answers carry its id and a type: any number of `progress` and `part`,
then one `result` or `error` (kind: input, cancelled or internal). Some tell under `use` what memory and CPU time the
processes use. {"verb": "cancel", "id": 1} cancels request 1. Numbers are
float64, little-endian, row-major: matrices in files of the request's `folder`, of which the answer names file and shape;
those of single windows as base64 in the line.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import psutil

from .errors import Cancelled, InputError

USE_SECONDS = 0.2
"""Least time between two looks at what the processes use: a look takes a millisecond."""


class Channel:
    """Reads requests in a thread of its own, so that a request can be cancelled while it runs."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self._target = target
        self._requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._cancelled: set[int] = set()
        self._ended = False
        self._looked = -USE_SECONDS
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: TextIO) -> None:
        for line in source:
            try:
                request = json.loads(line)
                if not isinstance(request, dict) or not isinstance(request.get("id"), int):
                    raise ValueError("not an object with an id")
            except ValueError as error:
                self.send(None, "error", kind="input", message=f"request: {error}")
                continue
            if request.get("verb") == "cancel":
                self._cancelled.add(request["id"])
            else:
                self._requests.put(request)
        # Whoever asked is gone: what runs now ends at its next progress.
        self._ended = True
        self._requests.put(None)

    def requests(self) -> Iterator[dict[str, Any]]:
        """Requests one after the other, until stdin ends."""
        while (request := self._requests.get()) is not None:
            yield request

    def send(self, id: int | None, type: str, **fields: Any) -> None:
        """Writes one answer. Raises ValueError for NaN and infinity, which are not JSON."""
        line = json.dumps({"id": id, "type": type, **fields}, separators=(",", ":"), allow_nan=False)
        self._target.write(line + "\n")
        self._target.flush()

    def progress(self, id: int, stage: str, done: float, total: float) -> None:
        """Reports progress. Raises Cancelled where the request was cancelled or stdin has ended."""
        if self._ended or id in self._cancelled:
            raise Cancelled
        self.send(id, "progress", stage=stage, done=done, total=total, **self._use())

    def result(self, id: int, result: Any) -> None:
        """Answers a request."""
        self._looked = -USE_SECONDS
        self.send(id, "result", result=result, **self._use())

    def _use(self) -> dict[str, Any]:
        """What an answer says of memory and CPU time; nothing where the last one said it a moment ago."""
        now = time.monotonic()
        if now - self._looked < USE_SECONDS:
            return {}
        self._looked = now
        return {"use": use_of_processes()}


class SilentChannel(Channel):
    """The channel of a process that only helps another: it is asked by that one, and says nothing."""

    def __init__(self) -> None:
        pass

    def requests(self) -> Iterator[dict[str, Any]]:
        """None of its own."""
        return iter(())

    def send(self, id: int | None, type: str, **fields: Any) -> None:
        """Says nothing."""

    def progress(self, id: int, stage: str, done: float, total: float) -> None:
        """Says nothing."""

    def result(self, id: int, result: Any) -> None:
        """Says nothing."""


def use_of_processes() -> dict[str, float]:
    """Resident bytes and CPU seconds of this process, of those that it began, and of those that torchrun began beside it."""
    own = psutil.Process()
    first = own.parent() if "TORCHELASTIC_RUN_ID" in os.environ else own
    first = first or own
    rss, cpu = 0, 0.0
    for process in [first, *first.children(recursive=True)]:
        try:
            times = process.cpu_times()
            rss += process.memory_info().rss
            cpu += times.user + times.system
        except psutil.Error:
            continue
    return {"rssBytes": rss, "cpuSeconds": cpu}


def standard_channel() -> Channel:
    """The channel on stdin and stdout. What libraries print goes to stderr from here on."""
    target = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Channel(sys.stdin, target)


def write_array(folder: Path, name: str, values: np.ndarray) -> dict[str, Any]:
    """Writes numbers to a file and returns what an answer says of it. Raises InputError where it cannot be written."""
    file = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.ascontiguousarray(values, dtype="<f8").tofile(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error
    return {"file": str(file), "shape": list(values.shape)}


def inline_array(values: np.ndarray) -> dict[str, Any]:
    """Returns a small array as an answer holds it."""
    return {
        "base64": base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode(),
        "shape": list(values.shape),
    }
