"""Policies and rules as other systems write them."""

import json
import pathlib

import pytest
from support.gateway import KEY
from support.routing import Farm, ask, ask_often, failing, on, tag, within_one_minute

NAMES = ["main", "smart", "cheap", "eu", "code", "second"]


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


def says(text):
    return {"messages": [{"role": "system", "content": "You answer."}, {"role": "user", "content": text}]}


def test_tokenvues_policy(gateway, farm):
    farm.manners["tv-primary"] = failing(503)
    one = gateway({
        "providers": {**{name: {"type": "mock"} for name in NAMES}, "sick": farm.provider()},
        "models": {"chat": {"deployments": [on("main", "m")]}},
        "policies": {"support primary": {
            "virtual_key": "support", "provider_type": "hybrid", "enabled": True,
            "primary": {"provider": "sick", "model": "tv-primary"},
            "rules": [{"category": "region", "condition": "region", "operator": "eq", "value": "eu", "action": "use_fallback_chain"}],
            "fallback_chain": [{"priority": 2, "provider": "smart", "model": "m"},
                               {"priority": 1, "virtual_key": "paused", "provider": "cheap", "model": "m", "region": "eu", "max_retries": 1},
                               {"priority": 3, "provider": "code", "model": "m"}],
            "retry": {"max_per_request": 0, "monthly_budget": 0, "on": ["rate_limit", "server_error", "timeout", "provider_unavailable"]},
            "circuit_breaker": {"failure_threshold": 50, "window_s": 120, "cooldown_s": 60, "auto_recovery": True},
        }},
        "keys": {"support": {"key": KEY}, "paused": {"key": "sk-paused-0123456789", "paused": True}},
    })
    answer = ask(one, "whatever-the-client-says", include_routing_metadata=True)
    assert (answer.provider, answer.attempts) == ("smart", 2), "the primary, then the first step whose key is not paused"
    before = farm.count("tv-primary")
    answer = ask(one, "whatever", headers={"x-swiftlet-region": "eu"}, include_routing_metadata=True)
    assert (answer.provider, answer.attempts) == ("smart", 1), "the rule sends it to the chain before any attempt"
    assert farm.count("tv-primary") == before


def test_tokenrouters_rules(gateway):
    one = gateway({
        "providers": {name: {"type": "mock"} for name in NAMES},
        "models": {"chat": {"strategy": "fallback", "deployments": [
            on("main", "m", input_price=5, output_price=5), on("eu", "m", input_price=5, output_price=5),
            on("cheap", "m", input_price=0, output_price=0)]},
                   "code": {"deployments": [on("code", "m")]}},
        "rules": [
            {"name": "docs go cheap", "priority": 50, "is_enabled": True, "match_json": {"task": "documentation"},
             "action_json": {"set_model": "code"}},
            {"name": "as text", "priority": 40, "is_enabled": True, "match_json": "{\"contains\": [\"Bonjour\", \"salut\"]}",
             "action_json": "{\"set_provider\": \"eu\", \"add_warning\": {\"message\": \"French\"}}"},
            {"name": "off", "priority": 99, "is_enabled": False, "match_json": {}, "action_json": {"set_model": "code"}},
            {"name": "modes", "priority": 30, "is_enabled": True, "match_json": {"metadata_equals": {"a": "1", "b": "2"}},
             "action_json": {"set_mode": "cost"}},
        ],
    })
    assert ask(one).provider == "main"
    assert ask(one, metadata={"task": "documentation"}).provider == "code"
    french = ask(one, **says("bonjour, ça va"))
    assert (french.provider, french.headers["x-swiftlet-warning"]) == ("eu", "French")
    assert ask(one, metadata={"a": "1"}).provider == "main"
    assert ask(one, metadata={"a": "1", "b": "2"}).provider == "cheap"


