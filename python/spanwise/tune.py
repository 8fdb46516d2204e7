"""Tuning of planned models: distillation from the untouched model, cross-entropy, or a mixture of both."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from .decoder import check_device, first_line
from .errors import InputError
from .finite import check_finite
from .planned import MODELING, load_planned

#: Of the steps: how long the learning rate rises, before it falls as a cosine.
WARMUP = 0.05
MAX_GRADIENT_NORM = 1.0
BETAS = (0.9, 0.95)
#: What files of GPT-NeoX call a tensor otherwise than the model does.
STORED_AS = {"lm_head.weight": "embed_out.weight"}
PRECISIONS = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


@dataclass(frozen=True)
class Settings:
    """How a model is tuned. `distill` is the weight of the KL divergence from the untouched model, 0 to 1; the rest is
    cross-entropy on the text. `lora` is the rank of adapters, None: all weights are trained."""

    steps: int
    batch: int
    learning_rate: float
    distill: float = 1.0
    lora: int | None = None
    seed: int = 0
    #: Steps between two looks at held-out text, and how many of them may pass without a better loss.
    every: int = 20
    patience: int = 3
    device: str = "cpu"
    dtype: str = "float32"


@dataclass(frozen=True)
class Part:
    """Windows of text, and probes of recall, of which the last `scored` losses count."""

    windows: Sequence[Sequence[int]]
    probes: Sequence[Sequence[int]]
    scored: int


@dataclass(frozen=True)
class Measured:
    """Mean loss of each window and recall of each probe, nats/token."""

    windows: list[float]
    probes: list[float]

    @property
    def loss(self) -> float:
        return sum(self.windows) / len(self.windows)

    @property
    def recall(self) -> float | None:
        return sum(self.probes) / len(self.probes) if self.probes else None


@dataclass(frozen=True)
class Look:
    """What was seen after `step` steps: the mean objective since the last look, loss and recall on held-out text."""

    step: int
    objective: float | None
    loss: float
    recall: float | None


@dataclass(frozen=True)
class Tuned:
    """`best` is the step whose weights were kept; `steps` were taken."""

    before: Measured
    after: Measured
    looks: list[Look]
    best: int
    steps: int


Report = Callable[[int], None]


def load(folder: Path) -> PreTrainedModel:
    """Loads a model in float32: a folder written for transformers with our code in it, else a plain one."""
    if (folder / MODELING.name).exists():
        return load_planned(folder)
    try:
        return AutoModelForCausalLM.from_pretrained(
            str(folder), dtype=torch.float32, local_files_only=True, trust_remote_code=False
        ).eval()
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{folder}: transformers cannot load it: {first_line(error)}") from error


class Tuner:
    """One model being tuned. Everything that is random follows from the seed and the step, so that it can be resumed."""

    def __init__(self, student: Path, teacher: Path, settings: Settings) -> None:
        check_device(settings.device)
        if settings.device not in ("cpu", "auto"):
            os.environ["ACCELERATE_TORCH_DEVICE"] = settings.device
        self.settings = settings
        self.accelerator = Accelerator(cpu=settings.device == "cpu", mixed_precision=PRECISIONS[settings.dtype])
        torch.manual_seed(settings.seed)
        self._stored = stored_types(student)
        model: Any = load(student)
        if settings.lora is not None:
            model = with_adapters(model, settings.lora)
        self.parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
        optimizer = torch.optim.AdamW(self.parameters.values(), lr=settings.learning_rate, betas=BETAS, weight_decay=0.0)
        self.plain = model
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self.teacher: Any = None
        if settings.distill > 0:
            self.teacher = load(teacher).to(self.accelerator.device).requires_grad_(False)  # type: ignore[arg-type]

    def rate(self, step: int) -> float:
        """The learning rate of a step as a fraction of the highest."""
        warm = max(1, round(WARMUP * self.settings.steps))
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.settings.steps - warm)))

    def step(self, step: int, windows: Sequence[Sequence[int]]) -> float:
        """Takes one step on a batch of windows. Returns the objective, nats/token."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * self.rate(step)
        self.model.train()
        ids = torch.tensor([list(window) for window in windows], device=self.accelerator.device)
        objective = self._objective(ids)
        value = objective.item()
        if not math.isfinite(value):
            raise InputError(f"step {step}: the objective is {value}; use a smaller learning rate or --dtype float32")
        self.accelerator.backward(objective)
        self.accelerator.clip_grad_norm_(self.parameters.values(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return value

    def _objective(self, ids: torch.Tensor) -> torch.Tensor:
        distill = self.settings.distill
        logits = self.model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        loss = logits.new_zeros(())
        if distill > 0:
            with torch.no_grad(), self.accelerator.autocast():
                wanted = self.teacher(input_ids=ids, use_cache=False).logits[:, :-1].float()
            loss = loss + distill * divergence(wanted, logits)
        if distill < 1:
            loss = loss + (1 - distill) * F.cross_entropy(logits.transpose(1, 2), ids[:, 1:])
        return loss

    @torch.no_grad()
    def measure(self, part: Part) -> Measured:
        """Losses on held-out windows and probes, in float32."""
        self.plain.eval()
        device = self.accelerator.device

        def loss(window: Sequence[int], scored: int, name: str) -> float:
            ids = torch.tensor([list(window)], device=device)
            logits = self.plain(input_ids=ids, use_cache=False).logits[0, :-1].float()
            found = F.cross_entropy(logits, ids[0, 1:], reduction="none").double()[-scored:].mean().item()
            check_finite(found, self.plain.name_or_path, f"{name}: the loss")
            return found

        return Measured(
            [loss(window, len(window) - 1, f"window {index}") for index, window in enumerate(part.windows)],
            [loss(probe, part.scored, f"probe {index}") for index, probe in enumerate(part.probes)],
        )

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of what is trained."""
        return {name: each.detach().cpu().clone() for name, each in self.parameters.items()}

    def set_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Takes back a copy of what is trained."""
        with torch.no_grad():
            for name, each in self.parameters.items():
                each.copy_(weights[name])

    def finish(self) -> dict[str, torch.Tensor]:
        """Merges adapters and rounds every weight to the type that it is stored in. Returns the tensors of the file."""
        if self.settings.lora is not None:
            self.plain = self.plain.merge_and_unload()
        tensors = {}
        with torch.no_grad():
            for name, each in self.plain.state_dict(keep_vars=True).items():
                stored = name if name in self._stored else STORED_AS.get(name)
                if stored in self._stored:
                    rounded = each.detach().to(self._stored[stored])
                    each.copy_(rounded.float())
                    tensors[stored] = rounded.cpu().contiguous()
        return tensors


def divergence(wanted: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Mean KL divergence of the distributions that `logits` stand for from those of `wanted`, nats/token."""
    log_wanted, log_found = wanted.log_softmax(-1), logits.log_softmax(-1)
    return F.kl_div(log_found, log_wanted, reduction="none", log_target=True).sum(-1).mean()


def with_adapters(model: PreTrainedModel, rank: int) -> Any:
    """Adds LoRA adapters to every linear module of the layers, GPT-2's Conv1D too; only they are trained. Raises InputError
    without peft."""
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise InputError("LoRA needs peft: pip install peft") from error
    head = model.get_output_embeddings()
    names = [name for name, each in model.named_modules() if isinstance(each, (nn.Linear, Conv1D)) and each is not head]
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names, task_type="CAUSAL_LM")
    return get_peft_model(model, config)  # type: ignore[arg-type]


def stored_types(folder: Path) -> dict[str, torch.dtype]:
    """The types of the tensors of a folder, by name."""
    types = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118
                types[name] = tensors.get_slice(name)[:0].dtype
    return types


def batches(count: int, steps: int, batch: int, seed: int) -> list[list[int]]:
    """Indices of the windows of each step: all windows in a new random order, again and again."""
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = []
    while len(order) < steps * batch:
        order += torch.randperm(count, generator=generator).tolist()
    return [order[step * batch : (step + 1) * batch] for step in range(steps)]


def tune(
    tuner: Tuner,
    train: Sequence[Sequence[int]],
    stop: Part,
    report: Part,
    checkpoint: Path,
    on_step: Report = lambda step: None,
    on_look: Callable[[Look], None] = lambda look: None,
) -> tuple[Tuned, dict[str, torch.Tensor]]:
    """Tunes until the steps are done, or the loss on the part `stop` has not fallen for `patience` looks.

    The weights of the best look are kept; `report` is measured before and after and decides nothing. Every look leaves a
    checkpoint, from which the same call goes on. Returns what was measured, and the tensors of the tuned model.
    """
    settings = tuner.settings
    state = read_checkpoint(checkpoint, settings)
    if state is None:
        before = tuner.measure(report)
        first = tuner.measure(stop)
        looks = [Look(0, None, first.loss, first.recall)]
        best, step = tuner.weights(), 0
    else:
        before = Measured(**state["before"])
        looks = [Look(**look) for look in state["looks"]]
        best, step = state["best"], state["step"]
        tuner.set_weights(state["weights"])
        tuner.optimizer.load_state_dict(state["optimizer"])
    for look in looks:
        on_look(look)
    on_step(step)
    plan = batches(len(train), settings.steps, settings.batch, settings.seed)
    seen: list[float] = []

    def save() -> None:
        write_checkpoint(
            checkpoint,
            {
                "settings": asdict(settings),
                "step": step,
                "before": asdict(before),
                "looks": [asdict(look) for look in looks],
                "weights": tuner.weights(),
                "optimizer": tuner.optimizer.state_dict(),
                "best": best,
            },
        )

    while step < settings.steps and not is_over(looks, settings.patience):
        seen.append(tuner.step(step, [train[window] for window in plan[step]]))
        step += 1
        if step % settings.every == 0 or step == settings.steps:
            found = tuner.measure(stop)
            look = Look(step, sum(seen) / len(seen), found.loss, found.recall)
            seen = []
            if found.loss < min(each.loss for each in looks):
                best = tuner.weights()
            looks.append(look)
            on_look(look)
            save()
        on_step(step)
    tuner.set_weights(best)
    tensors = tuner.finish()
    kept = min(looks, key=lambda look: look.loss).step
    return Tuned(before, tuner.measure(report), looks, kept, step), tensors


def is_over(looks: Sequence[Look], patience: int) -> bool:
    """Whether the last `patience` looks saw no better loss than one before them."""
    best = min(range(len(looks)), key=lambda at: looks[at].loss)
    return len(looks) - 1 - best >= patience


def read_checkpoint(file: Path, settings: Settings) -> dict[str, Any] | None:
    """What an earlier run left; None where there is nothing, or it was of other settings."""
    if not file.exists():
        return None
    try:
        state = torch.load(file, weights_only=True, map_location="cpu")
    except Exception as error:
        raise InputError(f"{file}: cannot be read: {first_line(error)}; delete it to begin anew") from error
    return state if state["settings"] == asdict(settings) else None


def write_checkpoint(file: Path, state: Mapping[str, Any]) -> None:
    """Writes a checkpoint whole or not at all."""
    partial = file.with_suffix(".partial")
    try:
        torch.save(dict(state), partial)
        os.replace(partial, file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error


def write_tensors(tensors: Mapping[str, torch.Tensor], file: Path) -> None:
    """Writes the tensors of a tuned model as safetensors; those that share memory are copied."""
    try:
        save_file({name: tensor.clone() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error


def parse_settings(given: Mapping[str, Any]) -> Settings:
    """The settings of a request. Raises InputError where they are none."""
    if given.get("dtype", "float32") not in PRECISIONS:
        raise InputError(f"dtype {given.get('dtype')}: allowed: {', '.join(PRECISIONS)}")
    return Settings(
        steps=int(given["steps"]),
        batch=int(given["batch"]),
        learning_rate=float(given["learningRate"]),
        distill=float(given["distill"]),
        lora=None if given.get("lora") is None else int(given["lora"]),
        seed=int(given.get("seed", 0)),
        every=int(given["every"]),
        patience=int(given["patience"]),
        device=str(given.get("device", "cpu")),
        dtype=str(given.get("dtype", "float32")),
    )
