"""Planned models of transformers made from baseline models in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from . import modeling_spanwise
from .errors import InputError
from .modeling_spanwise import PREFIX, SUFFIX

MODELING = Path(modeling_spanwise.__file__)


def planned_model(model: PreTrainedModel, plan: Mapping[str, Any]) -> PreTrainedModel:
    """Makes the planned model of a baseline model; weights are shared with it. `plan` is a plan.json's content.

    Raises InputError for families that the modeling file does not cover.
    """
    family = type(model).__name__.removesuffix(SUFFIX)
    try:
        made = modeling_spanwise.model_class(family)
        settings = model.config.to_dict()
        settings.pop("model_type", None)
        config = made.config_class(**settings, spanwise=dict(plan))
        config._attn_implementation = model.config._attn_implementation
        with torch.device("meta"):
            planned = made(config)
    except (ValueError, AttributeError) as error:
        raise InputError(f"{type(model).__name__}: {error}") from error
    own = dict(planned.state_dict(keep_vars=True))
    given = dict(model.state_dict(keep_vars=True))
    planned.load_state_dict({name: given[name] for name in own}, assign=True)
    for name, buffer in model.named_buffers():
        if name in dict(planned.named_buffers()):
            parent, _, leaf = name.rpartition(".")
            planned.get_submodule(parent)._buffers[leaf] = buffer
    planned.tie_weights()
    return planned.train(model.training)


def save_planned(planned: PreTrainedModel, folder: Path) -> None:
    """Writes a planned model as a folder that transformers loads with `trust_remote_code=True`."""
    planned.save_pretrained(folder)
    shutil.copyfile(MODELING, folder / MODELING.name)
    file = folder / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, **written_config(type(planned).__name__)}, indent=2) + "\n")


def written_config(name: str) -> dict[str, Any]:
    """What config.json says so that transformers finds the classes; `name` is the model class's."""
    family = name.removeprefix(PREFIX).removesuffix(SUFFIX)
    module = MODELING.stem
    return {
        "architectures": [f"{PREFIX}{family}{SUFFIX}"],
        "auto_map": {
            "AutoConfig": f"{module}.{PREFIX}{family}Config",
            "AutoModelForCausalLM": f"{module}.{PREFIX}{family}{SUFFIX}",
        },
    }
