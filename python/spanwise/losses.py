"""Losses and comparisons of next-token logits, in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

#: Logits widened to float32 at a time.
PART = 1 << 26


def token_losses(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Natural-log loss of each token after the first, [B, S − 1]."""
    return torch.cat(
        [_losses(logits[:, first:end].float(), ids[:, first + 1 : end + 1]) for first, end in _parts(logits)], dim=1
    )


@dataclass(frozen=True)
class Comparison:
    """Comparison of two models on each token after the first, [B, S − 1]: losses (nats), KL(baseline ‖ planned), and
    agreement, 1 where both find the same token the likeliest, else 0."""

    baseline: torch.Tensor
    planned: torch.Tensor
    kl: torch.Tensor
    agree: torch.Tensor

    def cpu(self) -> Comparison:
        """The same in memory."""
        return Comparison(self.baseline.cpu(), self.planned.cpu(), self.kl.cpu(), self.agree.cpu())


def compare_logits(baseline: torch.Tensor, planned: torch.Tensor, ids: torch.Tensor) -> Comparison:
    """Compares the logits [B, S, vocab] of two models on the same windows."""
    found: list[list[torch.Tensor]] = [[], [], [], []]
    for first, end in _parts(baseline):
        targets = ids[:, first + 1 : end + 1]
        one, other = baseline[:, first:end].float(), planned[:, first:end].float()
        log_one, log_other = one.log_softmax(-1), other.log_softmax(-1)
        found[0].append(_losses(one, targets))
        found[1].append(_losses(other, targets))
        found[2].append((log_one.exp() * (log_one - log_other)).sum(-1).clamp_min(0))
        found[3].append((one.argmax(-1) == other.argmax(-1)).float())
    return Comparison(*(torch.cat(parts, dim=1) for parts in found))


def candidate_losses(logits: torch.Tensor, candidates: Sequence[int]) -> torch.Tensor:
    """Natural-log loss of each token that may come next, [candidates], by the logits [vocab] of one token."""
    wide = logits.float()
    return wide.logsumexp(-1) - wide[list(candidates)]


def _losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return logits.logsumexp(-1) - logits.gather(-1, targets[..., None]).squeeze(-1)


def _parts(logits: torch.Tensor) -> list[tuple[int, int]]:
    """Cuts positions 0 … S − 2 so that a part has at most PART logits."""
    batch, length, vocab = logits.shape
    step = max(1, PART // (batch * vocab))
    return [(first, min(first + step, length - 1)) for first in range(0, length - 1, step)]
