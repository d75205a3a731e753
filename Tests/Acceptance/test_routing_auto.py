"""Routes that weigh cost, quality and latency, and the words by which TokenRouter asks for them."""

import pytest
from support.gateway import Gateway
from support.routing import Farm, ask, ask_often, failing, mocks, on, providers


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


@pytest.fixture(scope="module")
def auto(tmp_path_factory, farm):
    deployments = [
        on("cheap", "m", input_price=0.1, output_price=0.1, quality=0.1),
        on("good", "m", input_price=20, output_price=40, quality=1.0),
        on("quick", "m", input_price=10, output_price=20, quality=0.3),
    ]
    farm.manners["dead-auto"] = failing(500)
    one = Gateway(tmp_path_factory.mktemp("auto"), {
        "providers": {**mocks(cheap={"latency": "60ms"}, good={"latency": "80ms"}, quick={}), **providers(farm, "sick")},
        "router": {"cooldowns": False, "num_retries": 0},
        "models": {
            "chat": {"strategy": "shuffle", "deployments": deployments},
            **{f"set-{mode}": {"strategy": "auto", "mode": mode, "deployments": deployments} for mode in ("cost", "quality", "latency", "balance")},
            "long": {"route": {"auto": {"mode": "cost", "models": ["good/m", "cheap/m"]}}},
            "dying": {"strategy": "auto", "mode": "cost", "deployments": [
                on("sick", "dead-auto", input_price=0, output_price=0, quality=0.5), on("good", "n", input_price=20, output_price=40)]},
        },
    })
    # Latencies are known before anything is compared.
    for provider in ("cheap", "good", "quick"):
        for _ in range(3):
            assert ask(one, f"{provider}/m").status == 200
    yield one
    one.end()


BEST = {"cost": "cheap", "quality": "good", "latency": "quick"}


@pytest.mark.parametrize("mode", BEST)
@pytest.mark.parametrize("form", ["set-{}", "chat:{}"])
def test_auto_weighs_by_its_mode(auto, mode, form):
    answers = ask_often(auto, 6, form.format(mode), max_tokens=500)
    assert {answer.provider for answer in answers} == {BEST[mode]}


@pytest.mark.parametrize("model", ["auto:balance", "auto", "auto:cost", "auto:quality", "auto:latency"])
def test_auto_is_built_in(auto, model):
    answer = ask(auto, model, max_tokens=500, include_routing_metadata=True)
    assert answer.status == 200, answer
    assert answer.routing["mode"] == (model.partition(":")[2] or "balance")
    assert 0 <= answer.routing["confidence"] <= 1
    eligible = [one for one in answer.routing["candidates"] if one["eligible"]]
    assert len(eligible) >= 3 and all(isinstance(one["score"], (int, float)) for one in eligible), eligible


def test_the_best_score_is_chosen_and_weights_are_tokenrouters(auto):
    routing = ask(auto, "set-balance", max_tokens=500, include_routing_metadata=True).routing
    scores = {one["deployment"]: one["score"] for one in routing["candidates"]}
    assert routing["chosen"] == max(scores, key=scores.get)
    # Cheapest 0.4 for cost, best 0.4 for quality, fastest 0.2 for latency: each has its own share at least.
    assert scores["cheap/m"] >= 0.39 and scores["good/m"] >= 0.39 and scores["quick/m"] >= 0.19, scores
    assert max(scores.values()) <= 1.0001, scores


def test_auto_goes_on_when_its_pick_is_dead(auto, farm):
    before = farm.count("dead-auto")
    answer = ask(auto, "dying")
    assert (answer.provider, answer.attempts) == ("good", 2)
    assert farm.count("dead-auto") == before + 1


def test_auto_in_the_long_form(auto):
    assert {answer.provider for answer in ask_often(auto, 4, "long", max_tokens=500)} == {"cheap"}


@pytest.mark.parametrize("extras, provider", [
    ({"router_mode": "quality"}, "good"),
    ({"router_mode": "cost"}, "cheap"),
    ({"router_provider": "quick"}, "quick"),
    ({"router_mode": "cost", "router_provider": "good"}, "good"),
    ({"router_model": "quick/m"}, "quick"),
    ({"router_provider": "good", "router_model": "m"}, "good"),
    ({"router_model": "chat", "router_mode": "quality"}, "good"),
], ids=lambda value: "+".join(value) if isinstance(value, dict) else None)
def test_tokenrouters_members(auto, extras, provider):
    assert {answer.provider for answer in ask_often(auto, 3, max_tokens=500, **extras)} == {provider}


@pytest.mark.parametrize("model, extras, near", [
    ("auto:chep", {}, "cost"), ("chat:qualty", {}, "quality"), ("chat", {"router_mode": "latncy"}, "latency"),
    ("chat", {"router_provider": "chep"}, "cheap"), ("chat", {"router_model": "chta"}, "chat"),
], ids=["auto:MODE", "MODEL:MODE", "router_mode", "router_provider", "router_model"])
def test_unknown_modes_and_names_are_refused_with_the_nearest(auto, model, extras, near):
    answer = ask(auto, model, **extras)
    assert answer.status in (400, 404, 422), answer
    assert near in answer.error["message"], answer.error["message"]
