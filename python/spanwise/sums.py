"""The sums that every similarity is read from, as the TypeScript engine collects them (float64 when handed over)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from .group import Group

#: Keeps logarithms and quotients finite where a row is empty.
TINY = 1e-30
#: Queries per window that the profile looks at.
PROFILE_QUERIES = 32
#: Blocks of queries: a block sees no keys after its last query, so that most of the empty half is not touched.
MOST_BLOCKS = 8
SHORTEST_BLOCK = 64

VIEWS = ("all", "no-sink")


@dataclass(frozen=True)
class Wanted:
    """Sums to collect. `js` is the number of queries per window for divergences; None: no divergences."""

    views: tuple[str, ...] = ("all",)
    gram: bool = True
    sqrt: bool = False
    js: int | str | None = None


@dataclass
class ViewSums:
    """Sums of one view. Row (l, h) of a Gram matrix is l·H + h. Shapes: [L·H, L·H], js [2, L, L], windows [N, 2, L, L]."""

    view: str
    gram: np.ndarray | None
    sqrt: np.ndarray | None
    null: np.ndarray | None
    js: np.ndarray | None
    windows: list[np.ndarray] = field(default_factory=list)


def sampled_queries(context: int, count: int | str) -> list[int]:
    """Evenly spread queries: the middles of `count` equal stretches, or all of them."""
    if count == "all" or int(count) >= context:
        return list(range(context))
    return [int((index + 0.5) * context / int(count)) for index in range(int(count))]


def query_blocks(context: int) -> list[tuple[int, int]]:
    """First query and end of each block."""
    length = max(SHORTEST_BLOCK, -(-context // MOST_BLOCKS))
    return [(first, min(first + length, context)) for first in range(0, context, length)]


class Statistics:
    """Adds up windows of one length. Products are float32 a block, sums float64."""

    def __init__(self, layers: int, heads: int, context: int, windows: int, wanted: Wanted, device: torch.device) -> None:
        self.layers, self.heads, self.context, self.wanted = layers, heads, context, wanted
        rows = layers * heads
        self.blocks = query_blocks(context)
        self.buffers = [torch.empty(rows, end - first, end, device=device) for first, end in self.blocks]
        has_null = wanted.gram and windows > 1
        self.sums = [
            ViewSums(
                view=view,
                gram=_square(rows) if wanted.gram else None,
                sqrt=_square(rows) if wanted.sqrt else None,
                null=_square(rows) if has_null else None,
                js=None if wanted.js is None else np.zeros((2, layers, layers)),
            )
            for view in wanted.views
        ]
        self.totals: dict[str, list[torch.Tensor]] = {
            view: [
                torch.zeros_like(_view(buffer, first, view))
                for buffer, (first, _) in zip(self.buffers, self.blocks, strict=True)
            ]
            for view in (wanted.views if has_null else ())
        }
        self.queries = sampled_queries(context, PROFILE_QUERIES if wanted.js is None else wanted.js)
        self.entropy = np.zeros(rows)
        self.first_mass = np.zeros(rows)
        self.windows = 0

    def put(self, layer: int, weights: torch.Tensor) -> None:
        """Takes in one layer's probabilities [heads, S, S] of the window that is being collected."""
        rows = slice(layer * self.heads, (layer + 1) * self.heads)
        for buffer, (first, end) in zip(self.buffers, self.blocks, strict=True):
            buffer[rows].copy_(weights[:, first:end, :end])

    def add(self) -> None:
        """Adds the window whose layers were all put."""
        for sums in self.sums:
            window = _square(self.layers * self.heads) if sums.gram is not None else None
            for at, (first, end) in enumerate(self.blocks):
                cube = _view(self.buffers[at], first, sums.view)
                if cube.numel() == 0:
                    continue
                flat = cube.reshape(len(cube), -1)
                if window is not None:
                    window += _numbers(flat @ flat.T)
                if sums.sqrt is not None:
                    root = flat.sqrt()
                    sums.sqrt += _numbers(root @ root.T)
                if sums.null is not None:
                    self.totals[sums.view][at] += cube
                if sums.js is not None:
                    self._add_divergences(sums.js, cube, first, end, sums.view)
            if window is not None and sums.gram is not None:
                sums.gram += window
                sums.windows.append(self._head_sums(window))
        for at, (first, end) in enumerate(self.blocks):
            self._add_profile(at, first, end)
        self.windows += 1

    def merge(self, group: Group) -> None:
        """Adds what the other processes of a group have added up; windows are in their order."""
        for sums in self.sums:
            for name in ("gram", "sqrt", "js"):
                values = getattr(sums, name)
                if values is not None:
                    setattr(sums, name, group.sum(values))
            sums.windows = [window for windows in group.gather(sums.windows) for window in windows]
            if sums.null is not None:
                self.totals[sums.view] = [group.sum_tensor(total) for total in self.totals[sums.view]]
        self.entropy, self.first_mass = group.sum(self.entropy), group.sum(self.first_mass)
        self.windows = sum(group.gather(self.windows))

    def finish(self) -> list[ViewSums]:
        """The sums over all windows added, the null's Gram matrix among them."""
        for sums in self.sums:
            if sums.null is None:
                continue
            for total in self.totals[sums.view]:
                flat = total.reshape(len(total), -1)
                sums.null += _numbers(flat @ flat.T)
        return self.sums

    def profile(self) -> dict[str, object]:
        """Per layer, mean over heads and sampled queries: entropy in nats and probability of key 0."""
        count = self.heads * len(self.queries) * max(1, self.windows)
        entropy, first_mass = (
            values.reshape(self.layers, self.heads).sum(1) / count for values in (self.entropy, self.first_mass)
        )
        return {
            "queriesPerWindow": len(self.queries),
            "entropyNats": entropy.tolist(),
            "firstTokenMass": first_mass.tolist(),
        }

    def _head_sums(self, gram: np.ndarray) -> np.ndarray:
        """[2, L, L]: sums over equal heads, then over all pairs of heads."""
        split = gram.reshape(self.layers, self.heads, self.layers, self.heads)
        return np.stack([np.einsum("lhmh->lm", split), split.sum((1, 3))])

    def _add_profile(self, at: int, first: int, end: int) -> None:
        picked = [query - first for query in self.queries if first <= query < end]
        if picked:
            rows = self.buffers[at][:, picked]
            self.entropy -= _numbers(_times_log(rows).sum((1, 2)))
            self.first_mass += _numbers(rows[:, :, 0].sum(1))

    def _add_divergences(self, js: np.ndarray, cube: torch.Tensor, first: int, end: int, view: str) -> None:
        begin = first if view == "all" else max(first, 2)
        picked = [query - begin for query in self.queries if begin <= query < end]
        if not picked:
            return
        rows = cube[:, picked].reshape(self.layers, -1)
        terms = _times_log(rows)
        for layer in range(self.layers - 1):
            middle = (rows[layer] + rows[layer + 1 :]) / 2
            apart = ((terms[layer] + terms[layer + 1 :]) / 2 - _times_log(middle)).sum(1)
            values = _numbers(apart)
            js[0, layer, layer + 1 :] += values
            js[0, layer + 1 :, layer] += values
        js[1] += self.heads * len(picked)


