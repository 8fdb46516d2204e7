"""Tuning: objectives, resuming, early stop, adapters, and what is written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import tiny
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from spanwise.errors import InputError
from spanwise.modeling_spanwise import ATTENTION
from spanwise.planned import MODELING, planned_model, save_planned
from spanwise.tune import (
    Look,
    Part,
    Settings,
    Tuner,
    batches,
    divergence,
    is_over,
    parse_settings,
    read_checkpoint,
    stored_types,
    tune,
    write_tensors,
)

SOURCES = [0, 0, 2, None]
PLAN = {"sources": SOURCES, "spans": [{"source": 0, "followers": [1], "headMap": "identity"}]}
SETTINGS = Settings(steps=6, batch=2, learning_rate=3e-3, every=2, patience=9)


def windows(count: int, seed: int) -> list[list[int]]:
    """Counting upwards from anywhere: easy to learn."""
    starts = torch.randint(3, 60, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    return [[1, *range(start, start + 11)] for start in starts]


TRAIN, STOP = windows(8, 1), Part(windows(3, 2), windows(2, 3), 4)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A baseline model and the planned one, as files."""
    teacher, student = tmp_path / "model", tmp_path / "planned"
    model = tiny("llama", "sdpa")
    model.save_pretrained(teacher)
    save_planned(planned_model(model, PLAN), student)
    return teacher, student


def run(folders: tuple[Path, Path], checkpoint: Path, settings: Settings = SETTINGS, **options: Any) -> Any:
    teacher, student = folders
    return tune(Tuner(student, teacher, settings), TRAIN, STOP, STOP, checkpoint, **options)


def test_divergence_is_that_of_the_definition() -> None:
    wanted, found = torch.tensor([[0.0, math.log(3)]]), torch.tensor([[0.0, 0.0]])
    expected = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    assert divergence(wanted, found).item() == pytest.approx(expected, abs=1e-6)
    assert divergence(wanted, wanted).item() == 0


def test_distillation_brings_the_planned_model_nearer_to_the_untouched_one(folders: tuple[Path, Path], tmp_path: Path) -> None:
    settings = Settings(steps=12, batch=4, learning_rate=3e-3, every=4, patience=9)
    looks: list[Look] = []
    tuned, _ = run(folders, tmp_path / "c.pt", settings, on_look=looks.append)
    objectives = [look.objective for look in looks if look.objective is not None]
    assert objectives[-1] < objectives[0]
    assert [look.step for look in tuned.looks] == [0, 4, 8, 12]
    assert tuned.steps == 12


def test_cross_entropy_learns_the_text(folders: tuple[Path, Path], tmp_path: Path) -> None:
    settings = Settings(steps=12, batch=4, learning_rate=3e-3, distill=0.0, every=4, patience=9)
    tuned, _ = run(folders, tmp_path / "c.pt", settings)
    assert tuned.after.loss < tuned.before.loss
    assert len(tuned.after.windows) == 3 and len(tuned.after.probes) == 2
    assert tuned.best == min(tuned.looks, key=lambda look: look.loss).step


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(folders: tuple[Path, Path], tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop_at(step: int) -> None:
        if step == 5:
            raise Stopped

    whole, expected = run(folders, tmp_path / "whole.pt")
    with pytest.raises(Stopped):
        run(folders, tmp_path / "parts.pt", on_step=stop_at)
    steps: list[int] = []
    again, found = run(folders, tmp_path / "parts.pt", on_step=steps.append)
    assert steps[0] == 4
    assert again.after == whole.after and again.before == whole.before
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_checkpoint_of_other_settings_is_not_taken(folders: tuple[Path, Path], tmp_path: Path) -> None:
    run(folders, tmp_path / "c.pt")
    assert read_checkpoint(tmp_path / "c.pt", SETTINGS) is not None
    assert read_checkpoint(tmp_path / "c.pt", Settings(steps=7, batch=2, learning_rate=3e-3)) is None
    (tmp_path / "bad.pt").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"bad\.pt: cannot be read"):
        read_checkpoint(tmp_path / "bad.pt", SETTINGS)


def test_the_tuned_folder_has_the_measured_loss_and_the_types_of_the_original(tmp_path: Path) -> None:
    teacher, student = tmp_path / "model", tmp_path / "planned"
    model: Any = tiny("llama", "sdpa")
    model.save_pretrained(teacher)
    save_planned(planned_model(model, PLAN).to(torch.bfloat16), student)  # type: ignore[arg-type]
    tuned, tensors = run((teacher, student), tmp_path / "c.pt")
    assert set(tensors) == set(stored_types(student))
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    write_tensors(tensors, student / "model.safetensors")
    assert set(load_file(student / "model.safetensors")) == set(tensors)
    again: Any = AutoModelForCausalLM.from_pretrained(student, trust_remote_code=True, dtype=torch.float32)
    ids = torch.tensor([STOP.windows[0]])
    assert again(ids, labels=ids).loss.item() == pytest.approx(tuned.after.windows[0], abs=1e-5)
    assert (student / MODELING.name).exists()


