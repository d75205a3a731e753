"""Every strategy by settings: what it picks, that it goes on when its pick is dead, and that the names of other systems mean the same."""

import threading
import time
from collections import Counter

import pytest
from support.gateway import Gateway
from support.routing import Farm, after, ask, ask_at_once, ask_often, failing, mocks, on, providers

NAMES = {
    "fallback": ["fallback", "priority", "ordered"],
    "percentage": ["percentage", "ab_testing", "weighted"],
    "shuffle": ["shuffle", "simple-shuffle"],
    "round_robin": ["round_robin", "round-robin"],
    "least_busy": ["least_busy", "least-busy", "least_loaded"],
    "usage": ["usage", "usage-based-routing"],
    "usage_v2": ["usage_v2", "usage-based-routing-v2"],
    "latency": ["latency", "latency-based-routing", "least_latency"],
    "cost": ["cost", "cost-based-routing", "lowest_cost"],
    "success_rate": ["success_rate"],
    "throughput": ["throughput"],
    "geographic": ["geographic"],
}
ALL = [(strategy, name) for strategy, names in NAMES.items() for name in names]


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(farm, tmp_path_factory):
    """One gateway with a model group for each name of each strategy; its first deployment is dead and looks best to the strategy."""
    models = {}
    for strategy, name in ALL:
        dead = on("sick", f"dead-{name}", weight=1_000_000, input_price=0, output_price=0, region="eu")
        well = on("well", f"well-{name}", weight=1, input_price=5, output_price=5, region="us")
        models[f"by-{name}"] = {"strategy": name, "deployments": [dead, well]}
        farm.manners[f"dead-{name}"] = failing(500)
    one = Gateway(tmp_path_factory.mktemp("strategies"), {
        "providers": providers(farm, "sick", "well"), "models": models, "router": {"cooldowns": False, "num_retries": 0},
    })
    yield one
    one.end()


@pytest.mark.parametrize("strategy, name", ALL, ids=[name for _, name in ALL])
def test_goes_on_when_its_pick_is_dead(shared, farm, strategy, name):
    answers = ask_often(shared, 16, f"by-{name}", headers={"x-swiftlet-region": "eu"})
    assert {answer.provider for answer in answers} == {"well"}
    assert farm.count(f"dead-{name}") >= 1, "the dead one looked best and was asked"
    assert {answer.attempts for answer in answers} <= {1, 2}


@pytest.mark.parametrize("strategy, name", ALL, ids=[name for _, name in ALL])
def test_other_systems_names_mean_the_same(shared, strategy, name):
    routing = ask(shared, f"by-{name}", include_routing_metadata=True).routing
    assert routing["strategy"] == strategy
    assert routing["route"] == f"by-{name}"


def test_single_has_one_child(gateway):
    one = gateway({"providers": mocks(a={}, b={}), "models": {"chat": {"strategy": "single", "deployments": [on("a", "m")]}}})
    assert {answer.provider for answer in ask_often(one, 3)} == {"a"}


def test_a_single_within_a_fallback_fails_over(gateway, farm):
    farm.manners["dead-single"] = failing(503)
    one = gateway({
        "providers": providers(farm, "sick", "well"),
        "models": {"chat": {"route": {"fallback": [{"single": [on("sick", "dead-single")]}, on("well", "alive")]}}},
    })
    answer = ask(one)
    assert (answer.provider, answer.attempts) == ("well", 2)


def test_percentages_are_statistically_right(gateway):
    one = gateway({"providers": mocks(a={}, b={}, c={}), "models": {
        "chat": {"route": {"percentage": [{"a/m": 70}, {"b/m": 20}, {"c/m": 10}]}}}})
    share = Counter(answer.provider for answer in ask_often(one, 200))
    # Five standard deviations either side: 6.5, 5.7 and 4.2 requests.
    assert 107 <= share["a"] <= 173 and 11 <= share["b"] <= 69 and 1 <= share["c"] <= 42, share


@pytest.mark.parametrize("by", ["user", "session"])
def test_a_sticky_percentage_keeps_a_caller_on_its_side(gateway, by):
    one = gateway({"providers": mocks(a={}, b={}), "models": {
        "chat": {"route": {"percentage": [{"a/m": 60}, {"b/m": 40}], "sticky_by": by}}}})

    def caller(n):
        return {"user": f"caller-{n}"} if by == "user" else {"metadata": {"session_id": f"session-{n}"}}

    sides = {n: ask(one, **caller(n)).provider for n in range(60)}
    # 36 of 60 with a standard deviation of 3.8.
    assert 17 <= Counter(sides.values())["a"] <= 55
    for n in range(0, 60, 4):
        assert {answer.provider for answer in ask_often(one, 3, **caller(n))} == {sides[n]}, f"caller {n}"


