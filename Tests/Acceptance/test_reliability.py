"""How often and how long an attempt is repeated, counted where it arrives, and what it costs."""

import email.utils
import time

import pytest
from support import ledger
from support.gateway import PATIENCE, Gateway
from support.routing import Farm, ask, ask_often, failing, hung, in_turn, on, speak

FAST = {"default": {"retry": {"backoff": "10ms"}}}


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


def one_model(farm, model="m", *, models=None, **settings):
    """`chat` on one deployment of the farm, and `spare` beside it."""
    return {"providers": {"p": farm.provider(), "q": farm.provider()}, "policies": FAST,
            "models": {"chat": {"deployments": [on("p", model)]}, "spare": {"deployments": [on("q", "spare")]}, **(models or {})}, **settings}


FAULTS = {
    "rate_limit": failing(429, code="rate_limit_exceeded", type="requests"),
    "server_error": failing(503),
    "unavailable": lambda peer, request: peer.reset() or "end",
    "timeout": hung,
    "malformed_reply": lambda peer, request: peer.answer(b'{"id": '),
    "bad_request": failing(400, type="invalid_request_error"),
    "auth": failing(401),
    "not_found": failing(404, code="model_not_found"),
}


@pytest.fixture(scope="module")
def counting(farm, tmp_path_factory):
    """For each class of fault a model that always ends in it, under three ways to say how often it is repeated."""
    models = {}
    # Of its own: on a connection that was kept, a reset may mean that it was old, and the request is sent once more.
    resetting = Farm()
    for fault, manner in FAULTS.items():
        for way in ("router", "group", "model"):
            farm.manners[f"{way}-{fault}"] = resetting.manners[f"{way}-{fault}"] = manner
            provider = "r" if fault == "unavailable" else "p"
            models[f"{way}-{fault}"] = {"deployments": [on(provider, f"{way}-{fault}", timeout="250ms")]}
        models[f"model-{fault}"]["retry_policy"] = {fault: 2}
    one = Gateway(tmp_path_factory.mktemp("counting"), {
        "providers": {"p": farm.provider(), "r": resetting.provider()}, "models": models, "policies": FAST,
        "router": {
            "cooldowns": False, "num_retries": 4,
            "retry_policy": {"RateLimitErrorRetries": 3, "InternalServerErrorRetries": 1, "ServiceUnavailableErrorRetries": 2, "timeout": 0,
                             "malformed_reply": 1, "BadRequestErrorRetries": 0},
            "model_group_retry_policy": {f"group-{fault}": {fault: 1} for fault in FAULTS},
        },
    })
    one.count = lambda model: farm.count(model) + resetting.count(model)
    yield one
    one.end()
    resetting.close()


@pytest.mark.parametrize("model, calls", [
    ("router-rate_limit", 4), ("router-server_error", 2), ("router-unavailable", 3), ("router-timeout", 1), ("router-malformed_reply", 2),
    ("router-bad_request", 1), ("router-auth", 1), ("router-not_found", 1),
    ("group-rate_limit", 2), ("group-server_error", 2), ("group-unavailable", 2), ("group-timeout", 2),
    ("model-rate_limit", 3), ("model-server_error", 3), ("model-unavailable", 3), ("model-timeout", 3),
])
def test_repeats_by_class_are_exact(counting, model, calls):
    answer = ask(counting, model)
    assert answer.status >= 400
    assert counting.count(model) == calls
    assert answer.error


def test_the_last_error_is_the_one_told(gateway, farm):
    farm.manners["turns"] = in_turn(failing(500, message="first"), failing(429, message="second", type="requests"))
    one = gateway(one_model(farm, "turns", router={"num_retries": 1, "cooldowns": False}))
    assert ask(one).status == 429


def test_retry_after_in_seconds_is_waited_for(gateway, farm):
    farm.manners["wait-s"] = in_turn(failing(429, headers={"retry_after": "1"}), speak)
    one = gateway(one_model(farm, "wait-s"))
    assert ask(one).attempts == 2
    first, second = farm.times("wait-s")
    assert second - first >= 0.95


def test_retry_after_as_a_date_is_waited_for(gateway, farm):
    def date(peer, request):
        # Whole seconds: two ahead are at least one.
        return failing(429, headers={"retry_after": email.utils.formatdate(time.time() + 2, usegmt=True)})(peer, request)

    farm.manners["wait-d"] = in_turn(date, speak)
    one = gateway(one_model(farm, "wait-d"))
    assert ask(one).attempts == 2
    first, second = farm.times("wait-d")
    assert second - first >= 0.9


def test_a_wait_beyond_reason_is_not_waited_for(gateway, farm):
    farm.manners["wait-long"] = failing(429, headers={"retry_after": "3600"})
    one = gateway(one_model(farm, "wait-long", router={"num_retries": 3}))
    began = time.monotonic()
    answer = ask(one)
    assert answer.status == 429 and farm.count("wait-long") == 1
    assert time.monotonic() - began < 20 * PATIENCE
    assert 3500 <= int(answer.headers["retry-after"]) <= 3600, "the client is told how long"


