"""Planned models of transformers made from baseline models in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from . import modeling_spanwise
from .decoder import first_line
from .errors import InputError
from .modeling_spanwise import FUSED, PREFIX, attention_name, config_name, layers_of, value_projection

MODELING = Path(modeling_spanwise.__file__)


def planned_model(model: PreTrainedModel, plan: Mapping[str, Any]) -> PreTrainedModel:
    """Makes the planned model of a baseline model; weights are shared with it. `plan` is a plan.json's content.

    Raises InputError for families that the modeling file does not cover.
    """
    try:
        made = modeling_spanwise.model_class(type(model).__name__)
        settings = model.config.to_dict()
        settings.pop("model_type", None)
        config = made.config_class(**settings, spanwise=dict(plan))
        config._attn_implementation = model.config._attn_implementation
        with torch.device("meta"):
            planned = made(config)
    except (ValueError, AttributeError) as error:
        raise InputError(f"{type(model).__name__}: {error}") from error
    own = dict(planned.state_dict(keep_vars=True))
    given = {**model.state_dict(keep_vars=True), **fused_values(model)}
    planned.load_state_dict({name: given[name] for name in own}, assign=True)
    for name, buffer in model.named_buffers():
        if name in dict(planned.named_buffers()):
            parent, _, leaf = name.rpartition(".")
            planned.get_submodule(parent)._buffers[leaf] = buffer
    planned.tie_weights()
    return planned.train(model.training)


def fused_values(model: PreTrainedModel) -> dict[str, Any]:
    """Value projections of attention that keeps them in one tensor with queries and keys, by the names that followers have."""
    found: dict[str, Any] = {}
    names = {module: name for name, module in model.named_modules()}
    for layer in layers_of(model):
        own = getattr(layer, attention_name(layer))
        if type(own).__name__ in FUSED:
            for kind, parameter in value_projection(own).named_parameters():
                found[f"{names[own]}.v_proj.{kind}"] = parameter
    return found


def save_planned(planned: PreTrainedModel, folder: Path) -> None:
    """Writes a planned model as a folder that transformers loads with `trust_remote_code=True`."""
    planned.save_pretrained(folder)
    shutil.copyfile(MODELING, folder / MODELING.name)
    file = folder / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, **written_config(type(planned).__name__)}, indent=2) + "\n")


def written_config(name: str) -> dict[str, Any]:
    """Returns the entries of config.json by which transformers finds the classes; `name` is the model class's."""
    module = MODELING.stem
    return {
        "architectures": [name],
        "auto_map": {
            "AutoConfig": f"{module}.{config_name(name.removeprefix(PREFIX))}",
            "AutoModelForCausalLM": f"{module}.{name}",
        },
    }


def load_planned(folder: Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Loads a folder that `spanwise apply --to transformers` wrote, as anyone would. Its code, which is a copy of ours, is run.

    Raises InputError where transformers refuses it, or its weights are not exactly those that the model has.
    """
    if not (folder / MODELING.name).is_file() or (folder / MODELING.name).read_bytes() != MODELING.read_bytes():
        raise InputError(f"{folder}: {MODELING.name} is not there or not that of this version; write it with spanwise apply")
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            str(folder), dtype=dtype, local_files_only=True, trust_remote_code=True, output_loading_info=True
        )
    except (OSError, ValueError, KeyError, ImportError, AttributeError) as error:
        raise InputError(f"{folder}: transformers cannot load it: {first_line(error)}") from error
    model, report = loaded
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[what]:
            raise InputError(f"{folder}: transformers reports {what.replace('_', ' ')}: {sorted(map(str, report[what]))[0]}")
    return model.eval()


@torch.inference_mode()
def planned_logits(folder: Path, window: Sequence[int]) -> tuple[np.ndarray, float]:
    """Runs a written folder on a window of ids.

    Returns the logits [S, vocab], and by how much the largest of them differs where the second half of the window is read
    token by token through the cache.
    """
    model: Any = load_planned(folder)
    ids = torch.tensor([list(window)])
    logits = model(ids, use_cache=False).logits[0]
    half = (len(window) + 1) // 2
    found = model(ids[:, :half], use_cache=True)
    steps = [found.logits[0]]
    for at in range(half, len(window)):
        found = model(ids[:, at : at + 1], past_key_values=found.past_key_values, use_cache=True)
        steps.append(found.logits[0])
    cached = float((torch.cat(steps) - logits).abs().max())
    return logits.double().numpy(), cached