def test_sticky_by_key_keeps_each_key_on_its_side(gateway):
    keys = {f"k{n}": {"key": f"sk-sticky-{n:032d}"} for n in range(24)}
    one = gateway({"providers": mocks(a={}, b={}), "keys": keys, "models": {
        "chat": {"route": {"percentage": [{"a/m": 1}, {"b/m": 1}], "sticky_by": "key"}}}})
    sides = {}
    for name, key in keys.items():
        sides[name] = {answer.provider for answer in ask_often(one, 3, key=key["key"])}
    assert all(len(side) == 1 for side in sides.values())
    # All 24 on one side by chance: once in eight million settings.
    assert len(set.union(*sides.values())) == 2


@pytest.mark.parametrize("heavy, light", [({"weight": 9}, {"weight": 1}), ({"rpm": 9000}, {"rpm": 1000}), ({"tpm": 9_000_000}, {"tpm": 1_000_000})],
                         ids=["weight", "rpm", "tpm"])
def test_a_shuffle_follows_weights_else_limits(gateway, heavy, light):
    one = gateway({"providers": mocks(a={}, b={}), "models": {
        "chat": {"strategy": "shuffle", "deployments": [on("a", "m", **heavy), on("b", "m", **light)]}}})
    share = Counter(answer.provider for answer in ask_often(one, 100))
    # 90 of 100 with a standard deviation of 3.
    assert 75 <= share["a"] <= 99, share


def test_a_missing_weight_counts_nothing_beside_weights(gateway):
    one = gateway({"providers": mocks(a={}, b={}), "models": {
        "chat": {"strategy": "shuffle", "deployments": [on("a", "m", weight=3), on("b", "m")]}}})
    assert {answer.provider for answer in ask_often(one, 30)} == {"a"}


def test_round_robin_is_exact_under_concurrency(gateway):
    one = gateway({"providers": mocks(a={"latency": "30ms"}, b={}, c={}), "models": {
        "chat": {"strategy": "round_robin", "deployments": [on(name, "m") for name in "abc"]}}})
    share = Counter(answer.provider for answer in ask_at_once(one, 30))
    assert share == {"a": 10, "b": 10, "c": 10}


def test_least_busy_spreads_what_is_in_flight(gateway):
    one = gateway({"providers": mocks(a={"latency": "600ms"}, b={"latency": "600ms"}), "models": {
        "chat": {"strategy": "least_busy", "deployments": [on(name, "m") for name in "ab"]}}})
    assert Counter(answer.provider for answer in ask_at_once(one, 10)) == {"a": 5, "b": 5}


def test_least_busy_avoids_the_one_that_hangs(gateway, farm):
    farm.manners["slow-busy"] = after(1.0)
    one = gateway({"providers": providers(farm, "slow", "quick"), "models": {
        "chat": {"strategy": "least_busy", "deployments": [on("slow", "slow-busy"), on("quick", "quick-busy")]}}})
    waiting = [threading.Thread(target=ask, args=(one,)) for _ in range(2)]
    for thread in waiting:
        thread.start()
    time.sleep(0.4)
    busy = farm.count("slow-busy")
    assert busy >= 1
    assert {answer.provider for answer in ask_often(one, 8)} == {"quick"}
    for thread in waiting:
        thread.join()


def test_trees_fail_over_through_all_their_levels(gateway, farm):
    for model in ("t1", "t2", "t3"):
        farm.manners[model] = failing(500)
    one = gateway({
        "providers": providers(farm, "p"), "router": {"num_retries": 0},
        "models": {
            "inner": {"strategy": "round_robin", "deployments": [on("p", "t1"), on("p", "t2")]},
            "chat": {"route": {"fallback": [{"percentage": [{"inner": 99}, {"p/t3": 1}]}, "p/t4"]}},
        }})
    answer = ask(one)
    assert (answer.text, answer.attempts) == ("t4", 4)
    assert [farm.count(model) for model in ("t1", "t2", "t3", "t4")] == [1, 1, 1, 1]


def test_on_limits_which_faults_move_on(gateway, farm):
    farm.manners["limited"] = failing(429, headers={"retry_after": "1"})
    farm.manners["broken"] = failing(500)
    one = gateway({
        "providers": providers(farm, "p"), "router": {"num_retries": 0, "cooldowns": False},
        "models": {
            "a": {"route": {"fallback": ["p/limited", {"model": "p/next", "on": ["rate_limit"]}]}},
            "b": {"route": {"fallback": ["p/broken", {"model": "p/next", "on": ["rate_limit"]}]}},
        }})
    assert ask(one, "a").text == "next"
    assert ask(one, "b").status == 502


def test_a_leafs_params_reach_the_provider(gateway, farm):
    one = gateway({"providers": providers(farm, "p"), "models": {"chat": {"route": {
        "single": [{"provider": "p", "model": "with-params", "params": {"temperature": 0.25, "seed": 7}}]}}}})
    assert ask(one, temperature=0.9, top_p=0.5).status == 200
    body = farm.bodies("with-params")[-1]
    assert (body["temperature"], body["seed"], body["top_p"]) == (0.25, 7, 0.5)
