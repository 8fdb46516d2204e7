"""Tuning of planned models: distillation from the untouched model, cross-entropy, or a mixture of both."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
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
from .group import Group, own_device
from .planned import MODELING, load_planned
from .shards import like, set_whole_state, shard, whole, whole_state

#: Of the steps: how long the learning rate rises, before it falls as a cosine.
WARMUP = 0.05
MAX_GRADIENT_NORM = 1.0
BETAS = (0.9, 0.95)
#: Names of tensors in files of GPT-NeoX, by the model's own name, where the two differ.
STORED_AS = {"lm_head.weight": "embed_out.weight"}
PRECISIONS = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


@dataclass(frozen=True)
class Settings:
    """Settings of a tuning. `distill` is the weight of the KL divergence from the untouched model, 0 to 1; the rest is
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
    """Windows of text, probes of recall, of which the last `scored` losses count, and choices of questions: the tokens of
    prompt and choice, and how many of them are the choice's."""

    windows: Sequence[Sequence[int]]
    probes: Sequence[Sequence[int]]
    scored: int
    choices: Sequence[tuple[Sequence[int], int]] = ()


@dataclass(frozen=True)
class Measured:
    """Mean loss of each window and recall of each probe, nats/token; summed log-likelihood of each choice, nats."""

    windows: list[float]
    probes: list[float]
    choices: list[float] = field(default_factory=list)

    @property
    def loss(self) -> float:
        return sum(self.windows) / len(self.windows)

    @property
    def recall(self) -> float | None:
        return sum(self.probes) / len(self.probes) if self.probes else None


@dataclass(frozen=True)
class Look:
    """Measurements after `step` steps: the mean objective since the last look, loss and recall on held-out text."""

    step: int
    objective: float | None
    loss: float
    recall: float | None


@dataclass(frozen=True)
class Tuned:
    """`best` is the step whose weights were kept; `steps` were taken. `baseline` is the untouched model, if asked for."""

    before: Measured
    after: Measured
    looks: list[Look]
    best: int
    steps: int
    baseline: Measured | None = None


Report = Callable[[int], None]