def test_another_deployment_does_not_wait(gateway, farm):
    farm.manners["limited"] = failing(429, headers={"retry_after": "60"})
    one = gateway(one_model(farm, models={"chat": {"strategy": "fallback", "deployments": [on("p", "limited"), on("q", "free")]}}))
    answer = ask(one)
    assert (answer.text, answer.attempts) == ("free", 2)
    assert farm.times("free")[0] - farm.times("limited")[0] < 20 * PATIENCE


def test_a_floor_for_waits(gateway, farm):
    farm.manners["floor"] = in_turn(failing(503), speak)
    one = gateway(one_model(farm, "floor", policies={"default": {"retry": {"retry_after": "700ms", "backoff": "1ms"}}}))
    assert ask(one).attempts == 2
    first, second = farm.times("floor")
    assert second - first >= 0.65


def test_a_clients_deadline_bounds_waits_too(gateway, farm):
    farm.manners["deadline"] = failing(429, headers={"retry_after": "5"})
    one = gateway(one_model(farm, "deadline"))
    began = time.monotonic()
    answer = ask(one, headers={"x-swiftlet-deadline-ms": "600"})
    assert answer.status in (429, 504) and farm.count("deadline") == 1
    assert time.monotonic() - began < 4.5 * PATIENCE


def test_one_envelope_over_repeats_and_fallbacks(gateway, farm):
    models = {}
    for group in range(5):
        farm.manners[f"env-{group}"] = failing(500)
        models[f"g{group}"] = {"deployments": [on("p", f"env-{group}")], "max_retries": 5}
    models["g0"]["fallbacks"] = ["g1", "g2", "g3", "g4"]
    one = gateway({"providers": {"p": farm.provider()}, "models": models, "policies": FAST, "router": {"cooldowns": False}})
    assert ask(one, "g0").status == 502
    assert sum(farm.count(f"env-{group}") for group in range(5)) == 10


def test_a_storm_of_repeats_is_bounded_for_the_whole_gateway(gateway, farm):
    for model in ("storm-1", "storm-2", "storm-3"):
        farm.manners[model] = failing(500)
    one = gateway({
        "providers": {"p": farm.provider()},
        "models": {"chat": {"strategy": "fallback", "deployments": [on("p", f"storm-{n}") for n in (1, 2, 3)]}},
        "policies": {"default": {"retry": {"backoff": "1ms", "max_retries": 5, "bucket": {"share": 0.1, "per_second": 0, "burst": 5}}}},
        "router": {"cooldowns": False}})
    ask_often(one, 30)
    calls = sum(farm.count(f"storm-{n}") for n in (1, 2, 3))
    # 30 first attempts, 5 at hand, 3 that came with them, and where all fail nothing is in good health.
    assert 30 <= calls <= 45, calls


def monthly(farm, model):
    farm.manners[model] = failing(500)
    return one_model(farm, model, router={"cooldowns": False},
                     policies={"default": {"retry": {"max_retries": 3, "monthly_budget": 2, "backoff": "1ms"}}})


def test_a_monthly_budget_of_repeats(gateway, farm):
    one = gateway(monthly(farm, "monthly-1"))
    ask(one)
    assert farm.count("monthly-1") == 3, "two repeats"
    ask(one)
    assert farm.count("monthly-1") == 4, "none are left"


def test_a_monthly_budget_outlives_the_process(tmp_path, farm):
    for calls in (3, 4):
        one = Gateway(tmp_path / "same", monthly(farm, "monthly-2"))
        try:
            ask(one)
        finally:
            one.end()
        assert farm.count("monthly-2") == calls


def test_a_second_round_asks_all_again(gateway, farm):
    farm.manners["round-1"] = failing(500)
    farm.manners["round-2"] = in_turn(failing(503), speak)
    one = gateway({"providers": {"p": farm.provider()}, "policies": FAST, "router": {"num_retries": 4, "cooldowns": False},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", "round-1"), on("p", "round-2")]}}})
    answer = ask(one)
    assert (answer.text, answer.attempts) == ("round-2", 4)


def test_nothing_is_billed_twice(gateway, farm):
    farm.manners["bill-1"] = failing(500)
    farm.manners["bill-2"] = in_turn(failing(503), speak)
    one = gateway({"providers": {"p": farm.provider()}, "policies": FAST, "router": {"num_retries": 4, "cooldowns": False},
                   "models": {"chat": {"strategy": "fallback", "deployments": [
                       on("p", name, input_price=1, output_price=2) for name in ("bill-1", "bill-2", "bill-3")]}}})
    answers = ask_often(one, 3)
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["x-swiftlet-cost-usd"] for answer in answers} == {"0.000025"}
    one.stop()
    assert [row["cost"] for row in ledger.read(one.folder)] == [25_000] * 3
