"""The modeling file that a planned folder carries: figures, and every trap that sharing has in transformers."""

from __future__ import annotations

import inspect as python_inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import torch.multiprocessing
from accelerate.utils import send_to_device
from conftest import tiny
from safetensors import safe_open
from torch.utils._pytree import tree_map
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, GPTJConfig, PreTrainedModel, StaticCache

from spanwise.decoder import inspect
from spanwise.errors import InputError
from spanwise.forward import Runner
from spanwise.modeling_spanwise import Held, MeanOutput
from spanwise.plan import Plan
from spanwise.planned import planned_model, save_planned

#: Layers of one kind follow one another: in some families sliding and full layers take turns.
SOURCES = (0, 1, 0, None)
SHARED = ["llama", "llama-bias", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "olmo2", "granite", "qwen3-moe", "gpt-oss"]
#: Those that keep q, k and v in one tensor, or whose layers hand nothing on.
OTHERWISE = ["phi3", "gpt-neox", "gpt2", "stablelm"]
SHARED += OTHERWISE
#: Training drops nothing of these.
UNDROPPED: dict[str, Any] = {"gpt2": {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}}


def plan_of(sources: Sequence[int | None], maps: dict[int, list[int]] | None = None) -> dict[str, Any]:
    """A plan.json's sources and spans, a span per follower."""
    maps = maps or {}
    spans = [
        {"source": source, "followers": [layer], "headMap": [maps[layer]] if layer in maps else "identity"}
        for layer, source in enumerate(sources)
        if source is not None and source != layer
    ]
    return {"sources": list(sources), "spans": spans}


def planned(family: str = "llama", sources: Sequence[int | None] = SOURCES, attn: str = "sdpa", **changes: Any) -> Any:
    return planned_model(tiny(family, attn, **changes), plan_of(sources))


def ids_of(rows: int = 2, length: int = 14) -> torch.Tensor:
    return torch.randint(3, 96, (rows, length), generator=torch.Generator().manual_seed(5))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_planned(planned(), tmp_path / "planned")
    return tmp_path / "planned"


def load(folder: Path, **options: Any) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, **options)


@pytest.mark.parametrize("family", SHARED)
def test_logits_are_those_of_the_engine(family: str) -> None:
    expected = Runner(inspect(tiny(family))).logits(ids_of(), Plan(SOURCES, (None,) * 4))
    found = planned(family, attn="eager")(ids_of()).logits
    assert torch.allclose(found, expected, atol=2e-4 * float(expected.detach().std()))


@pytest.mark.parametrize("family", SHARED)
@pytest.mark.parametrize("sources", [SOURCES, (None, 1, 2, 1)])
def test_generating_with_the_cache_gives_what_a_run_without_gives(family: str, sources: tuple[int | None, ...]) -> None:
    model = planned(family, sources, attn="eager")
    settings = {"max_new_tokens": 10, "min_new_tokens": 10, "do_sample": False, "return_dict_in_generate": True}
    cached = model.generate(ids_of(1), output_logits=True, **settings)
    logits = model(cached.sequences[:, :-1], use_cache=False).logits[:, 13:]
    assert torch.allclose(torch.stack(cached.logits, 1), logits, atol=1e-4)


def test_sdpa_is_eager(folder: Path) -> None:
    sdpa, eager = (load(folder, attn_implementation=name)(ids_of()).logits for name in ("sdpa", "eager"))
    assert torch.allclose(sdpa, eager, atol=1e-5)