def induction(weights: torch.Tensor, first: int, length: int) -> torch.Tensor:
    """Mean probability, per head, from a token of the second copy to the token after its first occurrence.

    weights: [heads, S, S]; the first copy begins at `first`, has `length` tokens and ends the window again.
    """
    at = torch.arange(length, device=weights.device)
    second = weights.shape[-1] - length
    return weights[:, second + at, first + at + 1].float().mean(1)


def cosine(gram: np.ndarray, layers: int, heads: int, mean: bool = False) -> np.ndarray:
    """`cosine`, or `cosine-mean`, of every pair of layers [L, L], read from Gram sums."""
    split = gram.reshape(layers, heads, layers, heads)
    dots = split.sum((1, 3)) if mean else np.einsum("lhmh->lm", split)
    norms = np.sqrt(np.diag(dots))
    return dots / np.outer(norms, norms)


def _view(cube: torch.Tensor, first: int, view: str) -> torch.Tensor:
    """[rows, queries, keys] of a view: `no-sink` is without key 0 and queries 0 and 1, rows divided by their sum."""
    if view == "all":
        return cube
    rest = cube[:, max(0, 2 - first) :, 1:]
    return rest / rest.sum(2, keepdim=True).clamp_min(TINY)


def _times_log(values: torch.Tensor) -> torch.Tensor:
    return values * values.clamp_min(TINY).log()


def _square(rows: int) -> np.ndarray:
    return np.zeros((rows, rows))


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.cpu().double().numpy()
