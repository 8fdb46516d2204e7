"""`python -m spanwise.worker`: the engine behind lines of JSON, for the spanwise command and its server."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from . import __version__
from .decoder import first_line, load
from .engine import Engine, Question, Seconds
from .errors import Cancelled, InputError
from .group import Group, joined, own_device
from .losses import Comparison
from .plan import Plan, Repair, parse_plan
from .planned import planned_logits
from .protocol import Channel, SilentChannel, inline_array, standard_channel, write_array
from .sums import VIEWS, Wanted

Request = Mapping[str, Any]


class Worker:
    """Holds one model at a time and answers requests on it."""

    def __init__(self, channel: Channel, group: Group | None = None) -> None:
        self._channel = channel
        self._group = group or Group()
        self._engine: Engine | None = None
        self._verbs: dict[str, Callable[[Request], Any]] = {
            "open": self._open,
            "capture": self._capture,
            "induction": self._induction,
            "losses": self._losses,
            "compare": self._compare,
            "ask": self._ask,
            "outputErrors": self._output_errors,
            "turned": self._turned,
            "repair": self._repair,
            "tokenMaps": self._token_maps,
            "plannedLogits": self._planned_logits,
            "tune": self._tune,
        }

    def serve(self) -> None:
        """Answers requests until there are no more."""
        self._channel.send(None, "ready", **environment())
        requests = self._channel.requests()
        # The first process reads; the others answer alike, and are not heard.
        while (request := self._group.ask(next(requests, None))) is not None:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        id = request["id"]
        try:
            verb = self._verbs.get(str(request.get("verb")))
            if verb is None:
                raise InputError(f"verb {request.get('verb')}: allowed: {', '.join(self._verbs)}")
            self._channel.result(id, verb(request))
        except Cancelled:
            self._channel.send(id, "error", kind="cancelled", message="cancelled")
        except InputError as error:
            self._channel.send(id, "error", kind="input", message=str(error))
        except KeyError as error:
            self._channel.send(id, "error", kind="input", message=f"request: {error} is missing")
        except Exception as error:
            traceback.print_exc()
            if self._group.size > 1:
                # The others would wait for this process for ever: torchrun ends them all.
                sys.exit(1)
            self._channel.send(id, "error", kind="internal", message=f"{type(error).__name__}: {first_line(error)}")

    def _open(self, request: Request) -> Any:
        device, dtype = own_device(request.get("device") or "cpu"), request.get("dtype") or "float32"
        decoder = self._group.run(lambda: load(Path(request["model"]), device, dtype))
        self._engine = Engine(decoder, request.get("batch"), self._group)
        return {**self._engine.facts(), "processes": self._group.size}

    def _capture(self, request: Request) -> Any:
        engine, folder = self._opened(), Path(request["folder"])
        wanted = parse_wanted(request)
        captured = engine.capture(request["windows"], wanted, self._progress(request))
        files = {}
        for sums in captured.sums:
            parts: dict[str, np.ndarray | None] = {
                "gram": sums.gram,
                "sqrt": sums.sqrt,
                "null": sums.null,
                "windows": np.stack(sums.windows) if sums.windows else None,
                "js": sums.js,
            }
            for part, values in parts.items():
                if values is not None:
                    files[f"{sums.view}.{part}"] = self._write(folder, f"{sums.view}.{part}", values)
        return {"files": files, "nll": inline_array(captured.losses), "profile": captured.profile}

    def _induction(self, request: Request) -> Any:
        scores = self._opened().induction(request["windows"], request["first"], request["length"], self._progress(request))
        return scores.tolist()

    def _losses(self, request: Request) -> Any:
        engine = self._opened()
        plans = [self._plan(each) for each in request["plans"]]

        def part(plan: int, some: range, values: np.ndarray, layers: int) -> None:
            nll = inline_array(values)
            self._channel.send(request["id"], "part", plan=plan, windows=list(some), nll=nll, layers=layers)

        return engine.losses(plans, request["windows"], part, request.get("scored"), self._progress(request))

    def _compare(self, request: Request) -> Any:
        engine = self._opened()

        def part(some: range, found: Comparison, seconds: Mapping[str, Seconds]) -> None:
            stacked = torch.stack([found.baseline, found.planned, found.kl, found.agree], dim=1)
            array = inline_array(stacked.cpu().double().numpy())
            self._channel.send(
                request["id"],
                "part",
                windows=list(some),
                comparison=array,
                seconds={way: each.elapsed for way, each in seconds.items()},
                cpuSeconds={way: each.cpu for way, each in seconds.items()},
            )

        engine.compare(self._plan(request["plan"]), request["windows"], part, self._progress(request))
        return {"rows": ["baseline", "planned", "kl", "agree"]}

    def _ask(self, request: Request) -> Any:
        engine = self._opened()
        questions = [
            [Question(int(each["place"]), tuple(map(int, each["candidates"]))) for each in asked]
            for asked in request["questions"]
        ]

        def part(some: range, found: Mapping[str, np.ndarray]) -> None:
            losses = {way: inline_array(values) for way, values in found.items()}
            self._channel.send(request["id"], "part", windows=list(some), losses=losses)

        engine.ask(self._plan(request["plan"]), request["windows"], questions, part, self._progress(request))
        return {}

    def _output_errors(self, request: Request) -> Any:
        pairs = [(int(source), int(follower)) for source, follower in request["pairs"]]
        apart, own = self._opened().output_errors(pairs, request["windows"], self._progress(request))
        return {"apart": apart.tolist(), "own": own.tolist()}

    def _turned(self, request: Request) -> Any:
        plan = self._plan(request["plan"])
        return self._opened().turned(plan, request["windows"], self._progress(request)).tolist()

    def _repair(self, request: Request) -> Any:
        engine, folder = self._opened(), Path(request["folder"])
        plan = self._plan(request["plan"])
        sets = engine.repair(plan, request["windows"], request["strengths"], self._progress(request))
        return [
            [self._written(folder, f"repair.{at}.{layer}", layer, repair) for layer, repair in sorted(found.items())]
            for at, found in enumerate(sets)
        ]

    def _written(self, folder: Path, name: str, layer: int, repair: Repair) -> dict[str, Any]:
        part, values = ("mean", repair.mean) if repair.projection is None else ("projection", repair.projection)
        assert values is not None
        return {"layer": layer, part: self._write(folder, name, values.numpy())}

    def _write(self, folder: Path, name: str, values: np.ndarray) -> dict[str, Any]:
        """Writes an array that every process has, once."""
        return write_array(folder, name, values) if self._group.rank == 0 else {}

    def _token_maps(self, request: Request) -> Any:
        maps = self._opened().token_maps(request["layers"], request["window"])
        return {"maps": self._write(Path(request["folder"]), "maps", maps)}

    def _planned_logits(self, request: Request) -> Any:
        logits, cached = planned_logits(Path(request["model"]), request["window"])
        file = write_array(Path(request["folder"]), "logits", logits)
        return {"logits": file, "cached": cached, "version": transformers.__version__}

    def _tune(self, request: Request) -> Any:
        # Only here: accelerate takes long to load.
        from . import tune

        settings = tune.parse_settings(request["settings"])
        folders = Path(request["model"]), Path(request["teacher"])
        tuner = self._group.run(lambda: tune.Tuner(*folders, settings, self._group))
        stop, report = (tune.parse_part(request[name]) for name in ("stop", "report"))
        progress = self._progress(request)
        tuned, tensors = tune.tune(
            tuner,
            request["train"],
            stop,
            report,
            Path(request["checkpoint"]),
            lambda step: progress("tuning", step, settings.steps),
            lambda look: self._channel.send(request["id"], "part", **asdict(look)),
            bool(request.get("baseline")),
        )
        if request.get("out") is not None and self._group.rank == 0:
            tune.write_tensors(tensors, Path(request["out"]))
        return asdict(tuned)

    def _opened(self) -> Engine:
        if self._engine is None:
            raise InputError("no model is open; send the verb open first")
        return self._engine

    def _plan(self, given: Mapping[str, Any]) -> Plan:
        engine = self._opened()
        return parse_plan(given, engine.layers, engine.decoder.heads)

    def _progress(self, request: Request) -> Callable[[str, float, float], None]:
        return lambda stage, done, total: self._channel.progress(request["id"], stage, done, total)


def parse_wanted(request: Request) -> Wanted:
    """The sums that a request asks for: `views`, `gram`, `sqrt`, `js` (queries per window, "all" or null)."""
    views = tuple(request.get("views") or ("all",))
    if any(view not in VIEWS for view in views):
        raise InputError(f"views {list(views)}: allowed: {', '.join(VIEWS)}")
    js = request.get("js")
    if js is not None and js != "all" and not (isinstance(js, int) and js > 0):
        raise InputError(f"js {js}: allowed: a number of queries, all, or null")
    return Wanted(views, bool(request.get("gram", True)), bool(request.get("sqrt")), js)


def environment() -> dict[str, Any]:
    """Versions and devices of this Python."""
    devices = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        devices.append("mps")
    names = {f"cuda:{index}": torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())}
    return {
        "spanwise": __version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "devices": devices,
        "names": names,
    }


def main() -> None:
    """Serves requests on stdin."""
    group = joined()
    channel = standard_channel() if group.rank == 0 else SilentChannel()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    Worker(channel, group).serve()
    group.leave()


if __name__ == "__main__":
    main()