@pytest.mark.parametrize("family", OTHERWISE)
def test_a_folder_of_a_family_with_another_attention_comes_back(family: str, tmp_path: Path) -> None:
    maps = {2: [3, 3, 0, 1]}
    made: Any = planned_model(tiny(family, "sdpa"), plan_of(SOURCES, maps))
    save_planned(made, tmp_path)
    loaded: Any = AutoModelForCausalLM.from_pretrained(tmp_path, trust_remote_code=True, output_loading_info=True)
    model, report = loaded
    assert not report["missing_keys"] and not report["unexpected_keys"]
    assert torch.allclose(model(ids_of()).logits, made(ids_of()).logits, atol=1e-6)
    expected = Runner(inspect(tiny(family))).logits(ids_of(), Plan(SOURCES, (None, None, (3, 3, 0, 1), None)))
    assert torch.allclose(model(ids_of()).logits, expected, atol=1e-4)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        follower = [name for name in file.keys() if ".2." in name]  # noqa: SIM118
    assert any("v_proj" in name for name in follower)
    gone = ("qkv_proj", "query_key_value", "c_attn", "q_proj", "k_proj")
    assert not [name for name in follower if any(part in name for part in gone)]


def test_attention_can_be_changed_after_loading(folder: Path) -> None:
    model = load(folder)
    before = model(ids_of()).logits
    model.set_attn_implementation("eager")
    assert torch.allclose(model(ids_of()).logits, before, atol=1e-5)


def test_followers_have_no_keys_in_the_cache_and_dropped_layers_nothing() -> None:
    cache = planned()(ids_of()).past_key_values
    assert [tuple(cache.layers[layer].keys.shape) for layer in range(3)] == [(2, 2, 14, 8), (2, 2, 14, 8), (2, 2, 14, 0)]
    assert tuple(cache.layers[2].values.shape) == (2, 2, 14, 8)
    assert len(cache.layers) == 3 or not cache.layers[3].is_initialized


def test_a_static_cache_gives_the_same() -> None:
    model = planned(sources=(0, 1, 1, 1))
    cache = StaticCache(config=model.config, max_cache_len=20)
    first = model(ids_of()[:, :8], past_key_values=cache, use_cache=True).logits
    rest = model(ids_of()[:, 8:], past_key_values=cache, use_cache=True).logits
    assert torch.allclose(torch.cat([first, rest], 1), model(ids_of()).logits, atol=1e-5)


@pytest.mark.parametrize("attn", ["sdpa", "eager"])
@pytest.mark.parametrize("family", ["llama", *OTHERWISE])
def test_left_padding_changes_nothing(family: str, attn: str) -> None:
    model = planned(family, attn=attn)
    ids = ids_of(1)
    padded = torch.cat([torch.zeros(1, 5, dtype=torch.long), ids], 1)
    mask = (torch.arange(19) >= 5).long()[None]
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    logits = model(padded, attention_mask=mask, position_ids=positions).logits[:, 5:]
    assert torch.allclose(logits, model(ids).logits, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", *OTHERWISE])
def test_compiles_as_one_graph(family: str) -> None:
    model = planned(family)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert torch.allclose(compiled(ids_of(), use_cache=False).logits, model(ids_of()).logits, atol=1e-5)


def gradients(model: Any) -> dict[str, torch.Tensor]:
    model.zero_grad()
    model.train()
    model(ids_of(), labels=ids_of()).loss.backward()
    return {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}


@pytest.mark.parametrize("family", ["llama", *OTHERWISE])
def test_checkpointed_gradients_are_the_gradients(family: str) -> None:
    model = planned(family, SOURCES, "sdpa", **UNDROPPED.get(family, {}))
    plain = gradients(model)
    sources = (
        "0.self_attn.q_proj.weight",
        "0.self_attn.qkv_proj.weight",
        "0.attention.query_key_value.weight",
        "0.attn.c_attn.weight",
    )
    [queries] = [gradient for name, gradient in plain.items() if name.endswith(sources)]
    assert queries.abs().max() > 0
    model.gradient_checkpointing_enable({"use_reentrant": False})
    for name, gradient in gradients(model).items():
        assert torch.allclose(gradient, plain[name], atol=1e-6), name
    model.gradient_checkpointing_disable()
    model.gradient_checkpointing_enable()
    last = model.get_output_embeddings().weight
    [name] = [name for name, each in model.named_parameters() if each is last]
    assert torch.allclose(gradients(model)[name], plain[name], atol=1e-6)


def test_layers_that_are_run_again_do_not_append_to_a_cache_twice() -> None:
    model = planned().train()
    model.gradient_checkpointing_enable({"use_reentrant": False})
    cache = DynamicCache(config=model.config)
    model(ids_of(), labels=ids_of(), past_key_values=cache, use_cache=True).loss.backward()
    assert [cache.get_seq_length(layer) for layer in range(3)] in ([0, 0, 0], [14, 14, 14])
    found = {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}
    plain = gradients(planned())
    assert all(torch.allclose(found[name], gradient, atol=1e-6) for name, gradient in plain.items())


def test_the_reentrant_form_is_refused() -> None:
    with pytest.raises(ValueError, match="use_reentrant=True gives wrong gradients"):
        planned().gradient_checkpointing_enable({"use_reentrant": True})


def test_nothing_loads_the_folder_as_the_plain_model(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"trust_remote_code|custom code"):
        AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False)
    config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    assert config.model_type == "spanwise_llama" and type(config).__name__ == "SpanwiseLlamaConfig"


