"""Breakers and cooldowns, and limits that providers tell of."""

import http.client
import json
import time
from collections import Counter

import pytest
from support.gateway import PATIENCE
from support.routing import Farm, after, ask, ask_at_once, ask_often, failing, in_turn, on, speak


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


def admin(gateway, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.admin_port, timeout=10 * PATIENCE)
    try:
        connection.request(method, path, body=None if body is None else json.dumps(body), headers={"content-type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def breaking(farm, model, breaker, **more):
    return {"providers": {"p": farm.provider(), "q": farm.provider()},
            "models": {"chat": {"strategy": "fallback", "deployments": [on("p", model), on("q", f"{model}-next")]}},
            "policies": {"default": {"breaker": breaker, "retry": {"max_retries": 0}}}, **more}


def test_a_breaker_opens_at_its_threshold_and_closes_after_a_probe(gateway, farm):
    farm.manners["b1"] = failing(500)
    one = gateway(breaking(farm, "b1", {"failure_threshold": 3, "window": "60s", "cooldown": "1s"}))
    assert [answer.attempts for answer in ask_often(one, 6)] == [2, 2, 2, 1, 1, 1]
    assert farm.count("b1") == 3
    farm.manners["b1"] = speak
    time.sleep(1.1)
    assert ask(one).text == "b1", "the probe"
    assert ask(one).text == "b1", "closed again"


def test_a_half_open_breaker_lets_one_probe_through(gateway, farm):
    farm.manners["b2"] = failing(500)
    one = gateway(breaking(farm, "b2", {"failure_threshold": 2, "window": "60s", "cooldown": "1s"}))
    ask_often(one, 3)
    assert farm.count("b2") == 2
    farm.manners["b2"] = after(0.7)
    time.sleep(1.1)
    answers = ask_at_once(one, 8)
    assert Counter(answer.text for answer in answers) == {"b2": 1, "b2-next": 7}
    assert farm.count("b2") == 3
    assert ask(one).text == "b2"


def test_a_failed_probe_opens_it_again(gateway, farm):
    farm.manners["b3"] = failing(500)
    one = gateway(breaking(farm, "b3", {"failure_threshold": 2, "window": "60s", "cooldown": "1s"}))
    ask_often(one, 3)
    time.sleep(1.1)
    assert [answer.attempts for answer in ask_often(one, 3)] == [2, 1, 1]
    assert farm.count("b3") == 3


def test_a_breaker_without_recovery_waits_for_an_operator(gateway, farm):
    farm.manners["b4"] = failing(500)
    one = gateway(breaking(farm, "b4", {"failure_threshold": 1, "window": "60s", "cooldown": "200ms", "auto_recovery": False}))
    ask(one)
    farm.manners["b4"] = speak
    time.sleep(0.5)
    assert {answer.text for answer in ask_often(one, 3)} == {"b4-next"}


def test_an_operator_closes_a_breaker(gateway, farm):
    farm.manners["b5"] = failing(500)
    one = gateway(breaking(farm, "b5", {"failure_threshold": 1, "window": "60s", "cooldown": "200ms", "auto_recovery": False}))
    ask(one)
    farm.manners["b5"] = speak
    assert ask(one).text == "b5-next"
    status, body = admin(one, "GET", "/api/v1/deployments")
    assert status == 200 and b"open" in body, body[:300]
    status, body = admin(one, "POST", "/api/v1/deployments/p%2Fb5/reset")
    assert status in (200, 204), body
    assert ask(one).text == "b5"


@pytest.mark.parametrize("router, fault, calls", [
    ({"allowed_fails": 2, "cooldown_time": "60s"}, failing(500), 3),
    ({"allowed_fails": 0, "cooldown_time": "60s"}, failing(500), 1),
    ({"allowed_fails": 5, "cooldown_time": "60s", "allowed_fails_policy": {"InternalServerErrorAllowedFails": 1}}, failing(500), 2),
    ({"allowed_fails": 1, "cooldown_time": "60s", "allowed_fails_policy": {"server_error": 3}}, failing(500), 4),
    ({"cooldown_time": "60s"}, failing(429), 1),
    ({"cooldown_time": "60s"}, failing(401), 1),
    ({"cooldown_time": "60s"}, failing(404, code="model_not_found"), 1),
    ({"disable_cooldowns": True}, failing(500), 8),
], ids=["allowed 2", "allowed 0", "by class, LiteLLM's name", "by class", "429 at once", "401 at once", "404 at once", "disabled"])
def test_allowed_fails_are_exact(gateway, farm, router, fault, calls):
    model = f"fails-{time.monotonic_ns()}"
    farm.manners[model] = fault
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()}, "router": {"num_retries": 0, **router},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", model), on("q", "after-fails")]}}})
    assert {answer.text for answer in ask_often(one, 8)} == {"after-fails"}
    assert farm.count(model) == calls


def test_the_callers_own_faults_rest_nobody(gateway, farm):
    farm.manners["own-fault"] = failing(400, type="invalid_request_error")
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()}, "router": {"num_retries": 0, "allowed_fails": 0},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", "own-fault"), on("q", "never")]}}})
    assert {answer.status for answer in ask_often(one, 4)} == {400}
    assert farm.count("own-fault") == 4


