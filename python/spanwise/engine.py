"""The engine's verbs: each takes plain values and gives arrays or small dictionaries."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .attention import Call, by_heads, mixed, probabilities
from .batches import Ids, check_windows, free_bytes, in_batches, one_length
from .decoder import Decoder
from .errors import InputError
from .forward import Path, Runner
from .group import Group
from .losses import Comparison, candidate_losses, compare_logits, token_losses
from .plan import Plan, Repair, baseline, running_order
from .sums import Statistics, ViewSums, Wanted, induction

#: Called with stage, what was done and how much there is to do; raises Cancelled to stop.
OnProgress = Callable[[str, float, float], None]
FLOAT = 4
#: Windows of text and probes of recall take turns.
KEPT_PATHS = 2
#: Windows of a comparison at a time: few, so that both variants take turns.
COMPARED = 4
#: Fraction of a GPU's free memory that a batch may take.
MEMORY_FRACTION = 0.6


def silent(stage: str, done: float, total: float) -> None:
    """Reports nothing."""


@dataclass(frozen=True)
class Seconds:
    """Time that a window took, and that of all CPU threads together."""

    elapsed: float
    cpu: float


@dataclass(frozen=True)
class Question:
    """Query for the losses of `candidates` as the token after the one at `place` of a window."""

    place: int
    candidates: tuple[int, ...]


@dataclass(frozen=True)
class Captured:
    """Sums of each view, loss of each token [windows, S − 1], profile."""

    sums: list[ViewSums]
    losses: np.ndarray
    profile: dict[str, object]


class Engine:
    """Answers the verbs for one model."""

    def __init__(self, decoder: Decoder, batch: int | None = None, group: Group | None = None) -> None:
        self.decoder = decoder
        self.group = group or Group()
        self._paths: OrderedDict[tuple[tuple[int, ...], ...], Path] = OrderedDict()
        self.runner = Runner(decoder)
        self.batch = batch
        self.layers = len(decoder.layers)

    @torch.inference_mode()
    def capture(self, windows: Sequence[Ids], wanted: Wanted, progress: OnProgress = silent) -> Captured:
        """Runs windows, and adds up what similarities are read from."""
        context = one_length(windows, self.decoder.vocab)
        decoder = self.decoder
        statistics = Statistics(self.layers, decoder.heads, context, len(windows), wanted, decoder.device)
        losses = np.zeros((len(windows), context - 1))
        plan = baseline(self.layers)

        def run() -> None:
            for index in self.group.mine(len(windows)):
                progress("layers", index, len(windows))
                ids = self._ids([windows[index]])
                logits = self.runner.logits(
                    ids, plan, on_probabilities=lambda layer, weights: statistics.put(layer, weights[0])
                )
                losses[index] = _numbers(token_losses(logits, ids))[0]
                statistics.add()

        self.group.run(run)
        statistics.merge(self.group)
        progress("similarity", len(windows), len(windows))
        return Captured(statistics.finish(), self.group.sum(losses), statistics.profile())

    @torch.inference_mode()
    def induction(self, windows: Sequence[Ids], first: int, length: int, progress: OnProgress = silent) -> np.ndarray:
        """Induction score per head [layers, heads], mean over recall windows whose first copy begins at `first`."""
        context = one_length(windows, self.decoder.vocab)
        if not 0 <= first <= context - 2 * length or length < 1:
            raise InputError(f"induction: {length} tokens from {first} do not fit twice into {context}")
        sums = torch.zeros(self.layers, self.decoder.heads, device=self.decoder.device)

        def note(layer: int, weights: torch.Tensor) -> None:
            sums[layer] += sum(induction(each, first, length) for each in weights).to(sums.device)  # type: ignore[union-attr]

        def run() -> None:
            for index in self.group.mine(len(windows)):
                progress("induction", index, len(windows))
                self.runner.logits(self._ids([windows[index]]), baseline(self.layers), on_probabilities=note)

        self.group.run(run)
        return self.group.sum(_numbers(sums)) / len(windows)

    @torch.inference_mode()
    def losses(
        self,
        plans: Sequence[Plan],
        windows: Sequence[Ids],
        part: Callable[[int, range, np.ndarray, int], None],
        scored: int | None = None,
        progress: OnProgress = silent,
    ) -> dict[str, int]:
        """Loss of the last `scored` tokens (all but the first where None) under each plan. `part` gets plan, windows, losses
        [windows, scored] and the layers that were run of each window, as they come.

        Plans go through in the order in which neighbours have most layers in common; each begins where it differs from the
        one before, so that what plans share is run once. States of several plans are not run as one batch: on a CPU a row of
        a batch costs what it costs alone, and on a GPU windows fill the batch. Returns layer evaluations, done and without
        that.
        """
        context = check_windows(windows, self.decoder.vocab)
        order = running_order(plans)
        mine = self.group.mine(len(windows))
        kept: list[tuple[int, range, np.ndarray, int]] = []
        total = len(plans) * len(windows)
        before = self.runner.layers_run
        tail = scored or context - 1

        def run(some: range) -> None:
            own = [windows[mine.start + index] for index in some]
            ids, path = self._ids(own), self._path(own)
            for place, at in enumerate(order):
                progress("losses", len(plans) * (mine.start + some.start) + place * len(some), total)
                done = self.runner.layers_run
                logits = self.runner.logits(ids, plans[at], path=path, last=tail + 1)
                found = _numbers(token_losses(logits[:, -tail - 1 :], ids[:, -tail - 1 :]))
                where = range(mine.start + some.start, mine.start + some.stop)
                if self.group.size == 1:
                    part(at, where, found, self.runner.layers_run - done)
                else:
                    kept.append((at, where, found, self.runner.layers_run - done))

        self.group.run(lambda: in_batches([windows[index] for index in mine], self._batch(context, kept=True), run))
        for of_process in self.group.gather(kept) if self.group.size > 1 else []:
            for each in of_process:
                part(*each)
        return {"done": self.runner.layers_run - before, "naive": self.layers * total}

    @torch.inference_mode()
    def compare(
        self,
        plan: Plan,
        windows: Sequence[Ids],
        part: Callable[[range, Comparison, Mapping[str, Seconds]], None],
        progress: OnProgress = silent,
    ) -> None:
        """Runs windows without and with the plan and compares both. `part` gets windows, figures and seconds per window.

        Baseline and planned take turns at going first.
        """
        context = check_windows(windows, self.decoder.vocab)
        variants = {"baseline": baseline(self.layers), "planned": plan}
        turn = 0
        mine = self.group.mine(len(windows))
        kept: list[tuple[range, Comparison, Mapping[str, Seconds]]] = []

        def run(some: range) -> None:
            nonlocal turn
            ids = self._ids([windows[mine.start + index] for index in some])
            logits: dict[str, torch.Tensor] = {}
            seconds: dict[str, Seconds] = {}
            for at, name in enumerate(sorted(variants, reverse=turn % 2 == 1)):
                progress("compare", mine.start + some.start + len(some) * at / 2, len(windows))
                started, cpu = self._now(), time.process_time()
                logits[name] = self.runner.logits(ids, variants[name])
                seconds[name] = Seconds((self._now() - started) / len(some), (time.process_time() - cpu) / len(some))
            where = range(mine.start + some.start, mine.start + some.stop)
            found = compare_logits(logits["baseline"], logits["planned"], ids)
            if self.group.size == 1:
                part(where, found, seconds)
            else:
                kept.append((where, found.cpu(), seconds))
            turn += 1

        if self.decoder.device.type != "cpu":
            # The first run of a GPU is slow, and would be the baseline's.
            self.runner.logits(self._ids(windows[:1]), variants["baseline"])
        batch = min(COMPARED, self._batch(context, kept=False))
        self.group.run(lambda: in_batches([windows[index] for index in mine], batch, run))
        for of_process in self.group.gather(kept) if self.group.size > 1 else []:
            for each in of_process:
                part(*each)

    @torch.inference_mode()
    def ask(
        self,
        plan: Plan,
        windows: Sequence[Ids],
        questions: Sequence[Sequence[Question]],
        part: Callable[[range, dict[str, np.ndarray]], None],
        progress: OnProgress = silent,
    ) -> None:
        """Asks the model without and with the plan which token comes after places of windows of one length. `part` gets
        windows and, of both variants, the losses of all candidates of all their questions, in order."""
        context = one_length(windows, self.decoder.vocab)
        check_questions(questions, len(windows), context, self.decoder.vocab)
        first = min(question.place for asked in questions for question in asked)
        variants = {"baseline": baseline(self.layers), "planned": plan}
        mine = self.group.mine(len(windows))
        kept: list[tuple[range, dict[str, np.ndarray]]] = []

        def run(some: range) -> None:
            where = range(mine.start + some.start, mine.start + some.stop)
            progress("questions", where.start, len(windows))
            ids = self._ids([windows[index] for index in where])
            found: dict[str, np.ndarray] = {}
            for name, variant in variants.items():
                # Where a family cannot leave tokens out, the logits of all come: the last ones are looked at.
                logits = self.runner.logits(ids, variant, last=context - first)[:, first - context :]
                asked = [
                    candidate_losses(logits[at, question.place - first], question.candidates)
                    for at, index in enumerate(where)
                    for question in questions[index]
                ]
                found[name] = _numbers(torch.cat(asked))
            if self.group.size == 1:
                part(where, found)
            else:
                kept.append((where, found))

        batch = self._batch(context, kept=False)
        self.group.run(lambda: in_batches([windows[index] for index in mine], batch, run))
        for of_process in self.group.gather(kept) if self.group.size > 1 else []:
            for each in of_process:
                part(*each)

    @torch.inference_mode()
    def output_errors(
        self, pairs: Sequence[tuple[int, int]], windows: Sequence[Ids], progress: OnProgress = silent
    ) -> tuple[np.ndarray, np.ndarray]:
        """‖(P_source − P_follower)·V·W_O‖² of each pair and window [pairs, windows], and ‖P_follower·V·W_O‖² of each layer
        and window [layers, windows], bias of W_O left out."""
        check_windows(windows, self.decoder.vocab)
        for source, follower in pairs:
            if not 0 <= source < follower < self.layers:
                raise InputError(f"pair {source}, {follower}: allowed: 0 ≤ source < follower < {self.layers}")
        apart, own = np.zeros((len(pairs), len(windows))), np.zeros((self.layers, len(windows)))

        def run() -> None:
            for index in self.group.mine(len(windows)):
                progress("outputs", index, len(windows))
                calls: dict[int, Call] = {}

                def note(call: Call, value: torch.Tensor, output: torch.Tensor, calls=calls, index=index) -> None:
                    calls[call.layer] = call
                    own[call.layer, index] = self._square(call.layer, output)
                    for at, (source, follower) in enumerate(pairs):
                        if follower == call.layer:
                            theirs, _ = mixed(calls[source].to(value.device), value)
                            apart[at, index] = self._square(follower, theirs - output)

                self.runner.logits(self._ids([windows[index]]), baseline(self.layers), on_value=note, last=1)

        self.group.run(run)
        progress("outputs", len(windows), len(windows))
        return self.group.sum(apart), self.group.sum(own)

    @torch.inference_mode()
    def turned(self, plan: Plan, windows: Sequence[Ids], progress: OnProgress = silent) -> np.ndarray:
        """Computes the turn of the state by each layer's attention, [layers], under a plan that drops layers: mean over
        tokens of 1 − cos(x, x + Attn(x)), bias of W_O left out; a state of 0 is not turned. Dropped layers have 0."""
        check_windows(windows, self.decoder.vocab)
        sums, tokens = np.zeros(self.layers), sum(map(len, windows))

        def run() -> None:
            for index in self.group.mine(len(windows)):
                progress("turned", index, len(windows))
                path = Path()

                def note(call: Call, value: torch.Tensor, output: torch.Tensor, path=path) -> None:
                    before = path.before(call.layer).float()
                    before = before.reshape(-1, before.shape[-1])
                    after = before + self._without_bias(call.layer, output.reshape(len(before), -1)).float()
                    sizes = before.norm(dim=-1) * after.norm(dim=-1)
                    turns = 1 - (before * after).sum(-1) / sizes
                    sums[call.layer] += float(turns[sizes > 0].sum())

                self.runner.logits(self._ids([windows[index]]), plan, path=path, on_value=note, last=1)

        self.group.run(run)
        progress("turned", len(windows), len(windows))
        return self.group.sum(sums) / tokens

    @torch.inference_mode()
    def repair_sums(
        self, plan: Plan, windows: Sequence[Ids], progress: OnProgress = silent
    ) -> dict[int, dict[str, np.ndarray]]:
        """Computes the sums from which projections are refitted, by layer, all of the baseline model: of a follower
        `gram` = ZᵀZ and `missing` = (Y − Z·W_Oᵀ)ᵀZ, Z the heads' outputs under its source's probabilities, Y its own
        block's output; of a dropped layer `mean`, the mean output of its block, bias included."""
        context = one_length(windows, self.decoder.vocab)
        found: dict[int, dict[str, np.ndarray]] = {}
        calls: dict[int, Call] = {}
        tokens = len(windows) * context

        def note(call: Call, value: torch.Tensor, output: torch.Tensor) -> None:
            layer = call.layer
            calls[layer] = call
            source = plan.sources[layer]
            if source == layer:
                return
            flat = output.reshape(output.shape[0] * output.shape[1], -1)
            if source is None:
                mean = self._project(layer)(flat).float().sum(0) / tokens
                _add(found.setdefault(layer, {}), "mean", mean)
                return
            heads = self._heads(calls[source].to(value.device), value, plan.head_maps[layer])
            theirs = heads.reshape(flat.shape)
            missing = (self._without_bias(layer, flat) - self._without_bias(layer, theirs)).float()
            theirs = theirs.float()
            _add(found.setdefault(layer, {}), "gram", theirs.T @ theirs)
            _add(found[layer], "missing", missing.T @ theirs)

        def run() -> None:
            for index in self.group.mine(len(windows)):
                progress("repair", index, len(windows))
                calls.clear()
                self.runner.logits(self._ids([windows[index]]), baseline(self.layers), on_value=note, last=1)

        self.group.run(run)
        progress("repair", len(windows), len(windows))
        total: dict[int, dict[str, np.ndarray]] = {}
        for of_process in self.group.gather(found):
            for layer, sums in of_process.items():
                known = total.setdefault(layer, {})
                for name, values in sums.items():
                    known[name] = known[name] + values if name in known else values
        return total

    def repair(
        self, plan: Plan, windows: Sequence[Ids], strengths: Sequence[float], progress: OnProgress = silent
    ) -> list[dict[int, Repair]]:
        """Refitted weights of followers and mean outputs of dropped layers, by layer, a set for each strength.

        W_O + RᵀZ·(ZᵀZ + λI)⁻¹, λ the strength times the mean of the diagonal of ZᵀZ: ridge regression that shrinks towards
        W_O (Hoerl & Kennard 1970).
        """
        if not all(strength > 0 for strength in strengths):
            raise InputError(f"strengths {list(strengths)}: allowed: above 0")
        sums = self.repair_sums(plan, windows, progress)
        return [{layer: self._repair_of(layer, found, strength) for layer, found in sums.items()} for strength in strengths]

    def _repair_of(self, layer: int, sums: Mapping[str, np.ndarray], strength: float) -> Repair:
        if "mean" in sums:
            return Repair(mean=torch.from_numpy(sums["mean"]).float())
        gram, missing = torch.from_numpy(sums["gram"]), torch.from_numpy(sums["missing"])
        width = len(gram)
        # The projection without its bias, whatever form its weight is stored in: what it makes of the unit vectors.
        weight = self._without_bias(layer, torch.eye(width, device=self.decoder.device, dtype=self.decoder.dtype)).T
        weight = weight.detach().cpu().double()
        penalty = strength * gram.diagonal().mean()
        if penalty > 0:
            factor = torch.linalg.cholesky(gram + penalty * torch.eye(width, dtype=gram.dtype))
            weight = weight + torch.cholesky_solve(missing.T, factor).T
        return Repair(projection=weight.float())

    @torch.inference_mode()
    def token_maps(self, layers: Sequence[int], window: Ids) -> np.ndarray:
        """Probabilities [layers, heads, S, S] of one window."""
        check_windows([window], self.decoder.vocab)
        if not all(0 <= layer < self.layers for layer in layers):
            raise InputError(f"layers {list(layers)}: allowed: 0 to {self.layers - 1}")
        maps: dict[int, np.ndarray] = {}

        def note(layer: int, weights: torch.Tensor) -> None:
            if layer in layers:
                maps[layer] = _numbers(weights[0])

        self.runner.logits(self._ids([window]), baseline(self.layers), on_probabilities=note)
        return np.stack([maps[layer] for layer in layers])

    def facts(self) -> dict[str, Any]:
        """Sizes of the model, as found by running it."""
        decoder = self.decoder
        config = decoder.model.config.get_text_config()
        return {
            "architecture": type(decoder.model).__name__,
            "modelType": config.model_type,
            "layers": self.layers,
            "heads": decoder.heads,
            "kvHeads": decoder.kv_heads,
            "headDim": decoder.head_dim,
            "hidden": decoder.hidden,
            "intermediate": int(getattr(config, "intermediate_size", None) or 4 * decoder.hidden),
            "vocab": decoder.vocab,
            "maxPositions": int(getattr(config, "max_position_embeddings", None) or 2**31 - 1),
            "slidingWindows": [layer.sliding_window for layer in decoder.layers],
            "parameters": sum(parameter.numel() for parameter in decoder.model.parameters()),
            "device": str(decoder.device),
            "dtype": str(decoder.dtype).removeprefix("torch."),
        }

    def _heads(self, call: Call, value: torch.Tensor, head_map: tuple[int, ...] | None) -> torch.Tensor:
        if head_map is None:
            return mixed(call, value)[0]
        return by_heads(probabilities(call, value)[1], value, head_map)

    def _project(self, layer: int) -> Callable[[torch.Tensor], torch.Tensor]:
        projection = self.decoder.layers[layer].projection
        if projection is None:
            raise InputError(
                f"{type(self.decoder.model).__name__}: something lies between attention and output projection of layer "
                f"{layer}; output errors and repairs are not available"
            )
        return projection

    def _without_bias(self, layer: int, heads: torch.Tensor) -> torch.Tensor:
        project = self._project(layer)
        return project(heads) - project(torch.zeros_like(heads[:1]))

    def _square(self, layer: int, heads: torch.Tensor) -> float:
        flat = heads.reshape(heads.shape[0] * heads.shape[1], -1)
        return float(self._without_bias(layer, flat).float().square().sum())

    def _ids(self, windows: Sequence[Ids]) -> torch.Tensor:
        return torch.tensor(list(windows), dtype=torch.long, device=self.decoder.device)

    def _path(self, windows: Sequence[Ids]) -> Path:
        """Returns the states known of windows that ran just before; kept on a GPU alone, which has the memory."""
        key = tuple(map(tuple, windows))
        path = self._paths.pop(key, None) or Path()
        if self.decoder.device.type == "cuda":
            while len(self._paths) >= KEPT_PATHS:
                self._paths.popitem(last=False)
            self._paths[key] = path
        return path

    def _now(self) -> float:
        if self.decoder.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def _batch(self, context: int, *, kept: bool) -> int:
        """Windows at a time: as asked for, else one on a CPU, and on a GPU as many as fit."""
        if self.batch is not None:
            return self.batch
        decoder = self.decoder
        free = free_bytes(decoder.device)
        if free is None:
            return 1
        width = decoder.hidden + (decoder.heads + decoder.kv_heads) * decoder.head_dim
        states = self.layers * context * width * (decoder.dtype.itemsize if kept else 0)
        return max(1, int(free * MEMORY_FRACTION / (KEPT_PATHS * 2 * states + 5 * context * decoder.vocab * FLOAT)))


def check_questions(questions: Sequence[Sequence[Question]], count: int, context: int, vocab: int) -> None:
    """Raises InputError where questions are not of `count` windows of `context` tokens, or a window has none."""
    if len(questions) != count or not all(questions):
        raise InputError(f"questions: of {len(questions)} windows; expected one or more for each of {count}")
    for index, asked in enumerate(questions):
        for place, candidates in ((each.place, each.candidates) for each in asked):
            if not 0 <= place < context:
                raise InputError(f"questions: window {index}: place {place}; allowed: 0 to {context - 1}")
            if not candidates or not all(0 <= token < vocab for token in candidates):
                raise InputError(f"questions: window {index}: candidates must be tokens from 0 to {vocab - 1}")


def _add(sums: dict[str, np.ndarray], name: str, values: torch.Tensor) -> None:
    numbers = _numbers(values)
    sums[name] = sums[name] + numbers if name in sums else numbers


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.cpu().double().numpy()