def test_the_folder_has_exactly_the_weights_that_are_used(folder: Path) -> None:
    loaded: Any = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
    report = loaded[1]
    assert not report["missing_keys"] and not report["unexpected_keys"]
    with safe_open(folder / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert "model.layers.1.self_attn.q_proj.weight" in names
    gone = ["layers.2.self_attn.q_proj", "layers.2.self_attn.k_proj", "layers.3.self_attn", "layers.3.input_layernorm"]
    assert not [name for name in names if any(part in name for part in gone)]


def test_dropping_does_not_hang_on_settings_that_a_family_may_ignore(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert not {"per_layer_config", "num_kv_shared_layers"} & config.keys()
    dropped = planned(sources=(0, 1, 2, None))(ids_of()).logits
    assert not torch.allclose(dropped, tiny("llama", "sdpa")(ids_of()).logits, atol=1e-2)


def test_a_loaded_model_saves_its_code_too(folder: Path, tmp_path: Path) -> None:
    model = load(folder)
    model.save_pretrained(tmp_path / "again")
    assert (tmp_path / "again" / "modeling_spanwise.py").exists()
    saved = json.loads((tmp_path / "again" / "config.json").read_text())
    assert set(saved["auto_map"]) == {"AutoConfig", "AutoModelForCausalLM"}
    assert torch.equal(load(tmp_path / "again")(ids_of()).logits, model(ids_of()).logits)


def test_lora_with_named_targets_trains_and_comes_back(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="target_modules"):
        peft.get_peft_model(load(folder), peft.LoraConfig(task_type="CAUSAL_LM"))  # type: ignore[arg-type]
    settings = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "k_proj", "v_proj", "o_proj"], r=4)
    model = peft.get_peft_model(load(folder), settings)  # type: ignore[arg-type]
    model.train()
    model(input_ids=ids_of(), labels=ids_of()).loss.backward()
    adapted = {name for name, each in model.named_parameters() if each.grad is not None}
    assert any("layers.2.self_attn.v_proj.lora_A" in name for name in adapted)
    assert not any("layers.2.self_attn.q_proj" in name for name in adapted)
    with torch.no_grad():
        for name, each in model.named_parameters():
            if "lora_B" in name:
                each.add_(0.1)
    model.eval()
    model.save_pretrained(str(tmp_path / "lora"))
    again = peft.PeftModel.from_pretrained(load(folder), str(tmp_path / "lora"))  # type: ignore[arg-type]
    assert torch.allclose(again(input_ids=ids_of()).logits, model(input_ids=ids_of()).logits, atol=1e-5)


def test_nothing_that_copies_containers_copies_what_sources_hold() -> None:
    held = Held()
    assert tree_map(lambda each: each, {"shared_attention": held})["shared_attention"] is held
    assert send_to_device({"shared_attention": held}, "cpu")["shared_attention"] is held