def test_adapters_are_trained_alone_and_merged(folders: tuple[Path, Path], tmp_path: Path) -> None:
    settings = Settings(steps=4, batch=2, learning_rate=3e-2, lora=2, every=2, patience=9)
    teacher, student = folders
    tuner = Tuner(student, teacher, settings)
    assert all("lora_" in name for name in tuner.parameters)
    _, tensors = tune(tuner, TRAIN, STOP, STOP, tmp_path / "c.pt")
    before = load_file(student / "model.safetensors")
    assert set(tensors) == set(before)
    assert torch.equal(tensors["model.embed_tokens.weight"], before["model.embed_tokens.weight"])


@pytest.mark.parametrize("family", ["phi3", "gpt-neox", "gpt2", "stablelm"])
@pytest.mark.parametrize("lora", [None, 2])
def test_families_with_another_attention_are_written_whole(family: str, lora: int | None, tmp_path: Path) -> None:
    model: Any = tiny(family, "sdpa")
    model.save_pretrained(tmp_path / "model")
    save_planned(planned_model(model, PLAN), tmp_path / "planned")
    before = load_file(tmp_path / "planned" / "model.safetensors")
    settings = Settings(steps=2, batch=2, learning_rate=3e-3, lora=lora, every=2, patience=9)
    tuner = Tuner(tmp_path / "planned", tmp_path / "model", settings)
    tuner.step(0, TRAIN[:2])
    tuner.step(1, TRAIN[:2])
    tensors = tuner.finish()
    assert set(tensors) == set(before)
    changed = {name for name in before if not torch.equal(tensors[name], before[name])}
    joint = {"phi3": "qkv_proj", "gpt-neox": "query_key_value", "gpt2": "c_attn", "stablelm": "q_proj"}[family]
    assert any(f".0.{place}.{joint}.weight" in name for name in changed for place in ATTENTION)
    assert any(f".1.{place}.v_proj.weight" in name for name in changed for place in ATTENTION)


def test_choices_of_the_untouched_model_are_scored_as_by_transformers(folders: tuple[Path, Path], tmp_path: Path) -> None:
    teacher, _ = folders
    choices = [([1, 5, 6, 7, 8, 9], 2), ([1, 5, 6, 7, 30, 31, 32], 3)]
    part = Part(STOP.windows, STOP.probes, STOP.scored, choices)
    tuned, _ = tune(Tuner(folders[1], teacher, SETTINGS), TRAIN, STOP, part, tmp_path / "c.pt", wants_baseline=True)
    model: Any = AutoModelForCausalLM.from_pretrained(teacher, dtype=torch.float32)
    with torch.no_grad():
        for (ids, scored), found in zip(choices, tuned.baseline.choices, strict=True):  # type: ignore[union-attr]
            rows = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
            expected = rows.gather(1, torch.tensor(ids[1:])[:, None])[-scored:].sum().item()
            assert found == pytest.approx(expected, abs=1e-5)
    assert tuned.before.choices != tuned.after.choices != tuned.baseline.choices  # type: ignore[union-attr]
    assert run(folders, tmp_path / "d.pt")[0].baseline is None


def test_tied_weights_stay_tied(tmp_path: Path) -> None:
    model: Any = tiny("llama", "sdpa", tie_word_embeddings=True)
    model.save_pretrained(tmp_path / "model")
    save_planned(planned_model(model, PLAN), tmp_path / "planned")
    _, tensors = run((tmp_path / "model", tmp_path / "planned"), tmp_path / "c.pt")
    assert "lm_head.weight" not in tensors and "model.embed_tokens.weight" in tensors


def test_it_stops_where_the_held_out_loss_no_longer_falls() -> None:
    looks = [Look(step, None, loss, None) for step, loss in enumerate([3.0, 2.0, 2.1, 2.2])]
    assert is_over(looks, 2) and not is_over(looks, 3)


def test_every_window_is_read_before_one_comes_again() -> None:
    found = batches(5, 4, 3, seed=0)
    assert [len(batch) for batch in found] == [3, 3, 3, 3]
    order = [window for batch in found for window in batch]
    assert sorted(order[:5]) == list(range(5)) and sorted(order[5:10]) == list(range(5))
    assert batches(5, 4, 3, seed=0) == found != batches(5, 4, 3, seed=1)


def test_the_learning_rate_rises_and_falls(folders: tuple[Path, Path]) -> None:
    teacher, student = folders
    tuner = Tuner(student, teacher, Settings(steps=40, batch=1, learning_rate=1.0))
    rates = [tuner.rate(step) for step in range(40)]
    assert rates[0] == 0.5 and max(rates) == 1.0 and rates[-1] < 0.01


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(InputError, match="dtype int8: allowed: float32, bfloat16, float16"):
        parse_settings({"dtype": "int8"})


def test_a_weight_that_is_no_number_is_refused_before_tuning(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = folders[1] / "model.safetensors"
    tensors = load_file(file)
    tensors["model.layers.0.self_attn.q_proj.weight"][0, 0] = math.nan
    save_file(tensors, file, {"format": "pt"})
    with pytest.raises(
        InputError, match=r"planned: model\.layers\.0\.self_attn\.q_proj\.weight has a value that is NaN or infinite"
    ):
        run(folders, tmp_path / "state.pt")
