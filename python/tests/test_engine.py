"""The verbs against plain arithmetic, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from conftest import given, tiny

from spanwise.decoder import check_device, inspect, load
from spanwise.engine import Engine, Question
from spanwise.errors import InputError
from spanwise.losses import Comparison
from spanwise.plan import Plan, Repair, baseline, parse_plan
from spanwise.sums import Wanted, cosine, induction, query_blocks, sampled_queries

OWN = (None,) * 4
Windows = list[list[int]]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(inspect(tiny("llama-bias")))


def run(engine: Engine, plan: Plan, windows: Windows) -> torch.Tensor:
    return engine.runner.logits(torch.tensor(windows), plan).detach()


def test_sums_are_those_of_plain_arithmetic(engine: Engine, windows: Windows) -> None:
    captured = engine.capture(windows, Wanted(("all", "no-sink"), sqrt=True, js="all"))
    maps = np.stack([engine.token_maps(range(4), ids) for ids in windows])  # [N, L, H, S, S]
    rest = maps[:, :, :, 2:, 1:]
    views = {"all": maps, "no-sink": rest / rest.sum(-1, keepdims=True)}
    for sums in captured.sums:
        rows = views[sums.view].reshape(3, 16, -1)
        grams = rows @ rows.transpose(0, 2, 1)
        assert np.allclose(given(sums.gram), grams.sum(0), atol=1e-4)
        assert np.allclose(given(sums.null), rows.sum(0) @ rows.sum(0).T, atol=1e-4)
        roots = np.sqrt(rows)
        assert np.allclose(given(sums.sqrt), (roots @ roots.transpose(0, 2, 1)).sum(0), atol=1e-4)
        split = grams.reshape(3, 4, 4, 4, 4)
        assert np.allclose(np.stack(sums.windows)[:, 0], np.einsum("nlhmh->nlm", split), atol=1e-4)
        assert np.allclose(np.stack(sums.windows)[:, 1], split.sum((2, 4)), atol=1e-4)
        p, q = views[sums.view][:, 0], views[sums.view][:, 3]
        middle = (p + q) / 2
        log = lambda x: np.log(np.maximum(x, 1e-30))  # noqa: E731
        apart = (p * log(p) + q * log(q)) / 2 - middle * log(middle)
        assert sums.js is not None
        assert sums.js[0, 0, 3] == pytest.approx(apart.sum(), abs=1e-3)
        assert sums.js[1, 0, 3] == p.shape[0] * p.shape[1] * p.shape[2]
    entropy = -(maps * np.log(np.maximum(maps, 1e-30))).sum(-1).mean((0, 2, 3))
    assert np.allclose(captured.profile["entropyNats"], entropy, atol=1e-5)  # type: ignore[arg-type]
    assert np.allclose(captured.profile["firstTokenMass"], maps[..., 0].mean((0, 2, 3)), atol=1e-6)  # type: ignore[arg-type]


def test_one_window_has_no_null(engine: Engine, windows: Windows) -> None:
    assert engine.capture(windows[:1], Wanted()).sums[0].null is None


def test_blocks_of_queries_hold_every_query_once() -> None:
    for context in (2, 63, 64, 65, 512, 1000):
        blocks = query_blocks(context)
        assert [query for first, end in blocks for query in range(first, end)] == list(range(context))


def test_sampled_queries_are_the_middles_of_equal_stretches() -> None:
    assert sampled_queries(8, 4) == [1, 3, 5, 7]
    assert sampled_queries(3, 32) == [0, 1, 2]
    assert sampled_queries(3, "all") == [0, 1, 2]


def test_cosine_of_gram_sums() -> None:
    # Two layers of one head: |P| = 2 and 3, dot 3.
    assert np.allclose(cosine(np.array([[4.0, 3.0], [3.0, 9.0]]), 2, 1), [[1, 0.5], [0.5, 1]])


def test_induction_reads_the_token_after_the_first_occurrence() -> None:
    weights = torch.zeros(1, 8, 8)
    # First copy at 1 and 2, second at 6 and 7.
    weights[0, 6, 2], weights[0, 7, 3] = 0.5, 0.25
    assert induction(weights, first=1, length=2).tolist() == [0.375]


def test_compare_is_kl_agreement_and_both_losses(engine: Engine, windows: Windows) -> None:
    plan = Plan((0, 0, 2, None), OWN)
    found: dict[range, tuple[Comparison, Any]] = {}
    engine.compare(plan, windows, lambda some, comparison, seconds: found.update({some: (comparison, seconds)}))
    one, other = run(engine, baseline(4), windows)[:, :-1].double(), run(engine, plan, windows)[:, :-1].double()
    kl = (one.softmax(-1) * (one.log_softmax(-1) - other.log_softmax(-1))).sum(-1)
    got = [found[range(index, index + 1)] for index in range(3)]
    assert torch.allclose(torch.cat([each.kl for each, _ in got]).double(), kl, atol=1e-5)
    agree = (one.argmax(-1) == other.argmax(-1)).float()
    assert torch.equal(torch.cat([each.agree for each, _ in got]), agree)
    targets = torch.tensor(windows)[:, 1:, None]
    nll = -other.log_softmax(-1).gather(-1, targets)[..., 0]
    assert torch.allclose(torch.cat([each.planned for each, _ in got]).double(), nll, atol=1e-5)
    assert all(seconds["baseline"].elapsed > 0 and seconds["planned"].elapsed > 0 for _, seconds in got)


def test_padding_is_masked_for_the_registered_attention() -> None:
    # An attention function that is registered without its mask function gets None for a mask.
    model = tiny("llama")
    ids = torch.tensor([[5, 6, 7, 8, 9, 10]])
    padded = torch.cat([torch.zeros(1, 5, dtype=torch.long), ids], 1)
    mask = (torch.arange(11) >= 5).long()[None]
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    found = model(input_ids=padded, attention_mask=mask, position_ids=positions).logits[:, 5:]
    assert torch.allclose(found, model(input_ids=ids).logits, atol=1e-5)


def test_questions_are_asked_of_both_ways(engine: Engine, windows: Windows) -> None:
    plan = Plan((0, 0, 2, None), OWN)
    questions = [[Question(5 + index, (1, 2, 3)), Question(20, (4, 90))] for index in range(3)]
    found: dict[int, Mapping[str, np.ndarray]] = {}
    engine.ask(plan, windows, questions, lambda some, losses: found.update({some.start: losses}))
    for name, way in {"baseline": baseline(4), "planned": plan}.items():
        said = run(engine, way, windows).double().log_softmax(-1)
        for index, asked in enumerate(questions):
            expected = [-float(said[index, each.place, token]) for each in asked for token in each.candidates]
            assert np.allclose(found[index][name], expected, atol=1e-5)


def test_questions_that_no_window_has_are_refused(engine: Engine, windows: Windows) -> None:
    for questions, message in [
        ([[Question(1, (2,))]] * 2, "questions: of 2 windows; expected one or more for each of 3"),
        ([[]] * 3, "questions: of 3 windows; expected one or more for each of 3"),
        ([[Question(24, (2,))]] * 3, "window 0: place 24; allowed: 0 to 23"),
        ([[Question(1, (96,))]] * 3, "window 0: candidates must be tokens from 0 to 95"),
    ]:
        with pytest.raises(InputError, match=message):
            engine.ask(baseline(4), windows, questions, lambda some, losses: None)


def test_output_errors_leave_the_bias_out(engine: Engine, windows: Windows) -> None:
    apart, own = engine.output_errors([(0, 2), (1, 3)], windows)
    values: dict[int, torch.Tensor] = {}
    engine.runner.logits(
        torch.tensor(windows), baseline(4), on_value=lambda call, value, _: values.update({call.layer: value.detach()})
    )
    maps = torch.tensor(np.stack([engine.token_maps(range(4), ids) for ids in windows])).float()
    apart, own = apart.sum(1), own.sum(1)
    for at, (source, follower) in enumerate([(0, 2), (1, 3)]):
        value = values[follower].repeat_interleave(2, 1)
        weight = engine.decoder.layers[follower].projection.weight.detach()  # type: ignore[union-attr]
        out = [(maps[:, layer] @ value).transpose(1, 2).reshape(3, 24, -1) @ weight.T for layer in (source, follower)]
        assert apart[at] == pytest.approx(float((out[0] - out[1]).square().sum()), rel=1e-4)
        assert own[follower] == pytest.approx(float(out[1].square().sum()), rel=1e-4)


def test_head_maps_give_each_head_the_map_that_it_names(engine: Engine, windows: Windows) -> None:
    same = Plan((0, 0, 2, 3), (None, (0, 1, 2, 3), None, None))
    assert torch.allclose(run(engine, same, windows), run(engine, Plan((0, 0, 2, 3), OWN), windows), atol=1e-5)
    other = Plan((0, 0, 2, 3), (None, (3, 3, 0, 1), None, None))
    assert not torch.allclose(run(engine, other, windows), run(engine, same, windows), atol=1e-2)


def test_repairs_refit_the_projection_or_stand_in_for_the_attention(engine: Engine, windows: Windows) -> None:
    sources = (0, 0, None, 3)
    plain = run(engine, Plan(sources, OWN), windows)
    weight = engine.decoder.layers[1].projection.weight.detach()  # type: ignore[union-attr]
    kept = Plan(sources, OWN, {1: Repair(projection=weight), 2: Repair(mean=torch.zeros(32))}, "kept")
    assert torch.equal(run(engine, kept, windows), plain)
    changed = Plan(sources, OWN, {1: Repair(projection=2 * weight), 2: Repair(mean=torch.ones(32))}, "changed")
    assert not torch.allclose(run(engine, changed, windows), plain, atol=1e-2)


def test_repair_brings_the_planned_model_closer_the_more_so_the_weaker_it_holds_on(engine: Engine, windows: Windows) -> None:
    sources = (0, 0, None, 3)
    plain = Plan(sources, OWN)
    target = run(engine, baseline(4), windows)
    sets = engine.repair(plain, windows, [0.01, 1.0, 1e7])
    weight = engine.decoder.layers[1].projection.weight.detach()  # type: ignore[union-attr]
    unchanged = sets[2][1].projection
    assert unchanged is not None and torch.allclose(unchanged, weight, atol=1e-4)
    apart = [
        float((run(engine, Plan(sources, OWN, found, str(at)), windows) - target).square().sum())
        for at, found in enumerate(sets)
    ]
    assert apart[0] < apart[1] < apart[2] < float((run(engine, plain, windows) - target).square().sum())


def test_mean_output_is_that_of_the_block_with_its_bias(engine: Engine, windows: Windows) -> None:
    found: list[torch.Tensor] = []
    attention = engine.decoder.layers[2].attention
    hook = attention.register_forward_hook(lambda module, given, output: found.append(output[0].detach()))
    [repairs] = engine.repair(Plan((0, 1, None, 3), OWN), windows, [1.0])
    hook.remove()
    mean = repairs[2].mean
    assert mean is not None and torch.allclose(mean, torch.cat(found).mean((0, 1)), atol=1e-5)


def test_plans_of_other_sizes_are_refused() -> None:
    for plan, message in [
        ({"sources": [0, 1]}, "sources must be a list of 4"),
        ({"sources": [0, 0, 1, 3]}, "layer 2 has the source 1"),
        ({"sources": [1, 1, 2, 3]}, "layer 0 has the source 1"),
        ({"sources": [0, True, 2, 3]}, "layer 1 has the source True"),
        ({"sources": [0, 0, 2, 3], "headMaps": [None, [0, 4], None, None]}, "head map of layer 1"),
        ({"sources": [0, 0, 2, 3], "repair": "nowhere.safetensors"}, "nowhere.safetensors: refitted weights"),
    ]:
        with pytest.raises(InputError, match=message):
            parse_plan(plan, 4, 4)


def test_windows_of_other_lengths_or_tokens_are_refused(engine: Engine) -> None:
    for windows, message in [
        ([], "none"),
        ([[1, 2, 3], [1, 2]], "window 1 has 2 tokens, another 3"),
        ([[1]], "window 0 has 1 tokens"),
        ([[1, 96]], "window 0 has a token outside the vocabulary"),
    ]:
        with pytest.raises(InputError, match=message):
            engine.capture(windows, Wanted())


def test_pairs_outside_the_model_are_refused(engine: Engine, windows: Windows) -> None:
    with pytest.raises(InputError, match="pair 2, 1"):
        engine.output_errors([(2, 1)], windows)


def test_what_cannot_be_loaded_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="transformers cannot load it"):
        load(tmp_path)
    with pytest.raises(InputError, match="dtype int8: allowed: float32, bfloat16, float16"):
        load(tmp_path, dtype="int8")
    with pytest.raises(InputError, match="device cuda:99"):
        check_device("cuda:99")
    with pytest.raises(InputError, match="device banana: allowed"):
        check_device("banana")


def test_weights_that_are_not_there_are_refused_rather_than_drawn(tmp_path) -> None:
    model = tiny("llama")
    weights = {name: tensor for name, tensor in model.state_dict().items() if "layers.1.self_attn.k_proj" not in name}
    model.save_pretrained(tmp_path, state_dict=weights)
    with pytest.raises(InputError, match=r"transformers reports missing keys: model\.layers\.1\.self_attn\.k_proj\.weight"):
        load(tmp_path)


def test_layers_without_attention_are_named() -> None:
    import transformers

    config = transformers.Lfm2Config(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        layer_types=["conv", "full_attention", "conv"],
    )
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="spanwise")
    with pytest.raises(InputError, match=r"no attention .* in layers \[0, 2\]"):
        inspect(model.eval())


def test_half_precision_is_close(windows: Windows) -> None:
    exact = Engine(inspect(tiny("llama"))).capture(windows, Wanted())
    rough = Engine(inspect(tiny("llama").bfloat16())).capture(windows, Wanted())
    assert rough.losses.mean() == pytest.approx(exact.losses.mean(), abs=2e-2)
    grams = [each.sums[0].gram for each in (exact, rough)]
    assert grams[0] is not None and grams[1] is not None
    assert np.abs(cosine(grams[0], 4, 4) - cosine(grams[1], 4, 4)).max() < 5e-3


def test_turned_is_the_angle_between_the_state_and_the_state_with_the_attention_added(engine: Engine, windows: Windows) -> None:
    states: dict[int, torch.Tensor] = {}
    outputs: dict[int, torch.Tensor] = {}

    def keep_state(index: int):
        def hook(_, given) -> None:
            states[index] = given[0]

        return hook

    def keep_output(index: int, bias: torch.Tensor):
        def hook(_, __, output) -> None:
            outputs[index] = output - bias

        return hook

    hooks = []
    for index, layer in enumerate(engine.decoder.layers):
        projection = layer.projection
        assert projection is not None
        assert isinstance(projection.bias, torch.Tensor)
        bias = projection.bias.detach()
        hooks.append(layer.block.register_forward_pre_hook(keep_state(index)))
        hooks.append(projection.register_forward_hook(keep_output(index, bias)))
    engine.runner.logits(torch.tensor(windows), Plan((0, None, 2, 3), OWN))
    for hook in hooks:
        hook.remove()
    found = engine.turned(Plan((0, None, 2, 3), OWN), windows)
    assert found[1] == 0
    for layer in (0, 2, 3):
        cosine = torch.nn.functional.cosine_similarity(states[layer], states[layer] + outputs[layer], dim=-1)
        assert found[layer] == pytest.approx(float((1 - cosine).mean()), abs=1e-5)


def test_losses_of_the_last_tokens_and_what_plans_share_is_run_once(engine: Engine, windows: Windows) -> None:
    plans = [baseline(4), Plan((0, 1, 1, 3), OWN), Plan((0, 1, 1, 1), OWN), Plan((0, 1, 2, None), OWN)]
    found: dict[int, np.ndarray] = {}
    layers: dict[int, int] = {}

    def part(plan: int, some: range, values: np.ndarray, run: int) -> None:
        found.setdefault(plan, np.zeros((3, 5)))[some.start : some.stop] = values
        layers[plan] = layers.get(plan, 0) + run

    counts = engine.losses(plans, windows, part, scored=5)
    # Of each window: the baseline, layers 2 and 3 of one span, 3 of the other, which begins alike, and 3 of the drop.
    assert layers == {0: 3 * 4, 1: 3 * 2, 2: 3 * 1, 3: 3 * 1}
    assert counts == {"done": 3 * 8, "naive": 3 * 16}
    whole: dict[int, np.ndarray] = {}

    def all_of(plan: int, _: range, values: np.ndarray, __: int) -> None:
        whole.setdefault(plan, values)

    engine.losses(plans, windows, all_of)
    assert np.allclose(found[2][0], whole[2][0][-5:], atol=1e-6)


def test_a_family_that_uses_the_attention_interface_without_saying_so_is_loaded(tmp_path) -> None:
    tiny("stablelm", "sdpa").save_pretrained(tmp_path)
    assert len(load(tmp_path).layers) == 4


@pytest.mark.parametrize("config", ["FalconConfig", "BloomConfig", "MptConfig"])
def test_families_that_do_not_use_the_attention_interface_are_refused(config: str, tmp_path) -> None:
    import transformers

    sizes = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 4, "vocab_size": 96}
    transformers.AutoModelForCausalLM.from_config(getattr(transformers, config)(**sizes)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"ForCausalLM of transformers .* does not attend through AttentionInterface"):
        load(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_refused_by_every_verb(value: float, windows: Windows) -> None:
    model = tiny("qwen3")
    model.name_or_path = "broken"
    engine = Engine(inspect(model))
    model.model.layers[1].mlp.down_proj.weight.data[0, 0] = value
    follows, own = parse_plan({"sources": [0, 0, 2, 3]}, 4, 4), baseline(4)
    asked: list[Callable[[], Any]] = [
        lambda: engine.capture(windows, Wanted()),
        lambda: engine.induction(windows, 1, 4),
        lambda: engine.losses([own], windows, lambda *_: None),
        lambda: engine.compare(follows, windows, lambda *_: None),
        lambda: engine.output_errors([(0, 1)], windows),
        lambda: engine.turned(own, windows),
        lambda: engine.repair(follows, windows, [0.01]),
        lambda: engine.token_maps([0], windows[0]),
        lambda: inspect(model),
    ]
    for ask in asked:
        with pytest.raises(InputError) as error:
            ask()
        assert str(error.value) in {
            f"broken: the hidden state after layer 1 is {name}; "
            "expected a number: a weight is NaN or infinite, or the model overflows its type"
            for name in ("NaN", "Infinity")
        }