def sharded_loss(rank: int, port: int, results: Any) -> None:
    """Runs one of two processes over which the planned model is spread."""
    from torch import distributed
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    store = f"tcp://127.0.0.1:{port}"
    distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    model = planned().train()
    policy = MixedPrecisionPolicy(cast_forward_inputs=True)
    for layer in model.model.layers:
        fully_shard(layer, mesh=distributed.device_mesh.init_device_mesh("cpu", (2,)), mp_policy=policy)
    fully_shard(model, mesh=distributed.device_mesh.init_device_mesh("cpu", (2,)), mp_policy=policy)
    loss = model(ids_of(), labels=ids_of()).loss
    loss.backward()
    results[rank] = loss.item()
    distributed.destroy_process_group()


def test_fsdp2_over_two_processes_gives_the_same_loss() -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with torch.multiprocessing.Manager() as manager:
        results = manager.dict()
        torch.multiprocessing.spawn(sharded_loss, (port, results), nprocs=2)  # type: ignore[attr-defined]
        found = dict(results)
    expected = planned()(ids_of(), labels=ids_of()).loss.item()
    assert found == {0: pytest.approx(expected, abs=1e-5), 1: pytest.approx(expected, abs=1e-5)}


def test_head_maps_give_each_head_the_map_that_it_names() -> None:
    maps = {2: [3, 3, 0, 1]}
    plan = Plan(SOURCES, (None, None, (3, 3, 0, 1), None))
    expected = Runner(inspect(tiny("llama"))).logits(ids_of(), plan)
    for attn in ("eager", "sdpa"):
        model: Any = planned_model(tiny("llama", attn), plan_of(SOURCES, maps))
        assert torch.allclose(model(ids_of()).logits, expected, atol=1e-4)


def test_head_maps_take_the_sinks_of_the_heads_that_they_name() -> None:
    maps = {2: [3, 3, 0, 1]}
    expected = Runner(inspect(tiny("gpt-oss"))).logits(ids_of(), Plan(SOURCES, (None, None, (3, 3, 0, 1), None)))
    model: Any = planned_model(tiny("gpt-oss", "eager"), plan_of(SOURCES, maps))
    assert torch.allclose(model(ids_of()).logits, expected, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", *OTHERWISE])
def test_a_mean_output_stands_in_for_dropped_attention(family: str, tmp_path: Path) -> None:
    model = planned(family, attn="eager")
    model.config.spanwise_mean_outputs = [3]
    remade = type(model)(model.config)
    remade.load_state_dict(model.state_dict(), strict=False)
    assert torch.allclose(remade.eval()(ids_of()).logits, model(ids_of()).logits, atol=1e-5)
    with torch.no_grad():
        mean = next(each for each in remade.modules() if isinstance(each, MeanOutput))
        mean.bias.copy_(torch.linspace(-1.0, 1.0, 32))
    save_planned(remade, tmp_path)
    again = load(tmp_path)(ids_of()).logits
    assert torch.allclose(again, remade(ids_of()).logits, atol=1e-4)
    assert not torch.allclose(again, model(ids_of()).logits, atol=1e-2)


def test_layers_that_run_alone_are_refused() -> None:
    model = planned()
    with pytest.raises(RuntimeError, match="layer 2 follows layer 0"):
        model.model(ids_of())


def test_what_cannot_be_shared_is_refused() -> None:
    config = GPTJConfig(vocab_size=96, n_embd=32, n_layer=4, n_head=4, rotary_dim=4)
    with pytest.raises(InputError, match="GPTJAttention: has no o_proj; its attention cannot be shared here"):
        planned_model(AutoModelForCausalLM.from_config(config), plan_of((0, 0, 2, 3)))
    with pytest.raises(InputError, match=r"layer 1 \(full_attention\) cannot follow layer 0 \(sliding_attention\)"):
        planned_model(tiny("gemma2", "eager"), plan_of((0, 0, 2, 3)))
    with pytest.raises(InputError, match="names 2 layers; the model has 4"):
        planned_model(tiny("llama", "eager"), plan_of((0, 0)))


def test_the_signature_is_that_of_the_family() -> None:
    # Trainer removes the columns of a data set that forward does not name.
    assert {"input_ids", "labels", "logits_to_keep"} <= set(python_inspect.signature(planned().forward).parameters)