@pytest.mark.parametrize("deployment, header, rests", [({"cooldown_time": "0s"}, "60", False), ({}, "1", True)], ids=["its own", "the provider's"])
def test_how_long_a_cooldown_is(gateway, farm, deployment, header, rests):
    model = f"cool-{time.monotonic_ns()}"
    farm.manners[model] = in_turn(failing(429, headers={"retry_after": header}), speak)
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()}, "router": {"num_retries": 0, "cooldown_time": "60s"},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", model, **deployment), on("q", "cool")]}}})
    assert ask(one).text == "cool"
    assert ask(one).text == ("cool" if rests else model)
    if rests:
        time.sleep(1.1)
        assert ask(one).text == model


def test_when_all_rest_the_least_bad_is_tried(gateway, farm):
    farm.manners["panic-1"], farm.manners["panic-2"] = failing(500), failing(500)
    one = gateway({"providers": {"p": farm.provider()}, "router": {"num_retries": 0, "allowed_fails": 0, "cooldown_time": "600s"},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", "panic-1"), on("p", "panic-2")]}}})
    assert ask(one).status == 502
    before = farm.count("panic-1") + farm.count("panic-2")
    assert ask(one).status == 502
    assert farm.count("panic-1") + farm.count("panic-2") > before, "it is tried all the same"
    farm.manners["panic-1"] = farm.manners["panic-2"] = speak
    assert ask(one).status == 200


def limited(**fields):
    """A good answer with rate-limit headers."""
    def handle(peer, request):
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                "choices": [{"index": 0, "message": {"role": "assistant", "content": request.json["model"]}, "finish_reason": "stop"}]}
        peer.answer(body, 200, **fields)
    return handle


@pytest.mark.parametrize("fields", [
    {"x_ratelimit_limit_requests": "100", "x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "1m0s"},
    {"x_ratelimit_remaining_tokens": "1", "x_ratelimit_reset_tokens": "30.5s"},
    {"anthropic_ratelimit_requests_remaining": "0", "anthropic_ratelimit_requests_reset": "2099-01-01T00:00:00Z"},
], ids=["requests", "tokens", "Anthropic's"])
def test_traffic_moves_away_before_the_429(gateway, farm, fields):
    model = f"told-{time.monotonic_ns()}"
    farm.manners[model] = limited(**fields)
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", model), on("q", "untold")]}}})
    assert ask(one).text == model
    answers = ask_often(one, 4)
    assert {(answer.text, answer.attempts) for answer in answers} == {("untold", 1)}
    assert farm.count(model) == 1


def test_it_comes_back_once_the_limit_is_reset(gateway, farm):
    farm.manners["reset-soon"] = limited(x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="900ms")
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", "reset-soon"), on("q", "meanwhile")]}}})
    assert [answer.text for answer in ask_often(one, 2)] == ["reset-soon", "meanwhile"]
    time.sleep(1.1)
    assert ask(one).text == "reset-soon"


def test_plenty_left_moves_nothing(gateway, farm):
    farm.manners["plenty"] = limited(x_ratelimit_remaining_requests="50", x_ratelimit_reset_requests="1m", x_ratelimit_remaining_tokens="100000")
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", "plenty"), on("q", "idle")]}}})
    assert {answer.text for answer in ask_often(one, 4)} == {"plenty"}
