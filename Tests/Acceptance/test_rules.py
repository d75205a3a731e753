"""Rules of policies: what they ask, and what they do."""

import http.client
import json

import pytest
from conftest import error_of
from support.gateway import KEY, Gateway
from support.routing import Farm, ask, failing, on, tag

NAMES = ["main", "smart", "cheap", "eu", "code", "second"]


def says(text):
    return {"messages": [{"role": "system", "content": "You answer."}, {"role": "user", "content": text}]}


RULES = [
    {"name": "never asked", "priority": 1000, "enabled": False, "when": {"request.model": "chat"}, "then": {"deny": "disabled rules do nothing"}},
    {"name": "forbidden", "priority": 100, "when": {"tags.customer_tier": "banned"}, "then": {"deny": "this customer is not served"}},
    {"name": "low", "priority": 1, "when": {"tags.customer_tier": "enterprise"}, "then": {"route": "cheap"}},
    {"name": "enterprise", "priority": 10, "when": {"tags.customer_tier": {"eq": "enterprise"}}, "then": {"route": "smart"}},
    {"name": "same priority, later", "priority": 10, "when": {"tags.customer_tier": {"eq": "enterprise"}}, "then": {"route": "cheap"}},
    {"name": "warned", "priority": 9, "when": {"metadata.beta": True}, "then": {"warn": "this is a beta"}},
    {"name": "with params", "priority": 9, "when": {"tags.calm": {"exists": True}}, "then": {"params": {"temperature": 0, "seed": 5}}},
    {"name": "pinned", "priority": 9, "when": {"tags.pinned": {"exists": True}}, "then": {"provider": "eu", "route": "all"}},
    {"name": "another model", "priority": 9, "when": {"tags.other": {"exists": True}}, "then": {"model": "code"}},
    {"name": "by mode", "priority": 9, "when": {"tags.mode": "cost"}, "then": {"route": "all", "mode": "cost"}},
    {"name": "inline tree", "priority": 9, "when": {"tags.tree": {"exists": True}}, "then": {"route": {"fallback": ["sick/dead", "second/m"]}}},
    {"name": "text", "priority": 8, "when": {"request.text": {"contains": "hello contains"}}, "then": {"route": "code"}},
    {"name": "pattern", "priority": 8, "when": {"request.text": {"matches": "(?i)\\border number [0-9]{4,6}\\b"}}, "then": {"route": "code"}},
    {"name": "slow pattern", "priority": 7, "when": {"request.text": {"matches": "^(a+)+$"}}, "then": {"route": "code"}},
    {"name": "task", "priority": 8, "when": {"metadata.task": "documentation"}, "then": {"route": "cheap"}},
    {"name": "nested metadata", "priority": 8, "when": {"metadata.a.b": {"gte": 3}}, "then": {"route": "cheap"}},
    {"name": "header", "priority": 8, "when": {"request.header.x-tier": {"starts_with": "go"}}, "then": {"route": "smart"}},
    {"name": "agent", "priority": 8, "when": {"request.user_agent": {"ends_with": "-bot"}}, "then": {"route": "cheap"}},
    {"name": "region", "priority": 8, "when": {"request.region": {"in": ["eu", "uk"]}}, "then": {"route": "eu"}},
    {"name": "long answer", "priority": 8, "when": {"request.max_tokens": {"gt": 5000}}, "then": {"route": "cheap"}},
    {"name": "stream", "priority": 8, "when": {"all": [{"request.stream": True}, {"tags.streams": {"exists": True}}]}, "then": {"route": "cheap"}},
    {"name": "user", "priority": 8, "when": {"user.id": "u-7"}, "then": {"route": "smart"}},
    {"name": "tier", "priority": 8, "when": {"user.tier": {"in": ["premium"]}}, "then": {"route": "smart"}},
    {"name": "key", "priority": 8, "when": {"key.name": "robot"}, "then": {"route": "cheap"}},
    {"name": "and or not", "priority": 8, "then": {"route": "eu"}, "when": {"all": [
        {"tags.env": {"ne": "prod"}}, {"tags.env": {"exists": True}},
        {"any": [{"tags.team": {"in": ["red", "blue"]}}, {"tags.beta": {"exists": True}}]}, {"not": {"tags.off": "yes"}}]}},
    {"name": "numbers", "priority": 8, "then": {"route": "smart"}, "when": {"tags.score": {"gt": 9, "lt": 100}}},
    {"name": "dollars", "priority": 8, "then": {"route": "cheap"}, "when": {"tags.dollar": {"$in": ["a", "b"]}}},
    {"name": "signal", "priority": 8, "then": {"route": "cheap"}, "when": {"signal.brownout": {"gte": 2}}},
    {"name": "sick now", "priority": 6, "when": {"all": [{"tags.watch": "flaky"}, {"deployment.sick/flaky.state": "open"}]},
     "then": {"route": "second"}},
    {"name": "provider gone", "priority": 6, "when": {"all": [{"tags.watch": "gone"}, {"provider.gone.available": False}]},
     "then": {"route": "cheap"}},
    {"name": "after a limit", "priority": 5, "after": ["rate_limit"], "then": {"route": "second"}},
    {"name": "after a time-out", "priority": 5, "after": ["timeout", "unavailable"], "when": {"tags.rescue": {"exists": True}},
     "then": {"route": "cheap"}},
]


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(farm, tmp_path_factory):
    farm.manners["dead"] = failing(500)
    farm.manners["limited"] = failing(429, headers={"retry_after": "30"})
    farm.manners["flaky"] = failing(500)
    prices = {"cheap": {"input_price": 0.1, "output_price": 0.1}}
    one = Gateway(tmp_path_factory.mktemp("rules"), {
        "providers": {**{name: farm.provider() for name in NAMES}, "sick": farm.provider(),
                      "gone": {"type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}},
        "models": {
            "chat": {"deployments": [on("main", "m")]},
            **{name: {"deployments": [on(name, f"{name}-model")]} for name in NAMES if name != "main"},
            "all": {"strategy": "fallback", "deployments": [
                on(name, "any", **{"input_price": 5, "output_price": 5, **prices.get(name, {})}) for name in NAMES]},
            "limited": {"deployments": [on("sick", "limited")]},
            "unreachable": {"deployments": [on("gone", "gone")]},
            "flaky": {"deployments": [on("sick", "flaky")]},
        },
        "policies": {"default": {"rules": RULES}},
        "keys": {"acceptance": {"key": KEY}, "robot": {"key": "sk-robot-0123456789abcdef"}},
        "router": {"num_retries": 0, "allowed_fails": 0, "cooldown_time": "600s"},
    })
    yield one
    one.end()


@pytest.mark.parametrize("request_, provider", [
    ({}, "main"),
    (tag(customer_tier="enterprise"), "smart"),
    (tag(customer_tier="Enterprise"), "main"),
    ({"tags": ["customer_tier=enterprise"]}, "smart"),
    ({"headers": {"x-swiftlet-tags": "customer_tier=enterprise"}}, "smart"),
    ({"metadata": {"tags": ["customer_tier:enterprise"]}}, "smart"),
    (tag(other="1"), "code"),
    (tag(pinned="1"), "eu"),
    (tag(mode="cost"), "cheap"),
    (tag(tree="1"), "second"),
    (says("please hello contains this"), "code"),
    (says("Hello Contains"), "main"),
    (says("about Order Number 12345, please"), "code"),
    (says("about order number 123"), "main"),
    ({"metadata": {"task": "documentation"}}, "cheap"),
    ({"metadata": {"a": {"b": 3}}}, "cheap"),
    ({"metadata": {"a": {"b": 2.5}}}, "main"),
    ({"metadata": {"a": "3"}}, "main"),
    ({"headers": {"X-Tier": "gold"}}, "smart"),
    ({"headers": {"X-Tier": "old"}}, "main"),
    ({"headers": {"user-agent": "some-bot"}}, "cheap"),
    ({"headers": {"x-swiftlet-region": "uk"}}, "eu"),
    ({"headers": {"x-swiftlet-region": "us"}}, "main"),
    ({"max_tokens": 6000}, "cheap"),
    ({"max_completion_tokens": 6000}, "cheap"),
    ({"max_tokens": 5000}, "main"),
    ({"user": "u-7"}, "smart"),
    ({"extra": {"user": {"id": "u-7"}}}, "smart"),
    ({"extra": {"user": {"tiers": ["free", "premium"]}}}, "smart"),
    ({"key": "sk-robot-0123456789abcdef"}, "cheap"),
    (tag(env="test", team="red"), "eu"),
    (tag(env="test", beta=""), "eu"),
    (tag(env="test", team="green"), "main"),
    (tag(env="prod", team="red"), "main"),
    (tag(team="red"), "main"),
    (tag(env="test", team="red", off="yes"), "main"),
    (tag(score="10"), "smart"),
    (tag(score="9"), "main"),
    (tag(score="100"), "main"),
    (tag(score="many"), "main"),
    (tag(dollar="b"), "cheap"),
], ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else value)
def test_the_first_rule_that_holds_decides(shared, request_, provider):
    assert ask(shared, **request_).provider == provider


def test_the_rule_and_what_it_saw_are_in_the_record(shared):
    routing = ask(shared, **tag(customer_tier="enterprise"), include_routing_metadata=True).routing
    assert routing["rule"] == "enterprise"
    assert routing["policy"] == "default"
    assert routing["rules"][0]["observed"] == {"tags.customer_tier": "enterprise"}
    assert ask(shared, include_routing_metadata=True).routing["rule"] is None


def test_a_rule_may_deny(shared, farm):
    before = sum(map(len, farm.came.values()))
    answer = ask(shared, **tag(customer_tier="banned"))
    assert answer.status == 403
    assert answer.error["code"] == "denied_by_rule"
    assert "this customer is not served" in answer.error["message"]
    assert sum(map(len, farm.came.values())) == before, "nothing was sent"


def test_a_denied_request_is_denied_in_a_stream_too(shared):
    status, headers, body = shared.chat(stream=True, **tag(customer_tier="banned"))
    assert status == 403 and "application/json" in headers["content-type"]
    assert error_of(body)["code"] == "denied_by_rule"


def test_a_rule_may_warn(shared):
    answer = ask(shared, metadata={"beta": True})
    assert answer.provider == "main"
    assert answer.headers["x-swiftlet-warning"] == "this is a beta"
    assert "x-swiftlet-warning" not in ask(shared).headers


def test_a_warning_is_in_the_metadata_too(shared):
    routing = ask(shared, metadata={"beta": True}, include_routing_metadata=True).routing
    assert "this is a beta" in json.dumps(routing)


def test_a_warning_comes_with_streams(shared):
    status, headers, _ = shared.chat(stream=True, metadata={"beta": True})
    assert (status, headers["x-swiftlet-warning"]) == (200, "this is a beta")


def test_added_tags_select_deployments(gateway):
    one = gateway({
        "providers": {name: {"type": "mock"} for name in NAMES}, "router": {"enable_tag_filtering": True},
        "models": {"chat": {"strategy": "fallback", "deployments": [on("main", "m", tags=["default"]), on("smart", "m", tags=["audited"])]}},
        "policies": {"default": {"rules": [{"name": "r", "when": {"metadata.audit": True}, "then": {"add_tags": ["audited"]}}]}},
    })
    assert ask(one).provider == "main"
    assert ask(one, metadata={"audit": True}).provider == "smart"


def test_params_of_a_rule_reach_the_provider(shared, farm):
    assert ask(shared, temperature=0.9, top_p=0.5, **tag(calm="1")).provider == "main"
    body = farm.bodies("m")[-1]
    assert (body["temperature"], body["seed"], body["top_p"]) == (0, 5, 0.5)
    assert "tags" not in body and "metadata" not in body or body.get("metadata") is not None


def test_extras_of_ours_are_never_forwarded(shared, farm):
    extras = {"fallbacks": ["second"], "num_retries": 1, "disable_fallbacks": True, "timeout": 20, "include_routing_metadata": True,
              "router_mode": None, "project_id": None, "routing_policy_id": None, **tag(customer_tier="enterprise")}
    assert ask(shared, **extras).provider == "smart"
    body = farm.bodies("smart-model")[-1]
    assert set(body) == {"model", "messages"}, body


def test_a_pattern_that_ruins_others_is_linear(shared):
    # Backtracking engines need 2^40 steps for it.
    assert ask(shared, **says("a" * 40 + "!")).provider == "main"
    assert ask(shared, **says("a" * 20_000 + "!")).provider == "main"
    assert ask(shared, **says("a" * 400)).provider == "code"


def test_streams_are_seen_by_rules(shared):
    status, headers, _ = shared.chat(stream=True, **tag(streams="1"))
    assert (status, headers["x-swiftlet-provider"]) == (200, "cheap")
    assert ask(shared, **tag(streams="1")).provider == "main"


def test_a_custom_signal(shared):
    def signal(method, body):
        connection = http.client.HTTPConnection("127.0.0.1", shared.admin_port, timeout=10)
        connection.request(method, "/api/v1/signals", body=json.dumps(body), headers={"content-type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        connection.close()
        return reply.status

    assert ask(shared).provider == "main"
    assert signal("POST", {"name": "brownout", "value": 3, "expires_in": 60}) in (200, 201, 204)
    try:
        assert ask(shared).provider == "cheap"
    finally:
        assert signal("POST", {"name": "brownout", "value": 0, "expires_in": 1}) in (200, 201, 204)
    assert ask(shared).provider == "main"


def test_after_a_rate_limit_a_rule_moves_the_request(shared, farm):
    answer = ask(shared, "limited", include_routing_metadata=True)
    assert answer.provider == "second"
    assert [one["fault"] for one in answer.routing["attempts"]] == ["rate_limit", None]


def test_a_rule_asked_after_an_attempt_is_in_the_record(shared):
    assert "after a limit" in [rule["name"] for rule in ask(shared, "limited", include_routing_metadata=True).routing["rules"]]


def test_after_asks_its_condition_too(shared):
    assert ask(shared, "unreachable", **tag(rescue="1")).provider == "cheap"
    assert ask(shared, "unreachable").status in (502, 503)


def test_a_rule_may_ask_whether_a_provider_is_there(shared):
    ask(shared, "unreachable")
    assert ask(shared, **tag(watch="gone")).provider == "cheap"
    assert ask(shared, **tag(watch="something else")).provider == "main"


def test_a_rule_may_ask_for_the_state_of_a_deployment(shared, farm):
    first = ask(shared, "flaky", **tag(watch="flaky"))
    assert first.status == 502, "nothing else serves it, and its breaker is closed still"
    second = ask(shared, "flaky", **tag(watch="flaky"))
    assert second.provider == "second"
    assert second.attempts == 1 and farm.count("flaky") == 1, "the rule was asked before the attempt"