def load(folder: Path) -> PreTrainedModel:
    """Loads a model in float32: a folder written for transformers with our code in it, else a plain one.

    Raises InputError where it cannot be loaded or a weight is no number."""
    if (folder / MODELING.name).exists():
        model = load_planned(folder)
    else:
        try:
            model = AutoModelForCausalLM.from_pretrained(
                str(folder), dtype=torch.float32, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise InputError(f"{folder}: transformers cannot load it: {first_line(error)}") from error
    # A kernel may hide one: PyTorch's attention on some CPUs gives numbers for queries that are NaN.
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise InputError(f"{folder}: {name} has a value that is NaN or infinite; allowed: finite weights")
    return model.eval()


class Tuner:
    """One model being tuned. Everything that is random follows from the seed and the step, so that it can be resumed.

    Several processes (`group`) share the windows of a batch and hold a part of all weights each; what every one of them is
    given, and finds, is the same.
    """

    def __init__(self, student: Path, teacher: Path, settings: Settings, group: Group | None = None) -> None:
        self.group = group or Group()
        device = own_device(settings.device)
        check_device(device)
        self._check_processes(settings)
        if self.group.size == 1 and device not in ("cpu", "auto"):
            os.environ["ACCELERATE_TORCH_DEVICE"] = device
        self.settings = settings
        self.accelerator = Accelerator(cpu=device == "cpu", mixed_precision=PRECISIONS[settings.dtype])
        self._student, self._teacher = student, teacher
        self._stored = stored_types(student)
        self.plain = self._placed(self._loaded())
        self.parameters = trained(self.plain)
        optimizer = torch.optim.AdamW(self.parameters.values(), lr=settings.learning_rate, betas=BETAS, weight_decay=0.0)
        if self.group.size == 1:
            self.model, self.optimizer = self.accelerator.prepare(self.plain, optimizer)
        else:
            self.model, self.optimizer = self.plain, self.accelerator.prepare(optimizer)
        self.teacher: Any = None
        if settings.distill > 0:
            self.teacher = self._placed(load(teacher).requires_grad_(False))

    def _check_processes(self, settings: Settings) -> None:
        """Raises InputError where several processes cannot share the work."""
        if self.group.size == 1:
            return
        if settings.batch < self.group.size:
            raise InputError(f"batch {settings.batch}: allowed: at least {self.group.size}, a window for each process")
        if settings.dtype == "float16":
            raise InputError("dtype float16: allowed with several processes: float32, bfloat16")

    def _loaded(self) -> Any:
        """The model as it is before it is tuned, with adapters where they are asked for, in memory."""
        torch.manual_seed(self.settings.seed)
        model: Any = load(self._student)
        return model if self.settings.lora is None else with_adapters(model, self.settings.lora)

    def _placed(self, model: Any) -> Any:
        """The model on the device; in parts where there are several processes."""
        if self.group.size == 1:
            return model.to(self.accelerator.device)
        shard(model, self.accelerator.device)
        return model

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
        # The mean over processes of what each adds is the mean over the windows of the batch, however they are shared out.
        mine = windows[self.group.rank :: self.group.size]
        weight = len(mine) * self.group.size / len(windows)
        objective = weight * self._objective(torch.tensor([list(window) for window in mine], device=self.accelerator.device))
        value = self.group.sum(np.array([objective.item()])).item() / self.group.size
        if not math.isfinite(value):
            raise InputError(f"step {step}: the objective is {value}; use a smaller learning rate or --dtype float32")
        self.accelerator.backward(objective)
        self.accelerator.clip_grad_norm_(self.parameters.values(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return value

    def _objective(self, ids: torch.Tensor) -> torch.Tensor:
        distill = self.settings.distill
        with self.accelerator.autocast():
            logits = self.model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        loss = logits.new_zeros(())
        if distill > 0:
            with torch.no_grad(), self.accelerator.autocast():
                wanted = self.teacher(input_ids=ids, use_cache=False).logits[:, :-1].float()
            loss = loss + distill * divergence(wanted, logits)
        if distill < 1:
            loss = loss + (1 - distill) * F.cross_entropy(logits.transpose(1, 2), ids[:, 1:])
        return loss

    def measure(self, part: Part) -> Measured:
        """Losses on held-out windows, probes and choices, in float32."""
        return self._measure(self.plain.eval(), part)

    def measure_baseline(self, part: Part) -> Measured:
        """The same of the untouched model."""
        return self._measure(self.teacher or self._placed(load(self._teacher)), part)

    def _measure(self, model: Any, part: Part) -> Measured:
        windows = [(window, len(window) - 1) for window in part.windows]
        probes = [(probe, part.scored) for probe in part.probes]
        losses = self._losses(model, part.choices, "choice")
        return Measured(
            self._losses(model, windows, "window"),
            self._losses(model, probes, "probe"),
            [-loss * scored for loss, (_, scored) in zip(losses, part.choices, strict=True)],
        )

    @torch.no_grad()
    def _losses(self, model: Any, windows: Sequence[tuple[Sequence[int], int]], name: str) -> list[float]:
        """Mean loss of the last tokens of each window, as many as stand beside it."""
        rank, size = self.group.rank, self.group.size
        found = []
        for first in range(0, len(windows), size):
            # A model in parts runs in all processes or in none: those that have no window left take the last again.
            window, scored = windows[min(first + rank, len(windows) - 1)]
            ids = torch.tensor([list(window)], device=self.accelerator.device)
            logits = model(input_ids=ids, use_cache=False).logits[0, :-1].float()
            loss = F.cross_entropy(logits, ids[0, 1:], reduction="none").double()[-scored:].mean().item()
            found += self.group.gather(loss)
        for index, loss in enumerate(found[: len(windows)]):
            check_finite(loss, model.name_or_path, f"{name} {index}: the loss")
        return found[: len(windows)]

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of what is trained, for the first process."""
        return {name: whole(each, self.group.rank == 0) for name, each in self.parameters.items()}

    def set_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Takes back the first process's copy of what is trained."""
        with torch.no_grad():
            for name, each in self.parameters.items():
                each.copy_(like(each, weights[name]))

    def optimizer_state(self) -> dict[str, Any]:
        """A copy of what the optimizer has kept, for the first process."""
        return whole_state(self.optimizer, self.group.rank == 0)

    def set_optimizer_state(self, state: dict[str, Any]) -> None:
        """Takes back the first process's copy of what the optimizer has kept."""
        set_whole_state(self.optimizer, list(self.parameters.values()), state)

    def finish(self) -> dict[str, torch.Tensor]:
        """Merges adapters and rounds every weight to the type that it is stored in; nothing is trained after it. Returns the
        tensors of the file."""
        model = self.plain if self.group.size == 1 else self._put_together()
        if self.settings.lora is not None:
            model = model.merge_and_unload()
        tensors = {}
        with torch.no_grad():
            for name, each in model.state_dict(keep_vars=True).items():
                stored = name if name in self._stored else STORED_AS.get(name)
                if stored in self._stored:
                    rounded = each.detach().to(self._stored[stored])
                    each.copy_(rounded.float())
                    tensors[stored] = rounded.cpu().contiguous()
        self.plain = model if self.group.size == 1 else self._placed(model)
        return tensors

    def _put_together(self) -> Any:
        """The model with whole weights, in memory; its parts are let go."""
        model = self._loaded()
        with torch.no_grad():
            for name, each in trained(model).items():
                each.copy_(whole(self.parameters[name]))
        del self.plain, self.model, self.optimizer, self.teacher, self.parameters
        return model


def trained(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights of a model that are trained, by name."""
    return {name: each for name, each in model.named_parameters() if each.requires_grad}


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
    wants_baseline: bool = False,
) -> tuple[Tuned, dict[str, torch.Tensor]]:
    """Tunes until the steps are done, or the loss on the part `stop` has not fallen for `patience` looks.

    The weights of the best look are kept; `report` is measured before and after and decides nothing, of the untouched model
    too where `wants_baseline`. Every look leaves a checkpoint, from which the same call goes on. Returns what was measured,
    and the tensors of the tuned model.
    """
    settings, group = tuner.settings, tuner.group
    state = read_checkpoint(checkpoint, settings, mapped=group.size > 1)
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
        tuner.set_optimizer_state(state["optimizer"])
    for look in looks:
        on_look(look)
    # Whoever asked may be gone, which the first process alone knows.
    group.run(partial(on_step, step))
    plan = batches(len(train), settings.steps, settings.batch, settings.seed)
    seen: list[float] = []

    def save() -> None:
        state = {
            "settings": asdict(settings),
            "step": step,
            "before": asdict(before),
            "looks": [asdict(look) for look in looks],
            "weights": tuner.weights(),
            "optimizer": tuner.optimizer_state(),
            "best": best,
        }
        group.run(lambda: write_checkpoint(checkpoint, state) if group.rank == 0 else None)

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
        group.run(partial(on_step, step))
    baseline = tuner.measure_baseline(report) if wants_baseline else None
    tuner.set_weights(best)
    tensors = tuner.finish()
    kept = min(looks, key=lambda look: look.loss).step
    return Tuned(before, tuner.measure(report), looks, kept, step, baseline), tensors


def is_over(looks: Sequence[Look], patience: int) -> bool:
    """Tests if the last `patience` looks saw no better loss than one before them."""
    best = min(range(len(looks)), key=lambda at: looks[at].loss)
    return len(looks) - 1 - best >= patience


def read_checkpoint(file: Path, settings: Settings, mapped: bool = False) -> dict[str, Any] | None:
    """Reads the checkpoint of an earlier run; returns None where there is none, or it was of other settings. `mapped`:
    parts that are not used take no memory. Raises InputError where it cannot be read."""
    if not file.exists():
        return None
    try:
        state = torch.load(file, weights_only=True, map_location="cpu", mmap=mapped)
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


def parse_part(given: Mapping[str, Any]) -> Part:
    """The windows, probes and choices of a request."""
    choices = [(choice["ids"], int(choice["scored"])) for choice in given.get("choices", ())]
    return Part(given["windows"], given["probes"], int(given["scored"]), choices)