def test_merges_tag_rules_and_strategy(gateway):
    one = gateway({
        "providers": {name: {"type": "mock"} for name in NAMES},
        "models": {"smart": {"deployments": [on("smart", "m")]}},
        "policies": {
            "default": {"default_strategy": {"type": "priority", "providers": [
                {"provider": "cheap", "model": "m", "priority": 2}, {"provider": "main", "model": "m", "priority": 1}]},
                "rules": [{"priority": 10, "name": "enterprise", "use": {"policy": "quality"}, "when": {"and": [
                    {"tag": "customer_tier", "op": "eq", "value": "enterprise"},
                    {"or": [{"tag": "region", "op": "in", "value": ["eu", "us"]}, {"tag": "beta", "op": "exists", "value": True}]}]}}]},
            "quality": {"default_strategy": {"type": "single", "providers": [{"provider": "smart", "model": "best"}]}},
        },
    })
    assert ask(one, None).provider == "main"
    assert ask(one, None, **tag(customer_tier="enterprise")).provider == "main"
    assert ask(one, None, **tag(customer_tier="enterprise", region="eu")).deployment == "smart/best"
    assert ask(one, None, **tag(customer_tier="enterprise", beta="")).deployment == "smart/best"


def test_a_tag_row_without_a_value(gateway):
    """As Merge's pages write it."""
    one = gateway({"providers": {name: {"type": "mock"} for name in NAMES}, "models": {"chat": {"deployments": [on("main", "m")]}},
                   "policies": {"default": {"rules": [{"name": "r", "when": {"tag": "beta", "op": "exists"}, "then": {"deny": "no"}}]}}})
    assert ask(one).status == 200
    assert ask(one, **tag(beta="x")).status == 403


def test_vlloras_conditional_in_settings(gateway):
    one = gateway({
        "providers": {name: {"type": "mock"} for name in NAMES},
        "routers": {"tiers": {"type": "conditional", "routes": [
            {"name": "premium", "conditions": {"all": [{"extra.user.tier": {"eq": "premium"}}, {"metadata.region": {"$eq": "EU"}}]},
             "targets": "eu/m"},
            {"name": "blocked", "conditions": {"extra.user.tier": {"$eq": "blocked"}},
             "message_mapper": {"modifier": "block", "content": "Quota used up."}},
            {"name": "sorted", "conditions": {"metadata.user_id": {"$eq": "sorter"}},
             "targets": {"$any": ["smart/m", "cheap/m"], "sort_by": "price", "sort_order": "min"}},
            {"name": "rest", "targets": "main/m"}]}},
        "models": {"unused": {"deployments": [on("smart", "m", input_price=9, output_price=9), on("cheap", "m", input_price=1, output_price=1)]}},
    })
    assert ask(one, "router/tiers").provider == "main"
    eu = {"headers": {"x-swiftlet-region": "EU"}}
    assert ask(one, "router/tiers", extra={"user": {"tier": "premium"}}, **eu).provider == "eu"
    assert ask(one, "router/tiers", extra={"user": {"tier": "premium"}}).provider == "main"
    assert ask(one, "router/tiers", extra={"user": {"id": "sorter"}}).provider == "cheap"
    blocked = ask(one, "router/tiers", extra={"user": {"tier": "blocked"}})
    assert "Quota used up." in json.dumps(blocked.json)


def test_a_pre_request_limiter(gateway):
    within_one_minute()
    one = gateway({
        "providers": {name: {"type": "mock"} for name in NAMES},
        "routers": {"quota": {"type": "conditional",
                              "pre_request": [{"name": "quota", "type": "rate_limiter", "limit": 3, "period": "day", "target": "requests",
                                               "entity": "user_id"}],
                              "routes": [{"conditions": {"pre_request.quota.passed": {"eq": True}}, "targets": "smart/m"}, {"targets": "cheap/m"}]}},
        "models": {"chat": {"deployments": [on("main", "m")]}},
    })
    assert [answer.provider for answer in ask_often(one, 5, "router/quota", user="a")] == ["smart"] * 3 + ["cheap"] * 2
    assert ask(one, "router/quota", user="b").provider == "smart", "each user has a quota"


def test_the_registry_page_lists_every_field_that_rules_above_use():
    import pathlib
    page = pathlib.Path(__file__).resolve().parents[2] / "docs/reference"
    text = "\n".join(file.read_text() for file in page.glob("*.md"))
    for field in ("request.input_tokens", "tags.", "metadata.", "user.tier", "signal.", "budget.month.used_percent", "complexity.score",
                  "guardrail.violated", "time.weekday", "project.budget"):
        assert field in text, f"{field} is not documented"
