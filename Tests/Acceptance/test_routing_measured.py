"""Strategies that look at what was: tokens and requests of this minute, latency, cost, success and speed."""

from collections import Counter

import pytest
from support.routing import Farm, after, ask, ask_at_once, ask_often, mocks, on, providers, streaming_provider, within_one_minute


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


def test_usage_prefers_the_fewest_tokens_this_minute(gateway):
    within_one_minute()
    one = gateway({"providers": mocks(big={"tokens": 400}, small={"tokens": 1}), "models": {
        "chat": {"strategy": "usage", "deployments": [on("big", "m"), on("small", "m")]}}})
    share = Counter(answer.provider for answer in ask_often(one, 15))
    assert 1 <= share["big"] <= 2 and share["small"] >= 13, share


@pytest.mark.parametrize("strategy", ["usage_v2", "shuffle", "latency", "cost", "fallback"])
@pytest.mark.parametrize("crowd", [False, True], ids=["one by one", "at once"])
def test_requests_per_minute_are_exact(gateway, strategy, crowd):
    within_one_minute()
    one = gateway({"providers": mocks(a={}, b={}), "router": {"num_retries": 0}, "models": {
        "chat": {"strategy": strategy, "deployments": [on("a", "m", rpm=3), on("b", "m", rpm=4)]}}})
    answers = ask_at_once(one, 12) if crowd else ask_often(one, 12)
    assert Counter(answer.provider for answer in answers if answer.status == 200) == {"a": 3, "b": 4}


@pytest.mark.parametrize("limit", [{"rpm": 1}, {"tpm": 100}], ids=["rpm", "tpm"])
def test_a_used_up_minute_is_told_as_a_rate_limit(gateway, limit):
    within_one_minute()
    one = gateway({"providers": mocks(a={"tokens": 100}), "router": {"num_retries": 0}, "models": {
        "chat": {"strategy": "usage_v2", "deployments": [on("a", "m", **limit)]}}})
    first, second = ask_often(one, 2)
    assert first.status == 200
    assert second.status == 429 and 1 <= int(second.headers["retry-after"]) <= 60, second
    assert second.error["code"] == "rate_limit_exceeded"


def test_a_prompt_larger_than_the_tokens_left_goes_elsewhere(gateway):
    within_one_minute()
    one = gateway({"providers": mocks(a={"tokens": 5}, b={"tokens": 5}), "models": {
        "chat": {"strategy": "fallback", "deployments": [on("a", "m", tpm=200), on("b", "m")]}}})
    assert ask(one).provider == "a"
    assert ask(one, messages=[{"role": "user", "content": "words " * 400}]).provider == "b"


def test_parallel_requests_are_exact(gateway, farm):
    farm.manners["narrow"] = after(0.8)
    one = gateway({"providers": providers(farm, "narrow", "wide"), "models": {
        "chat": {"strategy": "fallback", "deployments": [on("narrow", "narrow", max_parallel_requests=2), on("wide", "wide")]}}})
    assert Counter(answer.provider for answer in ask_at_once(one, 6)) == {"narrow": 2, "wide": 4}


@pytest.mark.parametrize("slow, stream", [({"latency": "120ms"}, False), ({"latency": "120ms"}, True), ({"first_token": "120ms"}, True)],
                         ids=["whole", "stream", "stream whose head comes at once"])
def test_latency_settles_on_the_fast_one_and_has_tried_both(gateway, slow, stream):
    one = gateway({"providers": mocks(slow={**slow, "tokens": 5}, fast={"tokens": 5}), "models": {
        "chat": {"strategy": "latency", "deployments": [on("slow", "m"), on("fast", "m")]}}})
    asked = [streaming_provider(one) if stream else ask(one).provider for _ in range(16)]
    assert "slow" in asked[:4] and "fast" in asked[:4], "what is not measured is tried"
    assert set(asked[6:]) == {"fast"}, asked


def test_a_buffer_shares_among_the_nearly_fastest(gateway):
    one = gateway({"providers": mocks(a={"latency": "40ms"}, b={"latency": "40ms"}, slow={"latency": "400ms"}), "models": {
        "chat": {"route": {"latency": [f"{name}/m" for name in ("a", "b", "slow")], "window": "15m", "buffer": 1.0}}}})
    asked = [ask(one).provider for _ in range(30)]
    later = Counter(asked[5:])
    assert later["slow"] == 0 and min(later["a"], later["b"]) >= 3, asked


def test_cost_is_of_this_request_and_not_of_its_model(gateway):
    one = gateway({"providers": mocks(reader={}, writer={}), "models": {"chat": {"strategy": "cost", "deployments": [
        on("reader", "m", input_price=0.1, output_price=20), on("writer", "m", input_price=10, output_price=0.5)]}}})
    long_prompt = [{"role": "user", "content": "a long story " * 300}]
    assert {answer.provider for answer in ask_often(one, 4, messages=long_prompt, max_tokens=5)} == {"reader"}
    assert {answer.provider for answer in ask_often(one, 4, max_tokens=4000)} == {"writer"}


def test_cost_takes_the_free_one_and_leaves_the_unpriced(gateway):
    one = gateway({"providers": mocks(dear={}, free={}, unknown={}), "models": {"chat": {"strategy": "cost", "deployments": [
        on("dear", "m", input_price=1, output_price=1), on("unknown", "no-such-model-anywhere", kind="paid"),
        on("free", "m", input_price=0, output_price=0)]}}})
    assert {answer.provider for answer in ask_often(one, 5)} == {"free"}


def test_success_rate_leaves_the_flaky_one(gateway):
    flaky = {"faults": [{"kind": "status", "status": 500, "probability": 0.6}], "seed": 7}
    one = gateway({"providers": mocks(flaky=flaky, steady={}), "router": {"cooldowns": False, "num_retries": 0}, "models": {
        "chat": {"strategy": "success_rate", "deployments": [on("flaky", "m"), on("steady", "m")]}}})
    # As long as the flaky one has not failed both are as good, and chance decides between them.
    answers = ask_often(one, 80)
    assert {answer.status for answer in answers} == {200}
    assert {(answer.provider, answer.attempts) for answer in answers[-15:]} == {("steady", 1)}


def test_throughput_takes_the_most_tokens_a_second(gateway):
    one = gateway({"providers": mocks(slow={"tokens": 12, "token_interval": "15ms"}, fast={"tokens": 12, "token_interval": "1ms"}), "models": {
        "chat": {"strategy": "throughput", "deployments": [on("slow", "m"), on("fast", "m")]}}})
    asked = [streaming_provider(one) for _ in range(14)]
    assert "slow" in asked[:4], "what is not measured is tried"
    assert set(asked[6:]) == {"fast"}, asked
