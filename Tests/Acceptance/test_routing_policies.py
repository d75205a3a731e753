"""Which policy decides: the key's, its project's, the organisation's, or one that a request asks for."""

import pytest
from support.gateway import KEY, Gateway
from support.routing import ask, mocks, on, tag
from test_admin import Admin

NAMES = ["main", "smart", "cheap", "eu", "code", "second"]


def gated(name):
    return {"rules": [{"name": f"rule of {name}", "when": {"tags.ask": {"exists": True}}, "then": {"deny": f"denied by {name}"}}]}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    mocks = {name: {"type": "mock"} for name in NAMES}
    one = Gateway(tmp_path_factory.mktemp("organisation"), {
        "providers": mocks,
        "models": {"chat": {"deployments": [on("main", "m")]}},
        "policies": {
            "default": {"route": "main/default", **gated("the organisation")},
            "of project": {"route": "smart/project", **gated("the project")},
            "of key": {"route": "cheap/key", **gated("the key")},
            "draft": {"route": "eu/draft", "expires": "2099-01-01", **gated("the draft")},
            "old draft": {"route": "eu/draft", "expires": "2020-01-01"},
            "off": {"enabled": False, "route": "code/off"},
        },
        "projects": {"acme": {"policy": "of project", "tags": ["acme"]}, "plain": {}},
        "keys": {
            "acceptance": {"key": KEY},
            "acme key": {"key": "sk-acme-0123456789", "project": "acme"},
            "own": {"key": "sk-own-0123456789", "project": "acme", "policy": "of key"},
            "of off": {"key": "sk-off-0123456789", "policy": "off"},
            "bound": {"key": "sk-bound-0123456789", "overrides": "none"},
        },
    })
    yield one
    one.end()


@pytest.mark.parametrize("key, provider, who", [
    (KEY, "main", "the organisation"), ("sk-acme-0123456789", "smart", "the project"), ("sk-own-0123456789", "cheap", "the key"),
], ids=["organisation", "project", "key"])
@pytest.mark.parametrize("model", [None, "default_routing", "default"])
def test_which_policy_decides(organisation, key, provider, who, model):
    answer = ask(organisation, model, key=key, include_routing_metadata=True)
    assert answer.provider == provider
    assert answer.routing["policy"] == {"main": "default", "smart": "of project", "cheap": "of key"}[provider]
    denied = ask(organisation, model, key=key, **tag(ask="1"))
    assert (denied.status, who in denied.error["message"]) == (403, True)


def test_a_null_model_is_no_model(organisation):
    status, headers, body = organisation.post("/v1/chat/completions", {"model": None, "messages": [{"role": "user", "content": "hi"}]})
    assert (status, headers.get("x-swiftlet-provider")) == (200, "main"), body


def test_a_named_model_wins_over_the_policys_route(organisation):
    assert ask(organisation, "chat", key="sk-own-0123456789").deployment == "main/m"


def test_a_switched_off_policy_decides_nothing(organisation):
    assert ask(organisation, None, key="sk-off-0123456789").provider == "main"


@pytest.mark.parametrize("how", [{"project_id": "acme"}, {"headers": {"x-project-id": "acme"}}], ids=["body", "header"])
def test_a_request_may_name_its_project(organisation, how):
    answer = ask(organisation, None, include_routing_metadata=True, **how)
    assert answer.provider == "smart"
    assert answer.routing["project"] == "acme"


def test_a_project_that_is_not_there(organisation):
    answer = ask(organisation, None, project_id="acmee")
    assert answer.status in (400, 404)
    assert "acme" in answer.error["message"]


def test_a_draft_serves_only_those_who_ask_for_it(organisation):
    assert ask(organisation, None, routing_policy_id="draft").provider == "eu"
    assert "the draft" in ask(organisation, None, routing_policy_id="draft", **tag(ask="1")).error["message"]
    assert ask(organisation, None).provider == "main"
    expired = ask(organisation, None, routing_policy_id="old draft")
    assert expired.status in (400, 404) and "expired" in expired.error["message"]


@pytest.mark.parametrize("extras", [
    {"project_id": "acme"}, {"routing_policy_id": "draft"}, {"router": {"strategy": "fallback", "targets": ["smart/m"]}},
    {"extra": {"router": {"strategy": "fallback", "targets": ["smart/m"]}}}, {"router_mode": "cost"}, {"router_provider": "smart"},
    {"router_model": "chat"}, {"fallbacks": ["chat"]}, {"headers": {"x-project-id": "acme"}},
], ids=lambda extras: next(iter(extras)))
def test_a_key_without_the_right_to_override(organisation, extras):
    answer = ask(organisation, key="sk-bound-0123456789", **extras)
    assert answer.status == 403, answer
    assert answer.error["code"] == "override_not_allowed"


def test_a_key_without_the_right_to_override_is_served_otherwise(organisation):
    assert ask(organisation, key="sk-bound-0123456789").provider == "main"


def test_each_tenant_has_a_strategy_of_its_own_and_changes_it_at_once(gateway):
    leaves = ["a/m", "b/m"]

    def policy(strategy):
        return {"route": {strategy: leaves}, "override_model": True}

    one = gateway({
        "providers": mocks(a={}, b={}), "models": {"chat": {"deployments": [on("a", "m")]}},
        "policies": {"first": policy("fallback"), "second": policy("round_robin")},
        "keys": {name: {"key": f"sk-{name}-0123456789", "policy": name} for name in ("first", "second")}})

    def served(key):
        return [ask(one, key=f"sk-{key}-0123456789").provider for _ in range(6)]

    assert served("first") == ["a"] * 6 and sorted(served("second")) == ["a", "a", "a", "b", "b", "b"]
    status, _, answer = Admin(one)("PATCH", "/api/v1/policies/second", {"route": {"round_robin": None, "fallback": leaves[::-1]}})
    assert status == 200, answer
    assert served("first") == ["a"] * 6 and served("second") == ["b"] * 6, "the other tenant's is what it was"
